"""The LUXI server: any number of connections, each answered strictly in order."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IPushProducer,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ganetix import errors
from ganetix.luxi import messages
from ganetix.luxi.peercred import Allowed, Peer
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.prompt import write_now

Handler = Callable[[str, list[Any], Peer], Awaitable[object]]
"""Answers one call: method, arguments, who asks. It raises a `GanetiError`, which goes to the
client as it is, or `MalformedRequest` if it knows no such method or the arguments do not fit."""

READ_TIMEOUT: Final = 180.0
"""Seconds that a message may take from its first byte to its end."""
_PENDING: Final = 16
"""Requests of one connection that are read ahead while one is being answered."""
_ABANDONED: Final = frozenset({"WaitForEvents", "WaitForJobChange"})
"""Calls that are given up when the client goes away; all others are carried to their end."""


@attrs.frozen
class Limits:
    """What one connection may take: bytes in a message, seconds for a message to come in."""

    message: int = messages.MAX_MESSAGE
    read: float = READ_TIMEOUT


@implementer(IPushProducer, IHalfCloseableProtocol)
class LuxiProtocol(Protocol):
    """One connection: reads requests, has them answered one by one, never more at once.

    While the client does not read its answers no further request is begun, and while many requests
    wait no more are read: a slow or greedy client costs a bounded amount of memory.
    """

    log = Logger()
    transport: Any  # a Unix transport: more than the ITransport that Protocol promises

    def __init__(self, factory: "LuxiFactory") -> None:
        """Work with the settings of *factory*."""
        self._luxi = factory
        self._framer = messages.Framer(factory.limits.message)
        self._requests: deque[bytes] = deque()
        self._current: Deferred[None] | None = None
        self._method = ""
        self._writable = True
        self._reading = True
        self._abandoned = False
        self._ended = False
        """No more requests will come: end the connection after the last answer."""
        self._refusal = ""
        """What to answer after the requests that came before the mistake."""
        self._timer: IDelayedCall | None = None
        self._peer: Peer | None = None

    # ------------------------------------------------------------ what comes in

    def connectionMade(self) -> None:
        """Look who it is."""
        self.transport.registerProducer(self, True)
        self._luxi.connections.add(self)
        try:
            peer = self._luxi.identify(self.transport)
        except OSError as error:
            self.log.warn("Refused a LUXI client that can't be identified: {error}", error=error)
            self._end("Who you are can't be told from this socket.")
            return
        if not self._luxi.allowed.permits(peer):
            self.log.warn("Refused LUXI client {peer}", peer=peer)
            self._end(f"User {peer.uid} may not speak to the master daemon.")
            return
        self._peer = peer

    def dataReceived(self, data: bytes) -> None:
        """Take in bytes; a mistake is answered after everything that came before it."""
        if self._ended:
            return
        try:
            complete = self._framer.feed(data)
        except messages.MalformedRequest as error:
            self._end(str(error))
            return
        self._requests.extend(complete)
        self._watch_message(bool(complete))
        self._next()

    def readConnectionLost(self) -> None:
        """Answer what was asked, then close: the client sends no more.

        It has most likely gone: nobody waits any longer for a change.
        """
        self._end("The message has no end byte." if self._framer.begun else "")
        self._abandon()

    def writeConnectionLost(self) -> None:
        """Nobody reads our answers any more."""
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = Failure(CancelledError())) -> None:  # noqa: B008 - Twisted's signature
        """Forget the connection; only a wait is given up, work is carried to its end."""
        self._luxi.connections.discard(self)
        self._ended = True
        self._requests.clear()
        self._stop_timer()
        self._abandon()

    def _abandon(self) -> None:
        """Give a wait up without an answer: a client that is still there asks again elsewhere."""
        if self._current is not None and self._method in _ABANDONED:
            self._abandoned = True
            self._current.cancel()

    # ------------------------------------------------------------ pace

    def pauseProducing(self) -> None:
        """Begin no request: the client does not read."""
        self._writable = False

    def resumeProducing(self) -> None:
        """Go on: the client has read."""
        self._writable = True
        self._next()

    def stopProducing(self) -> None:
        """Nothing more can be written."""
        self._writable = False

    def _pace(self) -> None:
        wanted = len(self._requests) < _PENDING
        if wanted != self._reading and not self._ended:
            self._reading = wanted
            (self.transport.resumeProducing if wanted else self.transport.pauseProducing)()

    def _watch_message(self, another: bool) -> None:
        """Time the message that has begun, from its first byte; *another* if one has ended."""
        if another:
            self._stop_timer()
        if self._framer.begun and self._timer is None:
            self._timer = self._luxi.clock.call_later(self._luxi.limits.read, self._too_slow)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        self._end(f"The message did not end within {self._luxi.limits.read:.0f} seconds.")

    # ------------------------------------------------------------ what goes out

    def _next(self) -> None:
        """Begin requests for as long as they are answered at once and may begin."""
        while self._requests and self._current is None and self._writable:
            done = Deferred.fromCoroutine(self._serve(self._requests.popleft()))
            if not done.called:
                self._current = done.addCallback(self._served)
        self._pace()
        if self._ended and self._current is None and not self._requests and self._writable:
            self._close()

    def _served(self, _: None) -> None:
        self._current = None
        self._method = ""
        self._next()

    async def _serve(self, request: bytes) -> None:
        assert self._peer is not None  # noqa: S101 - requests are taken from identified peers only
        try:
            method, args = messages.decode_request(msgspec.json.decode(request))
            self._method = method
            answer = encode_result(await self._luxi.handler(method, args, self._peer))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            self._break(f"The request is not JSON: {error}.")
        except messages.MalformedRequest as error:
            self._break(str(error))
        except errors.GanetiError as error:
            self._send(messages.encode_error(error))
        except CancelledError:
            if not self._abandoned:
                given_up = errors.GenericError(f"{self._method} was given up.")
                self._send(messages.encode_error(given_up))
        except Exception:  # noqa: BLE001 - whatever it was, the client gets an answer; logged
            self.log.failure("Answering {method} failed", Failure(), method=self._method)
            self._send(messages.encode_error(_defect(self._method)))
        else:
            self._send(answer)

    def _send(self, data: bytes) -> None:
        if self.transport.connected:
            write_now(self.transport, data)

    def _break(self, sentence: str) -> None:
        """Refuse the current request: whatever came after it is not looked at."""
        self._requests.clear()
        self._refusal = sentence
        self._ended = True
        self._stop_timer()

    def _end(self, sentence: str) -> None:
        """Take no more requests; close after those that are here, with *sentence* if not empty."""
        if self._ended:
            return
        self._ended = True
        self._refusal = sentence
        self._stop_timer()
        self._next()

    def _close(self) -> None:
        if self._refusal:
            self._send(messages.encode_refusal(self._refusal))
            self._refusal = ""
        self.transport.loseConnection()

    # ------------------------------------------------------------ shutting down

    def shut_down(self) -> Deferred[None] | None:
        """Take no more requests and give up a wait; return what to await, if anything."""
        self._requests.clear()
        self._end("")
        self._abandon()
        return self._current


def encode_result(result: object) -> bytes:
    """Return the framed answer of a call that succeeded with *result*, which may hold structs."""
    return b'{"success":true,"result":' + msgspec.json.encode(result) + b"}" + messages.TERMINATOR


def _defect(method: str) -> errors.GanetiError:
    return errors.ProgrammerError(
        f"The master daemon failed to answer {method}: a defect in ganetix, not in what you typed."
        " Its log has the details."
    )


@attrs.define(eq=False, slots=False)
class LuxiFactory(Factory):
    """What all connections share: the handler, who is allowed, the limits."""

    handler: Handler
    allowed: Allowed
    clock: Clock
    identify: Callable[[Any], Peer]
    """Tells the peer of a transport; raises OSError if it can't."""
    limits: Limits = attrs.field(factory=Limits)
    connections: set[LuxiProtocol] = attrs.field(factory=set, init=False)
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> LuxiProtocol:
        """Make the protocol of a new connection."""
        return LuxiProtocol(self)

    async def shut_down(self) -> None:
        """End all connections; calls that are being answered are carried to their end."""
        for connection in tuple(self.connections):
            if (current := connection.shut_down()) is not None:
                await current
