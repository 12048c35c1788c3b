"""Streams of bytes between machines: the output of programs here is the input of programs there.

TLS 1.3 both ways; each end trusts exactly one certificate, the other end's. The first line is
``M=`` and a word that only the two ends know.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import attrs
from cryptography import x509
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.protocol import Protocol as NetProtocol
from twisted.python.failure import Failure

from ganetix import errors
from ganetix.process.command import Command
from ganetix.process.pipeline import Pipeline
from ganetix.tls.contexts import bulk_client, bulk_server, explain
from ganetix.tls.credentials import Credentials
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks

TRIES: Final = 10
PAUSE: Final = 2.0
"""Seconds between two tries to connect."""
_MAGIC_LIMIT: Final = 256


@attrs.frozen
class Trust:
    """One end's own key, and the certificate of the other end."""

    own: Credentials = attrs.field(repr=False)
    other: x509.Certificate
    magic: str = attrs.field(repr=False)


@attrs.define(eq=False)
class Stream:
    """One stream at one end: *size* bytes so far, on the wire."""

    port: int = 0
    size: int = 0
    connected: bool = False
    finished: bool = False
    error: str = ""
    _abort: Callable[[str], None] = attrs.field(default=lambda why: None)
    _waiters: list[Deferred[None]] = attrs.field(factory=list, init=False)

    def abort(self, why: str) -> None:
        """End it because of *why*; nothing when it has ended."""
        if not self.finished:
            self._abort(why)

    def aborting(self, abort: Callable[[str], None]) -> None:
        """Let *abort* be what ends it."""
        self._abort = abort

    def finish(self, error: str = "") -> None:
        """It has ended, well or with *error*."""
        if not self.finished:
            self.finished, self.error = True, error
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                waiter.callback(None)

    def ended(self) -> Deferred[None]:
        """Fire when it has ended, however."""
        waiter: Deferred[None] = Deferred(self._forget)
        if self.finished:
            waiter.callback(None)
        else:
            self._waiters.append(waiter)
        return waiter

    def _forget(self, waiter: Deferred[None]) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)


class StreamMaker(Protocol):
    """Who makes streams."""

    async def receive(self, commands: Sequence[Command], trust: Trust, wait: float) -> Stream:
        """Listen on a free port (`Stream.port`) for one sender, and feed *commands* with it.

        It must come within *wait* seconds.
        """

    def send(self, commands: Sequence[Command], trust: Trust, host: str, port: int) -> Stream:
        """Run *commands* and send what the last one writes to *host*."""


@attrs.define(eq=False)
class Streams:
    """The real ones. *address* is where this machine listens; empty: on all addresses."""

    reactor: Any
    clock: Clock
    address: str
    name: str = "streams"
    _open: set[Stream] = attrs.field(factory=set, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    async def start(self) -> None:
        """Nothing is open before it is asked for."""

    async def stop(self) -> None:
        """End all streams."""
        for stream in tuple(self._open):
            stream.abort("the node's daemon stops")
            await stream.ended()
        await self._tasks.stop()

    async def receive(self, commands: Sequence[Command], trust: Trust, wait: float) -> Stream:
        """See `StreamMaker`; raise `errors.CommandError` when a program is missing."""
        stream = Stream()
        receiving = _Receiving(stream, Pipeline(self.reactor, self.clock, commands), trust.magic)
        endpoint = (TCP6ServerEndpoint if ":" in self.address else TCP4ServerEndpoint)(
            self.reactor, 0, interface=self.address
        )
        factory = _OneConnection(lambda: _Receiver(receiving))
        server = bulk_server(trust.own, trust.other, endpoint, self.reactor)
        port: IListeningPort = await server.listen(factory)
        where: Any = port.getHost()
        stream.port = where.port
        receiving.listening(port, self.clock, wait)
        self._own(stream)
        return stream

    def send(self, commands: Sequence[Command], trust: Trust, host: str, port: int) -> Stream:
        """See `StreamMaker`."""
        stream = Stream()
        self._own(stream)
        self._tasks.spawn(f"sending to {host}", self._send(stream, commands, trust, host, port))
        return stream

    def _own(self, stream: Stream) -> None:
        self._open.add(stream)
        self._tasks.spawn("a stream's end", self._disown(stream))

    async def _disown(self, stream: Stream) -> None:
        await stream.ended()
        self._open.discard(stream)

    async def _send(
        self, stream: Stream, commands: Sequence[Command], trust: Trust, host: str, port: int
    ) -> None:
        plain = HostnameEndpoint(self.reactor, host, port)
        endpoint = bulk_client(trust.own, trust.other, plain, self.reactor)

        def made() -> _Sender:
            return _Sender(stream, self.reactor, self.clock, commands, trust.magic)

        why = ""
        for _ in range(TRIES):
            if stream.finished:
                return
            try:
                await endpoint.connect(_OneConnection(made))
            except CancelledError:
                raise
            except (ConnectError, OSError) as error:
                why = explain(error)
                await self.clock.sleep(PAUSE)
            else:
                return
        stream.finish(f"{host}, port {port} can't be reached: {why}")


@attrs.define(eq=False)
class _OneConnection(Factory):
    """Makes the protocol of the one connection that there is."""

    make: Callable[[], NetProtocol]
    noisy: bool = False

    def buildProtocol(self, addr: object) -> NetProtocol:
        """See `twisted.internet.protocol.Factory`."""
        return self.make()


@attrs.define(eq=False)
class _Receiving:
    """One stream that comes in: the first connection that knows the magic word is it."""

    stream: Stream
    pipeline: Pipeline
    magic: str
    _port: IListeningPort | None = None
    _timer: Any = None

    def listening(self, port: IListeningPort, clock: Clock, wait: float) -> None:
        """The port is open: somebody must come within *wait* seconds."""
        self._port = port
        late = f"nobody connected within {wait:.0f} seconds"
        self._timer = clock.call_later(wait, self.close, late)
        self.stream.aborting(self.close)

    def close(self, why: str) -> None:
        """Listen no more; nobody has come."""
        self._stop_listening()
        self.stream.finish(why)

    def begin(self, receiver: "_Receiver") -> bool:
        """Whether *receiver* is the one."""
        if self.stream.connected or self.stream.finished:
            return False
        self._stop_listening()
        self.stream.connected = True
        try:
            self.pipeline.start()
        except errors.CommandError as error:
            self.stream.finish(error.message.rstrip("."))
            return False
        self.pipeline.feed_from(receiver.transport)
        self.pipeline.when_ended(lambda error: self._ended(receiver, error))
        self.stream.aborting(lambda why: self._abort(receiver, why))
        return True

    def _abort(self, receiver: "_Receiver", why: str) -> None:
        self.pipeline.abort(why)
        receiver.cut()

    def _ended(self, receiver: "_Receiver", error: str) -> None:
        early = "" if receiver.complete else "the programs here ended before the stream did"
        receiver.cut()
        self.stream.finish(error or early)

    def _stop_listening(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        port, self._port = self._port, None
        if port is not None:
            port.stopListening()


class _Receiver(NetProtocol):
    """The receiving end of a connection."""

    transport: Any

    def __init__(self, receiving: _Receiving) -> None:
        self._receiving = receiving
        self._head: bytearray | None = bytearray()
        self._lost = False
        self.complete = False

    def dataReceived(self, data: bytes) -> None:
        """The magic word first; everything else is for the programs."""
        if self._head is not None:
            self._head += data
            line, end, rest = bytes(self._head).partition(b"\n")
            if not end and len(self._head) <= _MAGIC_LIMIT:
                return
            if line != f"M={self._receiving.magic}".encode() or not self._receiving.begin(self):
                self.cut()
                return
            self._head, data = None, rest
        if data:
            self._receiving.stream.size += len(data)
            self._receiving.pipeline.write(data)

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008 - Twisted's signature
        """The end of the stream, if it was said properly."""
        self._lost = True
        if self._head is not None:
            return
        if reason.check(ConnectionDone):
            self.complete = True
            self._receiving.pipeline.finish()
        else:
            why = explain(reason.value) if reason.value else "the connection was lost"
            self._receiving.pipeline.abort(f"the stream broke off: {why}")

    def cut(self) -> None:
        """End the connection at once."""
        if not self._lost:
            self.transport.abortConnection()


class _Sender(NetProtocol):
    """The sending end of a connection."""

    transport: Any

    def __init__(
        self, stream: Stream, reactor: Any, clock: Clock, commands: Sequence[Command], magic: str
    ) -> None:
        self._stream = stream
        self._magic = magic
        self._pipeline = Pipeline(reactor, clock, commands, self._take)
        self._sent = False
        self._lost = False
        self._error = ""

    def connectionMade(self) -> None:
        """Say the magic word, then start the programs."""
        self._stream.connected = True
        self._stream.aborting(self._abort)
        self.transport.write(f"M={self._magic}\n".encode())
        try:
            self._pipeline.start()
        except errors.CommandError as error:
            self._abort(error.message.rstrip("."))
            return
        self.transport.registerProducer(self._pipeline, True)
        self._pipeline.when_ended(self._ended)

    def _take(self, data: bytes) -> None:
        self._stream.size += len(data)
        self.transport.write(data)

    def _ended(self, error: str) -> None:
        if error:
            self._abort(error)
            return
        self._sent = True
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def _abort(self, why: str) -> None:
        self._error = self._error or why
        if not self._lost:
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008 - Twisted's signature
        """All is sent, or something went wrong."""
        self._lost = True
        if self._sent and reason.check(ConnectionDone):
            self._stream.finish()
            return
        lost = explain(reason.value) if reason.value else "the connection was lost"
        why = self._error or f"the receiver ended the stream: {lost}"
        self._pipeline.when_ended(lambda _: self._stream.finish(why))
        self._pipeline.abort(why)
