"""The life of pools, servers and connections, on a network in memory under a fake clock."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from ganetix import errors
from ganetix.rpc import codec
from ganetix.rpc.broker import ROOT, Broker, BrokerFactory
from ganetix.rpc.call import INodes
from ganetix.rpc.client import ClientPool
from ganetix.rpc.tables.checks import TEST_DELAY, Delay
from ganetix_test.rpc.hands import Hands
from ganetix_test.rpc.world import World


class LifeTests(SynchronousTestCase):
    """Starting, stopping, moving, and peers that do not behave."""

    def setUp(self) -> None:
        """One master, one node."""
        self.world = World()
        self.world.host("master")
        self.world.host("n1")
        self.hands = Hands()
        self.node = self.world.node("n1", self.hands.table())

    def _hang(self, pool: ClientPool) -> Deferred[Any]:
        self.world.run(1)
        self.hands.gate = Deferred()
        answer: Deferred[Any]
        answer = Deferred.fromCoroutine(pool.call("n1", TEST_DELAY, Delay(1)))
        self.world.run(0.1)
        return answer

    def test_interface(self) -> None:
        """The pool provides what the master's logic uses."""
        self.assertTrue(verifyObject(INodes, self.world.pool()))

    def test_stop_pool(self) -> None:
        """Stopping the pool ends its calls, its sessions and all its timers."""
        pool = self.world.pool()
        answer = self._hang(pool)
        self.world.done(pool.stop(), 1)
        self.failureResultOf(answer, errors.RemoteError)
        self.world.run(31)
        self.assertEqual(self.node.server.sessions(), ())
        self.world.done(self.node.server.stop(), 1)
        self.assertEqual(self.world.fake.getDelayedCalls(), [])

    def test_stop_server(self) -> None:
        """Stopping the node's daemon cancels what it was asked for."""
        answer = self._hang(self.world.pool())
        self.world.done(self.node.server.stop(), 1)
        self.assertEqual(self.hands.cancelled, 1)
        self.failureResultOf(answer, errors.RemoteError)

    def test_node_leaves(self) -> None:
        """A node that left the cluster is let go and what it pushed is no data."""
        pool = self.world.pool()
        self.world.run(1)
        server = self.world.nodes.pop("n1").server
        pool.update()
        self.world.run(1)
        self.assertEqual(server.sessions(), ())
        self.assertFalse(pool.connected("n1"))
        self.assertEqual([note[0] for note in self.world.heard.notes], ["whole", "lost"])

    def test_node_joins(self) -> None:
        """A node that joined is connected to at the update."""
        pool = self.world.pool()
        self.world.host("n2")
        self.world.node("n2", Hands().table())
        self.assertFalse(pool.connected("n2"))
        pool.update()
        self.world.run(1)
        self.assertTrue(pool.connected("n2"))

    def test_overdue(self) -> None:
        """A request whose caller vanished is cancelled some time after its deadline."""
        pool = self.world.pool()
        self.world.run(1)
        self.hands.gate = Deferred()
        answer = Deferred.fromCoroutine(pool.call("n1", TEST_DELAY, Delay(1), 60.0))
        self.world.run(1)
        self.world.network.partition("master", "n1")
        self.world.run(80)
        self.failureResultOf(answer, errors.RemoteError)
        self.assertEqual(self.hands.cancelled, 0)
        self.world.run(20)
        self.assertEqual(self.hands.cancelled, 1)

    def test_silent_peer(self) -> None:
        """Who connects and opens no session is put out after ten seconds."""
        talker = self._connect()
        self.world.run(12.5)
        self.assertTrue(talker.lost)

    def test_not_pb(self) -> None:
        """Who speaks something else is put out; others are not disturbed."""
        pool = self.world.pool()
        self.world.run(1)
        talker = self._connect()
        talker.transport.write(b"GET / HTTP/1.1\r\n\r\n" + b"\xff" * 200)
        self.world.run(1)
        self.assertTrue(talker.lost)
        self.assertTrue(pool.connected("n1"))
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_call_before_open(self) -> None:
        """A call on a session that was not opened is refused."""
        ready: Deferred[Broker] = Deferred()
        clock = self.world.clock
        factory = BrokerFactory(True, clock, ready.callback, lambda *_: None, lambda _: None)
        work: Any = self.world.network.client("master", "n1").connect(factory)
        self.world.run(0.1)
        self.successResultOf(work)
        frame = codec.encode_request(TEST_DELAY, Delay(1), "r", None, 1.0)
        answer = self.successResultOf(ready).call(ROOT, "call", frame)
        self.world.run(0.1)
        self.failureResultOf(answer)
        self.assertEqual(self.hands.did, [])

    def _connect(self) -> "Talker":
        work: Any = self.world.network.client("master", "n1").connect(Factory.forProtocol(Talker))
        self.world.run(0.1)
        talker: Talker = self.successResultOf(work)
        return talker

    def test_repeats(self) -> None:
        """The same run on the network in memory gives the same bytes at the same moments."""
        self.assertEqual(_trace(), _trace())


class Talker(Protocol):
    """A peer that says what a test wants."""

    transport: Any
    lost = False

    def connectionLost(self, reason: object = None) -> None:
        """Note the end."""
        self.lost = True


def _trace() -> list[tuple[float, bytes]]:
    world = World()
    world.host("master")
    for name in ("n1", "n2", "n3"):
        world.host(name)
        world.node(name, Hands().table())
    seen: list[tuple[float, bytes]] = []
    world.network.watch = lambda _, data: seen.append((world.fake.seconds(), data))
    pool = world.pool()
    world.done(pool.call_each(["n2", "n1", "n3"], TEST_DELAY, Delay(1)), 5)
    world.network.reset("master", "n2")
    world.run(5)
    return seen
