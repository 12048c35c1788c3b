"""One open session as the caller uses it: requests out, answers in, long ones in pages."""

from typing import Any, Final

import attrs
from twisted.internet.defer import Deferred, DeferredLock
from twisted.spread import pb

from ganetix import errors
from ganetix.rpc import codec
from ganetix.rpc.broker import ROOT, Broker
from ganetix.rpc.session import Welcome
from ganetix.toolkit.clock import Clock

LOST: Final = (pb.PBConnectionLost, pb.DeadReferenceError)
"""What a request fails with when its session ends before the answer."""


@attrs.define(eq=False)
class CallingSession:
    """A session that a node has accepted; *ended* fires with the reason when it is over."""

    broker: Broker
    welcome: Welcome
    ended: Deferred[str]
    clock: Clock
    _pages: DeferredLock = attrs.field(factory=DeferredLock, init=False)

    async def send(self, request_id: str, frame: bytes) -> bytes:
        """Return the answer's frame; raise one of `LOST`, or `errors.RemoteError`."""
        try:
            answer = await self._deliver(frame)
            return answer if isinstance(answer, bytes) else await self._fetch(request_id, answer)
        except LOST:
            raise
        except (pb.Error, pb.RemoteError) as error:
            raise errors.RemoteError(f"The node's daemon refuses the request: {error}.") from error

    async def _deliver(self, frame: bytes) -> bytes | int:
        if len(frame) <= codec.ONE_PIECE:
            whole: bytes | int = await self.broker.call(ROOT, "call", frame)
            return whole
        await self._pages.acquire()
        try:
            for offset in range(0, len(frame), codec.PAGE):
                await self.broker.call(ROOT, "page", offset, frame[offset : offset + codec.PAGE])
            answer: Deferred[Any] = self.broker.call(ROOT, "call_pages")
        finally:
            self._pages.release()
        return await answer  # type: ignore[no-any-return]  # what PB returns

    async def _fetch(self, request_id: str, size: int) -> bytes:
        whole = bytearray()
        while len(whole) < size:
            whole += await self.broker.call(ROOT, "fetch", request_id.encode(), len(whole))
        return bytes(whole)
