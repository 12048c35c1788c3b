"""Calls between a pool and servers, on a network in memory under a fake clock."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from ganetix import errors
from ganetix.model.objects import Instance
from ganetix.rpc import calls, codec
from ganetix.rpc.broker import ROOT, Broker, BrokerFactory
from ganetix.rpc.call import INodes, Nothing
from ganetix.rpc.calls import Delay, Done, FileUpload, HooksRun, RequestQuery, VersionInfo
from ganetix.rpc.client import ClientPool
from ganetix.rpc.events import TaskEvent
from ganetix.rpc.interfaces import CallContext, Claim
from ganetix.toolkit.logcontext import working_for
from ganetix_test.rpc.world import World


class Hands:
    """A node's handlers that count what they do and can be held up."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.contexts: list[CallContext] = []
        self.cancelled = 0
        self.gate: Deferred[None] | None = None

    def table(self) -> dict[str, Any]:
        """The handlers by call name."""
        return {
            "test_delay": self.delay,
            "instance_reboot": self.reboot,
            "hooks_runner": self.hooks,
            "upload_file": self.upload,
            "os_diagnose": self.defect,
        }

    async def delay(self, request: Delay, context: CallContext) -> Done:
        """Note the call."""
        return await self._do("delay", context)

    async def reboot(self, request: Any, context: CallContext) -> Done:
        """Note the call; not idempotent."""
        return await self._do("reboot", context)

    async def hooks(self, request: HooksRun, context: CallContext) -> calls.HookResults:
        """Answer with the path, many times over."""
        await self._do("hooks", context)
        size = int(request.env.get("SIZE", "1"))
        return calls.HookResults([calls.HookResult(request.path, 2, "x" * size)])

    async def upload(self, request: FileUpload, context: CallContext) -> Done:
        """Say how much came."""
        await self._do("upload", context)
        return Done(str(len(request.data)))

    async def defect(self, request: Any, context: CallContext) -> Done:
        """Fail as no handler should."""
        raise KeyError("oops")

    async def _do(self, what: str, context: CallContext) -> Done:
        self.did.append(what)
        self.contexts.append(context)
        if self.gate is not None:
            try:
                await self.gate
            except CancelledError:
                self.cancelled += 1
                raise
        return Done(what)


class CallTests(SynchronousTestCase):
    """What a call promises, on good days and bad."""

    def setUp(self) -> None:
        """One master, one node."""
        self.world = World()
        self.world.host("master")
        self.world.host("n1")
        self.hands = Hands()
        self.node = self.world.node("n1", self.hands.table())

    def test_answer(self) -> None:
        """A call reaches its handler with job, role, peer and deadline; its answer comes back."""
        pool = self.world.pool()
        with working_for(job=7):
            answer = self.world.done(pool.call("n1", calls.TEST_DELAY, Delay(1.0), 60.0), 1)
        self.assertEqual(answer, Done("delay"))
        context = self.hands.contexts[0]
        self.assertEqual((context.job_id, context.role, context.peer.uuid), (7, "master", "master"))
        self.assertAlmostEqual(context.deadline, 60.0, places=1)

    def test_unknown_call(self) -> None:
        """A call that the node has no handler for is refused by its name."""
        pool = self.world.pool()
        error = self.assertRaises(
            errors.RemoteError,
            self.world.done,
            pool.call("n1", calls.NODE_DEMOTE, calls.Demote()),
            1,
        )
        self.assertIn("node_demote_from_mc", error.message)

    def test_defect(self) -> None:
        """A defect is logged on the node and reaches the caller as one sentence."""
        pool = self.world.pool()
        error = self.assertRaises(
            errors.RemoteError,
            self.world.done,
            pool.call("n1", calls.OS_DIAGNOSE, Nothing()),
            1,
        )
        self.assertIn("defect", error.message)
        self.assertNotIn("Traceback", error.message)
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_roles(self) -> None:
        """Who claims no mastership may ask who is master, and may not command."""
        pool = self.world.pool(claim=None)
        info = self.world.done(pool.call("n1", calls.MASTER_INFO, Nothing()), 1)
        self.assertEqual(info.epoch, 0)
        error = self.assertRaises(
            errors.RemoteError, self.world.done, pool.call("n1", calls.TEST_DELAY, Delay(1)), 1
        )
        self.assertIn("candidate", error.message)
        self.assertEqual(self.hands.did, [])

    def test_offline_and_unknown_nodes(self) -> None:
        """Nodes that are offline or not in the cluster are refused without a connection."""
        pool = self.world.pool(offline=["n1"])
        for node, word in (("n1", "offline"), ("n9", "not in this cluster")):
            error = self.assertRaises(
                errors.RemoteError, self.world.done, pool.call(node, calls.TEST_DELAY, Delay(1))
            )
            self.assertIn(word, error.message)

    def test_nobody_there(self) -> None:
        """A node that refuses the connection fails the call at once, by name."""
        self.world.network.die("n1")
        pool = self.world.pool()
        error = self.assertRaises(
            errors.RemoteError, self.world.done, pool.call("n1", calls.TEST_DELAY, Delay(1)), 1
        )
        self.assertIn("Node n1", error.message)
        self.assertIn("start ganeti-noded on it", error.message)

    def test_comes_back(self) -> None:
        """A call to a node that came back does not wait for the pause to end."""
        self.world.network.die("n1")
        pool = self.world.pool()
        self.world.run(60)
        self.world.node("n1", self.hands.table())
        self.assertEqual(
            self.world.done(pool.call("n1", calls.TEST_DELAY, Delay(1)), 0.1), Done("delay")
        )

    def test_lost_answer_idempotent(self) -> None:
        """An idempotent call whose answer was lost is answered after the reconnect, run once."""
        self._lose_answer(calls.TEST_DELAY, Delay(1))
        self.assertEqual(self.hands.did, ["delay"])

    def test_lost_answer(self) -> None:
        """A call that must not be repeated is not, when its answer was lost after the work."""
        self._lose_answer(calls.INSTANCE_REBOOT, self._reboot())
        self.assertEqual(self.hands.did, ["reboot"])

    def _reboot(self) -> Any:
        spec = calls.InstanceSpec(Instance("u", "i1", "n1", "os", "fake"), [], {}, {}, {})
        return calls.InstanceReboot(spec, "hard", 10.0)

    def _lose_answer(self, call: Any, request: Any) -> None:
        pool = self.world.pool()
        self.world.run(1)
        self.hands.gate = Deferred()
        answer = Deferred.fromCoroutine(pool.call("n1", call, request))
        self.world.run(0.1)
        self.hands.gate.callback(None)
        self.world.network.reset("master", "n1")
        self.world.run(1)
        self.assertIsInstance(self.successResultOf(answer), Done)

    def test_lost_request(self) -> None:
        """A request that was lost before it arrived is sent again."""
        pool = self.world.pool()
        self.world.run(1)
        answer = Deferred.fromCoroutine(pool.call("n1", calls.INSTANCE_REBOOT, self._reboot()))
        self.world.network.reset("master", "n1")
        self.world.run(1)
        self.assertEqual(self.successResultOf(answer), Done("reboot"))
        self.assertEqual(self.hands.did, ["reboot"])

    def test_restarted(self) -> None:
        """When the node's daemon was started anew, the outcome is unknown, nothing is repeated."""
        pool = self.world.pool()
        self.world.run(1)
        self.hands.gate = Deferred()
        answer = Deferred.fromCoroutine(pool.call("n1", calls.INSTANCE_REBOOT, self._reboot()))
        self.world.run(0.1)
        self.world.network.die("n1")
        self.world.node("n1", self.hands.table())
        self.world.run(1)
        error = self.failureResultOf(answer, errors.RemoteError).value
        self.assertIn("unknown", error.message)
        self.assertEqual(self.hands.did, ["reboot"])

    def test_stays_away(self) -> None:
        """A node that is lost and stays away ends the call with an unknown outcome."""
        pool = self.world.pool()
        self.world.run(1)
        self.hands.gate = Deferred()
        answer = Deferred.fromCoroutine(pool.call("n1", calls.INSTANCE_REBOOT, self._reboot()))
        self.world.run(0.1)
        self.world.network.die("n1")
        self.world.run(29)
        self.assertNoResult(answer)
        self.world.run(5)
        self.assertIn("unknown", self.failureResultOf(answer, errors.RemoteError).value.message)

    def test_cancel(self) -> None:
        """Cancelling the awaiting coroutine cancels the handler on the node."""
        pool = self.world.pool()
        self.world.run(1)
        self.hands.gate = Deferred()
        answer = Deferred.fromCoroutine(pool.call("n1", calls.TEST_DELAY, Delay(99)))
        self.world.run(1)
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        self.world.run(1)
        self.assertEqual(self.hands.cancelled, 1)

    def test_time_out(self) -> None:
        """A call that takes too long fails at its deadline and its handler is cancelled."""
        pool = self.world.pool()
        self.world.run(1)
        for call, request in (
            (calls.TEST_DELAY, Delay(99)),
            (calls.INSTANCE_REBOOT, self._reboot()),
        ):
            self.hands.gate = Deferred()
            answer = Deferred.fromCoroutine(pool.call("n1", call, request, 2.0))
            self.world.run(1.9)
            self.assertNoResult(answer)
            self.world.run(0.2)
            self.failureResultOf(answer, errors.RemoteError)
        self.world.run(1)
        self.assertEqual(self.hands.cancelled, 2)

    def test_big(self) -> None:
        """Requests and answers of megabytes come through, in pages."""
        pool = self.world.pool()
        data = b"z" * 3_000_000
        answer = self.world.done(
            pool.call("n1", calls.UPLOAD_FILE, FileUpload("/x", data, 0o600)), 5
        )
        self.assertEqual(answer.note, "3000000")
        hooks = HooksRun("p", "pre", {"SIZE": "2000000"})
        answer = self.world.done(pool.call("n1", calls.HOOKS_RUN, hooks), 5)
        self.assertEqual(len(answer.results[0].output), 2_000_000)

    def test_too_big(self) -> None:
        """A request over the limit is refused before anything is sent."""
        pool = self.world.pool()
        data = b"z" * (codec.MAX_FRAME + 1)
        self.assertRaises(
            errors.RemoteError,
            self.world.done,
            pool.call("n1", calls.UPLOAD_FILE, FileUpload("/x", data, 0o600)),
        )

    def test_answer_kept(self) -> None:
        """An answer can be asked for by its request id for ten minutes, then it is unknown."""
        pool = self.world.pool()
        self.world.done(pool.call("n1", calls.INSTANCE_REBOOT, self._reboot()), 1)
        query = RequestQuery(self.hands.contexts[0].request_id)
        for seconds, state in ((0, "done"), (590, "done"), (20, "unknown")):
            self.world.run(seconds)
            found = self.world.done(pool.call("n1", calls.REQUEST_STATUS, query), 1)
            self.assertEqual(found.state, state)

    def test_silence(self) -> None:
        """After six seconds of silence a node is not connected, and what it pushed is no data."""
        pool = self.world.pool()
        self.world.run(30)
        self.assertTrue(pool.connected("n1"))
        self.world.network.partition("master", "n1")
        self.world.run(4)
        self.assertTrue(pool.connected("n1"))
        self.world.run(2.1)
        self.assertFalse(pool.connected("n1"))
        self.world.run(2)
        self.assertIn(("lost", "n1", None), self.world.heard.notes)
        self.assertEqual(self.node.server.sessions(), ())
        self.world.network.heal("master", "n1")
        self.world.run(30)
        self.assertTrue(pool.connected("n1"))

    def test_call_each(self) -> None:
        """Several nodes are called at once; a failed one has its error as value."""
        self.world.host("n2")
        self.world.node("n2", Hands().table())
        self.world.host("n3")
        self.world.node("n3", {})
        pool = self.world.pool()
        answers = self.world.done(pool.call_each(["n1", "n2", "n3"], calls.TEST_DELAY, Delay(1)), 1)
        self.assertEqual(list(answers), ["n1", "n2", "n3"])
        self.assertEqual(answers["n2"], Done("delay"))
        self.assertIsInstance(answers["n3"], errors.RemoteError)

    def test_versions(self) -> None:
        """Call tables may differ by one version, and not by two."""
        for theirs, fine in ((2, True), (3, False)):
            pool = self.world.pool(versions=VersionInfo("9", theirs, 1))
            work = pool.call("n1", calls.TEST_DELAY, Delay(1))
            if fine:
                self.world.done(work, 1)
            else:
                error = self.assertRaises(errors.RemoteError, self.world.done, work, 1)
                self.assertIn("call table", error.message)
            self.world.done(pool.stop(), 1)

    def test_events(self) -> None:
        """The master gets the whole table first, then changes, each before a later answer."""
        self.node.events.publish(TaskEvent("r0", 1, 0.5))
        pool = self.world.pool()
        self.world.run(1)

        async def handler(request: Any, context: CallContext) -> Done:
            self.node.events.publish(TaskEvent("r1", 1, 0.1))
            return Done()

        self.node.server.dispatch.handlers["test_delay"] = handler  # type: ignore[index]
        seen: list[int] = []
        answer = Deferred.fromCoroutine(pool.call("n1", calls.TEST_DELAY, Delay(1)))
        answer = answer.addCallback(lambda _: seen.append(len(self.world.heard.notes)))
        self.world.run(1)
        self.assertEqual(
            self.world.heard.notes,
            [
                ("whole", "n1", [TaskEvent("r0", 1, 0.5)]),
                ("event", "n1", TaskEvent("r1", 1, 0.1)),
            ],
        )
        self.assertEqual(seen, [2])


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
        answer = Deferred.fromCoroutine(pool.call("n1", calls.TEST_DELAY, Delay(1)))
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
        answer = Deferred.fromCoroutine(pool.call("n1", calls.TEST_DELAY, Delay(1), 60.0))
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
        frame = codec.encode_request(calls.TEST_DELAY, Delay(1), "r", None, 1.0)
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
    world.done(pool.call_each(["n2", "n1", "n3"], calls.TEST_DELAY, Delay(1)), 5)
    world.network.reset("master", "n2")
    world.run(5)
    return seen


class EpochTests(SynchronousTestCase):
    """A node obeys the highest epoch only."""

    def setUp(self) -> None:
        """Two hosts that may be master, two nodes."""
        self.world = World()
        for host in ("master", "second", "n1", "n2"):
            self.world.host(host)
        self.hands = {name: Hands() for name in ("n1", "n2")}
        for name, hands in self.hands.items():
            self.world.node(name, hands.table())

    def test_older_refused(self) -> None:
        """A master with an older epoch is refused by every node and told who is master."""
        self.world.pool("second", Claim(2, "second"))
        self.world.run(1)
        self.world.pool("master", Claim(1, "master"))
        self.world.run(0.05)
        told = sorted((node, info.master_node, info.epoch) for node, info in self.world.refusals)
        self.assertEqual(told, [("n1", "second", 2), ("n2", "second", 2)])

    def test_same_epoch_other_master(self) -> None:
        """Two masters never share an epoch."""
        self.world.pool("second", Claim(2, "second"))
        self.world.run(1)
        self.world.pool("master", Claim(2, "master"))
        self.world.run(0.05)
        self.assertEqual({node for node, _ in self.world.refusals}, {"n1", "n2"})

    def test_newer_cuts(self) -> None:
        """A newer epoch ends the older session at once, and the older master commands nobody."""
        old = self.world.pool("master", Claim(1, "master"))
        self.world.run(1)
        self.world.pool("second", Claim(2, "second"))
        self.world.run(0.05)
        self.assertRaises(
            errors.RemoteError, self.world.done, old.call("n1", calls.TEST_DELAY, Delay(1)), 1
        )
        self.assertEqual(self.hands["n1"].did, [])
        self.assertTrue(self.world.refusals)

    def test_on_disk_first(self) -> None:
        """A node answers a newer master only when the epoch is on stable storage."""
        node = self.world.nodes["n1"]
        node.mastership.gate = Deferred()
        pool = self.world.pool("second", Claim(2, "second"))
        self.world.run(1)
        self.assertFalse(pool.connected("n1"))
        node.mastership.gate.callback(None)
        self.world.run(0.1)
        self.assertTrue(pool.connected("n1"))

    def test_revoked(self) -> None:
        """Taking a candidate from the list closes its session at once and lets it in no more."""
        pool = self.world.pool()
        self.world.run(1)
        del self.world.candidates["master"]
        self.world.nodes["n1"].server.candidates_changed()
        self.world.run(0.01)
        self.assertFalse(pool.connected("n1"))
        error = self.assertRaises(
            errors.RemoteError, self.world.done, pool.call("n1", calls.TEST_DELAY, Delay(1)), 1
        )
        self.assertIn("list of master candidates", error.message)

    def test_wrong_role(self) -> None:
        """A certificate of another kind than a node's opens nothing."""
        self.world.host("master", role="rapi")
        pool = self.world.pool()
        error = self.assertRaises(
            errors.RemoteError, self.world.done, pool.call("n1", calls.TEST_DELAY, Delay(1)), 1
        )
        self.assertIn("rapi", error.message)
