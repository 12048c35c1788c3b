"""Node calls over real TLS sockets on loopback: who gets in, who does not, and what is said."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import attrs
from cryptography import x509
from twisted.internet import reactor as global_reactor
from twisted.internet import ssl
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger, formatEvent
from twisted.trial.unittest import TestCase

from ganetix import errors
from ganetix.model.objects import Instance
from ganetix.process.command import Command
from ganetix.process.runner import ProcessRunner
from ganetix.rpc.admission import Admission
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.client import ClientPool
from ganetix.rpc.events import EventSource
from ganetix.rpc.interfaces import CallContext, Claim, Connect, NodeAddress
from ganetix.rpc.server import NodeServer
from ganetix.rpc.tables.checks import TEST_DELAY, Delay
from ganetix.rpc.tables.instances import INSTANCE_REBOOT, InstanceReboot
from ganetix.rpc.tables.sessions import VERSION, MasterInfo
from ganetix.rpc.tables.spec import InstanceSpec
from ganetix.tls.authority import Authority
from ganetix.tls.contexts import client_endpoint, pinned, server_endpoint
from ganetix.tls.credentials import Credentials, NodeKeys
from ganetix.tls.identity import NODE, Identity, digest_of, of_tls
from ganetix.toolkit.clock import Clock
from ganetix_test.rpc.world import VERSIONS, Heard, MemoryMastership, seeded

reactor: Any = global_reactor


@attrs.define(eq=False)
class Noded:
    """A node's server on a real port."""

    server: NodeServer
    mastership: MemoryMastership
    port: Any
    log: list[str]
    delays: list[CallContext] = attrs.field(factory=list)
    work: Callable[[], Awaitable[object]] | None = None

    async def delay(self, request: Delay, context: CallContext) -> Done:
        """A handler that notes its call and does the test's work."""
        self.delays.append(context)
        if self.work is not None:
            await self.work()
        return Done("done")


class TlsTests(TestCase):
    """Both ends verify each other; each refusal is at once and is explained in the node's log."""

    timeout = 20

    def setUp(self) -> None:
        """A cluster's authority, another one, and credentials for a master and a node."""
        self.now = time.time()  # OpenSSL compares certificates with the real clock
        self.clock = Clock(reactor, lambda: self.now)
        self.authority = Authority.create("ours", self.now, seeded(1))
        self.foreign = Authority.create("theirs", self.now, seeded(2))
        self.master = self.authority.credentials_for("master-uuid", [NODE], self.now)
        self.node = self.authority.credentials_for("node-uuid", [NODE], self.now)
        self.candidates = {"master-uuid": digest_of(self.master.certificate)}
        self.refusals: list[MasterInfo] = []

    async def noded(
        self,
        credentials: Credentials | None = None,
        authorities: tuple[x509.Certificate, ...] = (),
    ) -> Noded:
        """Start a node's daemon on a free port."""
        log: list[str] = []
        mastership = MemoryMastership()
        holder: list[Noded] = []

        async def delay(request: Delay, context: CallContext) -> Done:
            return await holder[0].delay(request, context)

        server = NodeServer(
            {"test_delay": delay, "instance_reboot": delay},
            mastership,
            Admission(lambda: self.candidates, of_tls),
            EventSource("boot"),
            self.clock,
            VERSIONS,
            log=logger(log),
        )
        plain = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        keys = self.keys(credentials or self.node, authorities)
        endpoint = server_endpoint(keys, plain, reactor)
        await server.start()
        port: Any = await endpoint.listen(server.factory)
        holder.append(Noded(server, mastership, port, log))
        self.addCleanup(self._stop, holder[0])
        return holder[0]

    def keys(self, own: Credentials, authorities: tuple[x509.Certificate, ...] = ()) -> NodeKeys:
        """Return keys that trust *authorities*, else the cluster's."""
        return NodeKeys(own, authorities or (self.authority.certificate,))

    async def _stop(self, noded: Noded) -> None:
        await noded.server.stop()
        await noded.port.stopListening()

    async def pool(
        self, noded: Noded, connect: Connect | None = None, claim: Claim | None = None
    ) -> ClientPool:
        """Start a pool that knows the one node."""
        address = NodeAddress("node-uuid", "node1", "127.0.0.1", noded.port.getHost().port)
        pool = ClientPool(
            lambda: {"node-uuid": address},
            connect or self.connecting(self.master),
            lambda: claim or Claim(1, "master"),
            Heard(),
            lambda _, info: self.refusals.append(info),
            self.clock,
            seeded(3),
            VERSIONS,
            log=logger([]),
        )
        await pool.start()
        self.addCleanup(pool.stop)
        return pool

    def connecting(
        self,
        credentials: Credentials,
        authorities: tuple[x509.Certificate, ...] = (),
        uuid: str = "node-uuid",
    ) -> Connect:
        """Return how a master with *credentials* connects."""

        def connect(node: NodeAddress) -> IStreamClientEndpoint:
            plain = TCP4ClientEndpoint(reactor, node.ip, node.port)
            return client_endpoint(self.keys(credentials, authorities), uuid, plain, reactor)

        return connect

    async def refused(self, noded: Noded, connect: Connect, told: str, logged: str) -> None:
        """Check that a call fails at once, saying *told*, with *logged* in the node's log."""
        pool = await self.pool(noded, connect)
        began = reactor.seconds()
        work = Deferred.fromCoroutine(pool.call("node-uuid", TEST_DELAY, Delay(1)))
        error: Any = await self.assertFailure(work, errors.RemoteError)
        self.assertLess(reactor.seconds() - began, 5)
        self.assertIn(told, error.message)
        await self.until(lambda: any(logged in line for line in noded.log), noded.log)
        self.assertEqual(noded.delays, [])

    async def until(self, true: Callable[[], bool], what: object) -> None:
        """Let the reactor run until *true*."""
        for _ in range(500):
            if true():
                return
            await self.clock.sleep(0.01)
        self.fail(f"Never came true: {what}")

    async def test_works(self) -> None:
        """With the right certificates on both ends calls are answered."""
        noded = await self.noded()
        pool = await self.pool(noded)
        answer = await pool.call("node-uuid", TEST_DELAY, Delay(1))
        self.assertEqual(answer, Done("done"))
        self.assertTrue(pool.connected("node-uuid"))
        self.assertEqual(noded.delays[0].peer.uuid, "master-uuid")

    async def test_no_certificate(self) -> None:
        """Who shows no certificate is refused."""

        def connect(node: NodeAddress) -> IStreamClientEndpoint:
            trust = pinned([self.authority.certificate])
            options = ssl.optionsForClientTLS("node-uuid", trustRoot=trust)
            return wrapClientTLS(options, TCP4ClientEndpoint(reactor, node.ip, node.port))

        await self.refused(await self.noded(), connect, "certificate", "showed no certificate")

    async def test_foreign_client(self) -> None:
        """Who shows another authority's certificate is refused."""
        stranger = self.foreign.credentials_for("master-uuid", [NODE], self.now)
        connect = self.connecting(stranger)
        await self.refused(await self.noded(), connect, "authority", "another authority")

    async def test_two_authorities(self) -> None:
        """While a cluster changes its authority, old and new certificates fit in any pairing.

        Both authorities are of the same cluster.
        """
        fresh = Authority.create("ours", self.now, seeded(4))
        both = (fresh.certificate, self.authority.certificate)
        masters = (self.master, fresh.credentials_for("master-uuid", [NODE], self.now))
        for node in (self.node, fresh.credentials_for("node-uuid", [NODE], self.now)):
            noded = await self.noded(node, both)
            for master in masters:
                self.candidates["master-uuid"] = digest_of(master.certificate)
                pool = await self.pool(noded, self.connecting(master, both))
                answer = await pool.call("node-uuid", TEST_DELAY, Delay(1))
                self.assertEqual(answer, Done("done"))
                await pool.stop()
        connect = self.connecting(self.master, both)
        noded = await self.noded(self.node, both[:1])
        await self.refused(noded, connect, "authority", "another authority")

    async def test_expired(self) -> None:
        """Who shows an expired certificate is refused."""
        old = self.authority.credentials_for(
            "master-uuid", [NODE], self.now - 7200, timedelta(hours=1)
        )
        self.candidates["master-uuid"] = digest_of(old.certificate)
        connect = self.connecting(old)
        await self.refused(await self.noded(), connect, "expired", "has expired")

    async def test_wrong_name(self) -> None:
        """Whose certificate names a node that is no candidate is refused."""
        other = self.authority.credentials_for("other-uuid", [NODE], self.now)
        connect = self.connecting(other)
        await self.refused(await self.noded(), connect, "list of master", "other-uuid")

    async def test_revoked(self) -> None:
        """Whose certificate was replaced in the list is refused."""
        self.candidates["master-uuid"] = "00:11"
        connect = self.connecting(self.master)
        await self.refused(await self.noded(), connect, "revoked", "list of master candidates")

    async def test_wrong_kind(self) -> None:
        """Whose certificate is not a node's is refused."""
        rapi = self.authority.credentials_for("master-uuid", ["rapi"], self.now)
        self.candidates["master-uuid"] = digest_of(rapi.certificate)
        await self.refused(await self.noded(), self.connecting(rapi), "not a node's", "rapi")

    async def test_foreign_server(self) -> None:
        """A master does not talk to a server of another authority."""
        stranger = self.foreign.credentials_for("node-uuid", [NODE], self.now)
        noded = await self.noded(stranger)
        connect = self.connecting(self.master)
        await self.refused(noded, connect, "authority", "does not know the authority")

    async def test_wrong_server(self) -> None:
        """A master does not talk to another node than the one it means."""
        connect = self.connecting(self.master, uuid="third-uuid")
        await self.refused(await self.noded(), connect, "another node", "expected another node")

    async def test_older_epoch(self) -> None:
        """A second master with an older epoch is refused and told who is master."""
        noded = await self.noded()
        noded.mastership.info = MasterInfo("node9", 5)
        pool = await self.pool(noded, claim=Claim(4, "master"))
        work = Deferred.fromCoroutine(pool.call("node-uuid", TEST_DELAY, Delay(1)))
        error: Any = await self.assertFailure(work, errors.RemoteError)
        self.assertIn("node9", error.message)
        self.assertEqual(self.refusals[0], MasterInfo("node9", 5))

    async def test_without_tls(self) -> None:
        """Without TLS, on loopback, calls are answered to anybody."""
        log: list[str] = []
        anybody = Identity("anybody", frozenset({NODE}), "")
        server = NodeServer(
            {},
            MemoryMastership(),
            Admission(lambda: {"anybody": ""}, lambda _: anybody),
            EventSource("boot"),
            self.clock,
            VERSIONS,
            log=logger(log),
        )
        await server.start()
        endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        noded = Noded(server, MemoryMastership(), await endpoint.listen(server.factory), log)
        self.addCleanup(self._stop, noded)
        pool = await self.pool(noded, lambda node: TCP4ClientEndpoint(reactor, node.ip, node.port))
        info = await pool.call("node-uuid", VERSION, Nothing())
        self.assertEqual(info, VERSIONS)
        self.assertEqual(server.sessions()[0].role, "master")

    async def test_probe(self) -> None:
        """Who only looks whether the port answers leaves no warning in the log."""
        noded = await self.noded()
        port = noded.port.getHost().port
        probe: Any = await TCP4ClientEndpoint(reactor, "127.0.0.1", port).connect(
            Factory.forProtocol(Protocol)
        )
        probe.transport.loseConnection()
        await self.until(lambda: bool(noded.log), noded.log)
        self.assertNotIn("Refused", noded.log[0])

    async def test_revoked_at_once(self) -> None:
        """Taking the master from the list closes its open session."""
        noded = await self.noded()
        pool = await self.pool(noded)
        await pool.call("node-uuid", TEST_DELAY, Delay(1))
        self.candidates.clear()
        noded.server.candidates_changed()
        await self.until(lambda: not pool.connected("node-uuid"), "the session is closed")

    async def test_lost_answer(self) -> None:
        """An answer that is lost after the work was done does not repeat the work."""
        noded = await self.noded()
        pool = await self.pool(noded)
        await pool.call("node-uuid", TEST_DELAY, Delay(1))

        async def cut() -> None:
            for session in noded.server.sessions():
                session.broker.cut("a test")

        noded.work = cut
        request = InstanceReboot(_spec(), "hard", 1.0)
        answer = await pool.call("node-uuid", INSTANCE_REBOOT, request)
        self.assertEqual(answer, Done("done"))
        self.assertEqual(len(noded.delays), 2)

    async def test_cancel_reaches_process(self) -> None:
        """Cancelling a call on the master ends the program that the node runs for it."""
        noded = await self.noded()
        pool = await self.pool(noded)
        runner = ProcessRunner(reactor, self.clock)
        ended: list[str] = []
        running: Deferred[None] = Deferred()

        async def run() -> None:
            running.callback(None)
            try:
                await runner.run(Command(("/usr/bin/tail", "-f", "/dev/null")))
            except CancelledError:
                ended.append("the process")
                raise

        noded.work = run
        work = Deferred.fromCoroutine(pool.call("node-uuid", TEST_DELAY, Delay(1)))
        await running
        work.cancel()
        await self.assertFailure(work, CancelledError)
        await self.until(lambda: ended == ["the process"], "the process has ended")


def logger(lines: list[str]) -> Logger:
    """Return a logger that only writes to *lines*."""

    def observe(event: dict[str, Any]) -> None:
        lines.append(formatEvent(event))

    observer: Any = observe
    return Logger(observer=observer)


def _spec() -> InstanceSpec:
    return InstanceSpec(Instance("u", "i", "n", "os", "fake"), [], {}, {}, {})
