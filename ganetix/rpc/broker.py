"""One connection: Twisted's Perspective Broker with a heartbeat and an end that is heard of."""

from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, ITCPTransport
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.spread import jelly, pb

from ganetix.toolkit.clock import Clock

PING: Final = 2.0
"""Seconds between two signs of life, both ways."""

ROOT: Final = b"root"
"""The node's object that takes calls."""

SILENCE: Final = 6.0
"""Seconds without any byte after which the other end counts as gone."""


class Broker(pb.Broker):
    """A PB broker that notes when it last heard something and why it ended.

    *on_ready* is called when both ends have agreed on the dialect, *on_lost* at the end, exactly
    once, also when the handshake failed: endpoints tell factories nothing of that.
    """

    log = Logger()

    def __init__(
        self,
        is_client: bool,
        clock: Clock,
        on_ready: Callable[["Broker"], None],
        on_lost: Callable[["Broker", Failure], None],
    ) -> None:
        security = jelly.SecurityOptions()
        security.allowBasicTypes()
        super().__init__(isClient=is_client, security=security)
        self._clock = clock
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._why = ""
        self.since = clock.monotonic()
        self.heard = self.since
        self.ready = False

    def dataReceived(self, chunk: bytes) -> None:
        """Take note of the sign of life; whoever does not speak PB is put out."""
        self.heard = self._clock.monotonic()
        try:
            super().dataReceived(chunk)
        except Exception:  # noqa: BLE001 - anything that PB can't read ends this connection only
            self.log.failure("{peer} sent what is not PB", peer=self.peer())
            self.cut("it sent what is not PB")

    def connectionReady(self) -> None:
        """See `twisted.spread.banana.Banana`."""
        super().connectionReady()
        if ITCPTransport.providedBy(self.transport):
            # Small calls must not wait for the acknowledgement of what went before them (40 ms).
            self.transport.setTcpNoDelay(True)
        self.ready = True
        self._on_ready(self)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # PB has no types
        """See `twisted.internet.interfaces.IProtocol`."""
        # Tell first: whoever learns below that a request failed must not find this session open.
        self.disconnected = 1
        self._on_lost(self, reason)
        self.ready = False
        super().connectionLost(reason)

    def proto_ping(self) -> None:
        """The other end lives; hearing it is all that there is to do."""

    def beat(self) -> None:
        """Give a sign of life, or end the connection when the other end gave none for too long."""
        silent = self._clock.monotonic() - self.heard
        if silent >= SILENCE:
            self.cut(f"it was silent for {silent:.0f} seconds")
        elif self.ready:
            self.sendCall(b"ping")

    def offer(self, name: bytes, thing: pb.Referenceable) -> None:
        """Let the other end call *thing* under *name*."""
        self.setNameForLocal(name, thing)

    def call(self, name: bytes, method: str, *arguments: bytes | int) -> Deferred[Any]:
        """Call *method* of the other end's object *name*; fails when the connection ends."""
        answer: Deferred[Any] = self.remoteForName(name).callRemote(method, *arguments)
        return answer

    def tell(self, name: bytes, method: str, *arguments: bytes) -> None:
        """Like `call`, without an answer; nothing when the connection has ended."""
        if not self.disconnected:
            self.remoteForName(name).callRemote(method, *arguments, pbanswer=False)

    def peer_refused(self, reason: str) -> None:
        """See `ganetix.tls.contexts.Refusable`."""
        self._why = reason

    def cut(self, reason: str) -> None:
        """End the connection now, without waiting for what is still to be sent."""
        self._why = self._why or reason
        if self.transport is not None and not self.disconnected:
            self.transport.abortConnection()  # type: ignore[attr-defined]  # TCP and TLS have it

    @property
    def why(self) -> str:
        """Why this end ended the connection; empty if it did not."""
        return self._why

    def peer(self) -> str:
        """The other end's address, for logs."""
        address = self.transport.getPeer() if self.transport is not None else None
        host, port = getattr(address, "host", None), getattr(address, "port", None)
        return f"{host}:{port}" if host else str(address)


@attrs.define(eq=False)
class BrokerFactory(Factory):
    """Makes a broker for each connection; *made* may fill it in before it is connected."""

    is_client: bool
    clock: Clock
    on_ready: Callable[[Broker], None]
    on_lost: Callable[[Broker, Failure], None]
    made: Callable[[Broker], None]
    unsafeTracebacks: bool = False
    noisy: bool = False

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """See `twisted.internet.protocol.Factory`."""
        broker = Broker(self.is_client, self.clock, self.on_ready, self.on_lost)
        broker.factory = self  # type: ignore[assignment]  # PB has no types
        self.made(broker)
        return broker

    def clientConnectionMade(self, broker: Broker) -> None:
        """PB asks for it; `Broker.connectionReady` has told already."""
