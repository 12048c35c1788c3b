"""The HTTP server: how many clients at a time, how long they may take, how much they may send."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocolNegotiationFactory
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, HTTPFactory, Request, datetimeToString
from twisted.web.http_headers import Headers
from zope.interface import implementer

from ganetix.rapi.answers import RELEASE
from ganetix.rapi.service import MAX_BODY, Api
from ganetix.toolkit.clock import Clock

READ_WITHIN: Final = 10
"""Seconds in which something of a request has to come."""

WHOLE_WITHIN: Final = 60
"""Seconds after which no more pauses are allowed within a request."""

TAKEN_WITHIN: Final = 120
"""Seconds that a client has to take what waits for it; then the connection is cut."""

CLOSED_WITHIN: Final = 5
"""Seconds that the far end has to close its side; then the connection is cut."""

WAITING: Final = 1000
"""Connections that may wait for their turn; who comes then is hung up on."""


class BoundedRequest(Request):
    """A request that keeps no more of its body than is needed, and leaves it as it is."""

    channel: "Channel"
    _kept = 0

    def __init__(self, channel: Any, queued: object = False) -> None:
        # Twisted would take a form apart, or refuse it with an answer that is not ours.
        super().__init__(channel, queued, parsePOSTFormSubmission=False)

    def handleContentChunk(self, data: bytes) -> None:
        """Keep *data*, if there is room."""
        room = MAX_BODY + 1 - self._kept
        self._kept += len(data[:room])
        super().handleContentChunk(data[:room])

    def process(self) -> None:
        """Have it answered."""
        self.setHeader("server", f"Ganeti {RELEASE}")
        self.setHeader("date", datetimeToString())
        self.channel.factory.api.answer(self)


class Channel(HTTPChannel):
    """A connection; it waits for its turn when there are too many."""

    factory: "LimitedSite"
    requestFactory: Any = BoundedRequest
    transport: Any
    idle = False
    """Whether something was answered here and nothing is asked now."""
    _since: float | None = None
    """When the request that is coming in began."""
    _cut: IDelayedCall | None = None
    _full: IDelayedCall | None = None
    """While a client does not take what it is sent: the end of our patience."""
    _host: IAddress | None = None
    _head: bytes = b""
    """The head of an answer, which is sent in one piece with what follows."""

    def connectionMade(self) -> None:
        """Begin, or wait."""
        super().connectionMade()
        if not self.factory.enter(self):
            self.setTimeout(None)
            self.transport.pauseProducing()

    def getHost(self) -> IAddress:
        """Return our own address, which every request wants and the kernel told already."""
        if self._host is None:
            self._host = super().getHost()
        return self._host

    def begin(self) -> None:
        """It is our turn."""
        self.setTimeout(self.timeOut)
        self.transport.resumeProducing()

    def resetTimeout(self) -> None:
        """Wait for more again, unless the request has taken too long already."""
        now = self.factory.clock.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since < WHOLE_WITHIN:
            super().resetTimeout()

    def apart(self) -> None:
        """Hold no turn: what goes on here now does not end, and is bounded elsewhere."""
        self.factory.leave(self)

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Headers) -> None:
        """Keep the head of an answer for a moment."""
        rows = [
            b"%s: %s\r\n" % (name, value)
            for name, values in headers.getAllRawHeaders()
            for value in values
        ]
        self._head = b"%s %s %s\r\n%s\r\n" % (version, code, reason, b"".join(rows))

    def write(self, data: bytes) -> None:
        """Send *data*, behind the head when that has not gone yet."""
        head, self._head = self._head, b""
        super().write(head + data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Send a piece of a body without a length."""
        self.write(b"".join(iovec))

    def requestDone(self, request: Any) -> None:
        """Go on with the next request, unless somebody else has waited for a turn."""
        if self._head:
            self.write(b"")
        if self.factory.waiting:
            self.persistent = False
        super().requestDone(request)
        self.idle = not self.requests
        self._since = None

    def pauseProducing(self) -> None:
        """Wait until the client takes what it is sent; Twisted would wait for ever."""
        super().pauseProducing()
        if self._full is None:
            cut = self.transport.abortConnection
            self._full = self.factory.clock.call_later(TAKEN_WITHIN, cut)

    def resumeProducing(self) -> None:
        """Go on: the client has taken everything."""
        self._end_of_patience()
        super().resumeProducing()

    def _end_of_patience(self) -> None:
        full, self._full = self._full, None
        if full is not None and full.active():
            full.cancel()

    def allHeadersReceived(self) -> None:
        """Begin a request."""
        self.idle = False
        super().allHeadersReceived()

    def loseConnection(self) -> None:
        """Close, and give the turn to the next one now: the far end may take its time."""
        super().loseConnection()
        if self._cut is None:
            cut = self.transport.abortConnection
            self._cut = self.factory.clock.call_later(CLOSED_WITHIN, cut)
        self.factory.leave(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Give the turn to the next one."""
        super().connectionLost(reason)
        self._end_of_patience()
        if self._cut is not None and self._cut.active():
            self._cut.cancel()
        self.factory.leave(self)


@implementer(IProtocolNegotiationFactory)
class LimitedSite(HTTPFactory):
    """Serves *most* clients at the same time; others wait, and idle connections make room."""

    noisy = False

    def __init__(self, clock: Clock, api: Api, most: int) -> None:
        super().__init__(timeout=READ_WITHIN, reactor=clock.reactor)
        self.api = api
        self.clock = clock
        self.protocol: Any = Channel
        self.most = most
        self.served: dict[Channel, None] = {}
        self.waiting: deque[Channel] = deque()

    def acceptableProtocols(self) -> list[bytes]:
        """See `IProtocolNegotiationFactory`: without an answer clients that ask are hung up on."""
        return [b"http/1.1"]

    def log(self, request: Any) -> None:
        """Leave it to the API, which logs what it answers."""

    def enter(self, channel: Channel) -> bool:
        """Whether *channel* may begin; else it is told by `begin` when it may."""
        if len(self.served) < self.most:
            self.served[channel] = None
            return True
        if len(self.waiting) >= WAITING:
            channel.loseConnection()
            return False
        self.waiting.append(channel)
        for other in self.served:
            if other.idle:
                other.idle = False
                other.loseConnection()
                break
        return channel in self.served

    def leave(self, channel: Channel) -> None:
        """Forget *channel*; who has waited longest comes next."""
        if channel in self.served:
            del self.served[channel]
        elif channel in self.waiting:
            self.waiting.remove(channel)
        while self.waiting and len(self.served) < self.most:
            nearest = self.waiting.popleft()
            self.served[nearest] = None
            nearest.begin()
