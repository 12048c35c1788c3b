"""The way between two libvirt daemons: bytes go through, for nodes of the cluster only."""

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport

from ganetix.errors import HypervisorError
from ganetix.hypervisor.libvirt.passage import Ends, LibvirtPassage
from ganetix.testing.cases import AwaitingTestCase
from ganetix.tls.identity import NotIdentified


class Wire(StringTransport):
    """A transport that lets two producers push."""

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """See Twisted; nothing is ever full here."""


@attrs.define(eq=False)
class Door:
    """An endpoint to listen at: *call* makes a connection come in."""

    factory: Any = None
    open: bool = False
    trouble: OSError | None = None

    def listen(self, factory: IProtocolFactory) -> Deferred[Any]:
        """See `IStreamServerEndpoint`."""
        if self.trouble is not None:
            return fail(self.trouble)
        self.factory, self.open = factory, True
        return succeed(self)

    def stopListening(self) -> None:
        """See `IListeningPort`."""
        self.open = False

    def call(self) -> tuple[Protocol, Wire]:
        """Return the protocol of a connection that comes in, and what it says."""
        return joined(self.factory)


@attrs.define(eq=False)
class Behind:
    """An endpoint to connect to; refuses with *trouble*."""

    trouble: Exception | None = None
    reached: list[tuple[Protocol, Wire]] = attrs.field(factory=list)

    def connect(self, factory: IProtocolFactory) -> Deferred[Any]:
        """See `IStreamClientEndpoint`."""
        if self.trouble is not None:
            return fail(self.trouble)
        self.reached.append(joined(factory))
        return succeed(self.reached[-1][0])


def joined(factory: Any) -> tuple[Protocol, Wire]:
    """Return a protocol of *factory* on a wire."""
    protocol, wire = factory.buildProtocol(None), Wire()
    protocol.makeConnection(wire)
    return protocol, wire


class PassageTests(AwaitingTestCase):
    """A node whose daemon and neighbours are wires."""

    def setUp(self) -> None:
        """Make one."""
        self.door, self.local = Door(), Door()
        self.daemon, self.remote = Behind(), Behind()
        self.asked: list[tuple[str, int]] = []
        self.stranger = False

        def remote(address: str, port: int) -> Behind:
            self.asked.append((address, port))
            return self.remote

        def known(transport: object) -> None:
            if self.stranger:
                raise NotIdentified("The certificate is not a node's.")

        ends: Callable[..., Any] = Ends
        self.passage = LibvirtPassage(
            ends(
                lambda port: self.door, lambda: self.daemon, lambda path: self.local, remote, known
            ),
            "/run",
        )

    def test_target(self) -> None:
        """On the target what comes in at the port reaches the daemon, and its words go back."""
        self.awaited(self.passage.open(8103))
        outer, outer_wire = self.door.call()
        [(inner, inner_wire)] = self.daemon.reached
        outer.dataReceived(b"hello")
        inner.dataReceived(b"welcome")
        self.assertEqual((inner_wire.value(), outer_wire.value()), (b"hello", b"welcome"))
        self.awaited(self.passage.close(8103))
        self.assertFalse(self.door.open)
        self.awaited(self.passage.close(8103))

    def test_source(self) -> None:
        """On the source a socket of its own leads to the other node's port."""
        path = self.awaited(self.passage.reach("192.0.2.2", 8103))
        self.assertEqual(path, "/run/libvirt-192.0.2.2-8103")
        self.local.call()
        self.assertEqual(self.asked, [("192.0.2.2", 8103)])
        self.awaited(self.passage.leave(path))
        self.assertFalse(self.local.open)

    def test_stranger(self) -> None:
        """Who is no node of the cluster is cut off before the daemon hears a byte."""
        self.stranger = True
        self.awaited(self.passage.open(8103))
        outer, outer_wire = self.door.call()
        [(_, inner_wire)] = self.daemon.reached
        outer.dataReceived(b"hello")
        self.assertEqual(inner_wire.value(), b"")
        self.assertTrue(outer_wire.disconnecting)

    def test_hanging_up(self) -> None:
        """When one end hangs up, so does the other."""
        self.awaited(self.passage.open(8103))
        outer, _ = self.door.call()
        [(_, inner_wire)] = self.daemon.reached
        outer.connectionLost()
        self.assertTrue(inner_wire.disconnecting)

    def test_no_daemon(self) -> None:
        """Without a daemon behind it a connection is dropped."""
        self.daemon.trouble = OSError("no such socket")
        self.awaited(self.passage.open(8103))
        _, wire = self.door.call()
        self.assertTrue(wire.disconnecting)

    def test_port_in_use(self) -> None:
        """A port that is taken is said in words."""
        self.door.trouble = OSError("address in use")
        error = self.refusal(self.passage.open(8103), HypervisorError)
        self.assertIn("Nothing can be received at 8103: address in use.", error.message)
