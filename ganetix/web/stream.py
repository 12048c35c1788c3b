"""Events as server-sent events, and over a websocket: one resource for both."""

from typing import Any, Final

import attrs
from twisted.web.http import Request
from twisted.web.websocket import WebSocketResource, WebSocketTransport
from wsproto.utilities import RemoteProtocolError

from ganetix.web.hub import Hub, Listener, Told, told

HEARD: Final = 1 << 14
"""Bytes that a client of a websocket may send between two signs of life: it has nothing to say."""

TRY_AGAIN: Final = 1013
"""The code with which a websocket is closed when its listener is dropped."""


def is_websocket(request: Request) -> bool:
    """Whether *request* wants to become a websocket."""
    return (request.getHeader("upgrade") or "").lower() == "websocket"


def serve(hub: Hub, request: Any, seen: str | None, news: dict[str, Any]) -> str | None:
    """Send events on *request* from *news* on, which came after *seen*; see `Hub.first`.

    Return a sentence when it asks for a websocket in a way that can't be understood.
    """
    if not is_websocket(request):
        hub.join(ServerSent(request), seen, news)
        return None
    socket = Socket(request.channel)
    refused: object = WebSocketResource(_One(socket)).render_GET(request)
    if isinstance(refused, bytes):
        return "The request to become a websocket can't be understood."
    socket.limit()
    hub.join(socket, seen, news)
    return None


@attrs.define(eq=False)
class ServerSent:
    """A response that goes on and on."""

    request: Any

    def open(self, listener: Listener) -> None:
        """See `Wire`."""
        self.request.setHeader("content-type", "text/event-stream")
        self.request.setHeader("cache-control", "no-store")
        self.request.registerProducer(listener, True)
        self.request.notifyFinish().addErrback(lambda _: listener.stopProducing())

    def event(self, event: Told) -> None:
        """See `Wire`."""
        head = f"id: {event.id}\n" if event.id else ""
        self.request.write(f"{head}event: {event.kind}\ndata: ".encode() + event.data + b"\n\n")

    def beat(self) -> None:
        """See `Wire`: a comment."""
        self.request.write(b":\n\n")

    def end(self, reason: str) -> None:
        """See `Wire`."""
        channel = self.request.channel
        self.event(told("", "dropped", {"reason": reason}))
        self.request.unregisterProducer()
        self.request.finish()
        channel.loseConnection()


@attrs.define(eq=False)
class _One:
    """Gives out the one protocol that it was made with."""

    protocol: "Socket"

    def buildProtocol(self, request: object) -> "Socket":
        """See `twisted.web.websocket.WebSocketServerFactory`."""
        return self.protocol


@attrs.define(eq=False)
class Socket:
    """A websocket on *channel*, the connection that the request came by."""

    channel: Any
    _transport: Any = attrs.field(default=None, init=False)
    _listener: Listener | None = attrs.field(default=None, init=False)
    _heard: int = attrs.field(default=0, init=False)

    def open(self, listener: Listener) -> None:
        """See `Wire`."""
        self._listener = listener
        self.channel.registerProducer(listener, True)

    def event(self, event: Told) -> None:
        """See `Wire`: a message is an object of id, event and data."""
        id = f'"{event.id}"' if event.id else "null"
        text = f'{{"id":{id},"event":"{event.kind}","data":{event.data.decode()}}}'
        self._transport.sendTextMessage(text)

    def beat(self) -> None:
        """See `Wire`: a ping."""
        self._heard = 0
        self._transport.ping()

    def end(self, reason: str) -> None:
        """See `Wire`."""
        self.event(told("", "dropped", {"reason": reason}))
        self._transport.loseConnection(TRY_AGAIN)
        self.channel.loseConnection()

    def limit(self) -> None:
        """Cut off who sends a lot, or what is no websocket's."""
        received = self.channel.dataReceived

        def bounded(data: bytes) -> None:
            self._heard += len(data)
            if self._heard > HEARD:
                self.channel.transport.abortConnection()
                return
            try:
                received(data)
            except RemoteProtocolError:
                self.channel.transport.abortConnection()

        self.channel.dataReceived = bounded

    def negotiationStarted(self, transport: WebSocketTransport) -> None:
        """See `twisted.web.websocket.WebSocketProtocol`."""
        self._transport = transport

    def negotiationFinished(self) -> None:
        """See `WebSocketProtocol`: what is sent comes from the hub."""

    def pongReceived(self, payload: bytes) -> None:
        """See `WebSocketProtocol`."""

    def textMessageReceived(self, message: str) -> None:
        """See `WebSocketProtocol`: a listener has nothing to say."""

    def bytesMessageReceived(self, data: bytes | bytearray) -> None:
        """See `WebSocketProtocol`."""

    def connectionLost(self, reason: object) -> None:
        """See `WebSocketProtocol`."""
        if self._listener is not None:
            self._listener.stopProducing()
