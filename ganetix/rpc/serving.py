"""One session as the node serves it: the object that the other end calls."""

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
from twisted.internet.defer import Deferred
from twisted.spread import pb

from ganetix import errors
from ganetix.rpc import codec
from ganetix.rpc.broker import Broker
from ganetix.rpc.call import Role
from ganetix.rpc.dispatch import Dispatch
from ganetix.rpc.events import EventSource
from ganetix.rpc.session import OPEN, Hello, Welcome
from ganetix.tls.identity import Identity

EVENTS: Final = b"events"
"""The caller's object that takes pushes."""

NOBODY: Final = Identity("", frozenset(), "")

Opener = Callable[["ServedSession", Hello], Awaitable[Welcome]]


@attrs.define(eq=False)
class ServedSession(pb.Referenceable):
    """What one connection may call. *role* is None until the session is open."""

    broker: Broker
    opener: Opener
    dispatch: Dispatch
    events: EventSource
    identity: Identity = NOBODY
    role: Role | None = None
    refused: bool = False
    _coming: bytearray = attrs.field(factory=bytearray, init=False)
    _going: dict[str, bytes] = attrs.field(factory=dict, init=False)

    @property
    def commands(self) -> bool:
        """Whether the session may do more than ask."""
        return self.role in ("master", "candidate")

    def push(self, frame: bytes) -> None:
        """Send a push of events."""
        self.broker.tell(EVENTS, "push", frame)

    def remote_open(self, frame: bytes) -> Deferred[bytes]:
        """Open the session; an answer to `OPEN`."""
        return Deferred.fromCoroutine(self._open(frame))

    def remote_call(self, frame: bytes) -> Deferred[bytes | int]:
        """Answer a request in one frame, or say how long the answer is that is to be fetched."""
        if self.role is None:
            raise pb.Error("The session is not open.")
        answer = self.dispatch.answer(frame, self.role, self.identity)
        return answer.addCallback(self._in_pages, frame)

    def remote_page(self, offset: int, data: bytes) -> bytes:
        """Take the next page of a long request; the caller has one in flight. 0 begins anew."""
        if offset == 0:
            self._coming.clear()
        if self.role is None or offset != len(self._coming):
            raise pb.Error("The session is not open, or a page is missing.")
        if offset + len(data) > codec.MAX_FRAME:
            raise pb.Error(f"A request may have {codec.MAX_FRAME} bytes.")
        self._coming += data
        return b""

    def remote_call_pages(self) -> Deferred[bytes | int]:
        """Answer the request whose pages have come."""
        frame, self._coming = bytes(self._coming), bytearray()
        return self.remote_call(frame)

    def remote_fetch(self, request_id: bytes, offset: int) -> bytes:
        """Return the page at *offset* of a long answer; the last one ends it."""
        whole = self._going[request_id.decode()]
        if offset + codec.PAGE >= len(whole):
            del self._going[request_id.decode()]
        return whole[offset : offset + codec.PAGE]

    def remote_resync(self) -> None:
        """Push the whole table of events again: the caller missed something."""
        if self.role == "master":
            self.push(self.events.whole())

    async def _open(self, frame: bytes) -> bytes:
        try:
            hello = codec.unpack(Hello, frame)
            return codec.encode_answer(OPEN, await self.opener(self, hello))
        except errors.GanetiError as error:
            return codec.encode_error(error)

    def _in_pages(self, answer: bytes, frame: bytes) -> bytes | int:
        if len(answer) <= codec.ONE_PIECE:
            return answer
        self._going[codec.decode_envelope(frame).request_id] = answer
        return len(answer)
