"""The two ends of a stream's connection, each with its programs.

The first line is ``M=`` and a word that only the two ends know.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from ganetix import errors
from ganetix.network.stream import Stream
from ganetix.process.command import Command
from ganetix.process.pipeline import Pipeline
from ganetix.tls.contexts import explain
from ganetix.toolkit.clock import Clock

_MAGIC_LIMIT: Final = 256
"""Bytes that the first line has at most."""


@attrs.define(eq=False)
class OneConnection(Factory):
    """Makes the protocol of the one connection that there is."""

    make: Callable[[], Protocol]
    noisy: bool = False

    def buildProtocol(self, addr: object) -> Protocol:
        """See `twisted.internet.protocol.Factory`."""
        return self.make()


@attrs.define(eq=False)
class Receiving:
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

    def begin(self, receiver: "Receiver") -> bool:
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

    def _abort(self, receiver: "Receiver", why: str) -> None:
        self.pipeline.abort(why)
        receiver.cut()

    def _ended(self, receiver: "Receiver", error: str) -> None:
        early = "" if receiver.complete else "the programs here ended before the stream did"
        receiver.cut()
        self.stream.finish(error or early)

    def _stop_listening(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        port, self._port = self._port, None
        if port is not None:
            port.stopListening()


class Receiver(Protocol):
    """The receiving end of a connection."""

    transport: Any

    def __init__(self, receiving: Receiving) -> None:
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

    def connectionLost(self, reason: Failure = connectionDone) -> None:
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


class Sender(Protocol):
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

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """All is sent, or something went wrong."""
        self._lost = True
        if self._sent and reason.check(ConnectionDone):
            self._stream.finish()
            return
        lost = explain(reason.value) if reason.value else "the connection was lost"
        why = self._error or f"the receiver ended the stream: {lost}"
        self._pipeline.when_ended(lambda _: self._stream.finish(why))
        self._pipeline.abort(why)
