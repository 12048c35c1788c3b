"""What a node remembers of requests, so that none runs twice and no answer is lost with a link."""

from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Final

import attrs
from twisted.internet.defer import Deferred

from ganetix.rpc.tables.sessions import RequestState
from ganetix.toolkit.clock import Clock

KEEP: Final = 600.0
"""Seconds for which the answer to a call that must not be repeated is kept."""

_GRACE: Final = 30.0
"""Seconds after its deadline at which a request is cancelled, if its caller has not done so."""

_CHEAP_COUNT: Final = 4096
_CHEAP_BYTES: Final = 16 * 1024 * 1024


@attrs.define(eq=False)
class _Running:
    deadline: float
    work: Deferred[None] | None = None
    waiters: list[Callable[[bytes], None]] = attrs.field(factory=list)


@attrs.define(eq=False)
class Requests:
    """Unfinished requests and kept answers, by request id, across sessions.

    Answers are kept for `KEEP` seconds. Those of idempotent calls (which may be repeated anyway)
    are given up earlier when there are too many, the oldest first.
    """

    clock: Clock
    _running: dict[str, _Running] = attrs.field(factory=dict, init=False)
    _kept: OrderedDict[str, tuple[float, bytes]] = attrs.field(factory=OrderedDict, init=False)
    _cheap: OrderedDict[str, tuple[float, bytes]] = attrs.field(factory=OrderedDict, init=False)
    _cheap_bytes: int = attrs.field(default=0, init=False)

    def answer(
        self,
        request_id: str,
        idempotent: bool,
        deadline: float,
        begin: Callable[[], Coroutine[Any, Any, bytes]],
    ) -> Deferred[bytes]:
        """Return the answer of *request_id*: kept, of the run under way, or of ``begin()``.

        What *begin* returns must always end in an answer, also when it is cancelled, as happens
        some time after *deadline* (monotonic seconds).
        """
        kept = self._kept.get(request_id) or self._cheap.get(request_id)
        waiter: Deferred[bytes] = Deferred()
        if kept is not None:
            waiter.callback(kept[1])
            return waiter
        running = self._running.get(request_id)
        if running is not None:
            running.waiters.append(waiter.callback)
            return waiter
        running = self._running[request_id] = _Running(deadline, waiters=[waiter.callback])
        work = Deferred.fromCoroutine(begin())
        running.work = work.addCallback(self._finished, request_id, idempotent)
        return waiter

    def state(self, request_id: str) -> RequestState:
        """Say how far *request_id* is."""
        if request_id in self._running:
            return RequestState("running")
        kept = self._kept.get(request_id) or self._cheap.get(request_id)
        return RequestState("unknown") if kept is None else RequestState("done", kept[1])

    def cancel(self, request_id: str) -> Deferred[bool]:
        """Cancel what runs for *request_id* and fire when it has ended: whether there was any."""
        running = self._running.get(request_id)
        done: Deferred[bool] = Deferred()
        if running is None or running.work is None:
            done.callback(False)
            return done
        running.waiters.append(lambda _: done.callback(True))
        running.work.cancel()
        return done

    async def stop(self) -> None:
        """Cancel everything and wait until it has ended."""
        for request_id in tuple(self._running):
            await self.cancel(request_id)

    def expire(self) -> None:
        """Forget answers that are older than `KEEP`; cancel what nobody waits for any more."""
        now = self.clock.monotonic()
        for running in tuple(self._running.values()):
            if running.work is not None and now > running.deadline + _GRACE:
                running.deadline = now
                running.work.cancel()
        self._forget(now - KEEP)

    def _forget(self, before: float) -> None:
        while self._kept and next(iter(self._kept.values()))[0] <= before:
            self._kept.popitem(last=False)
        while self._cheap and (
            next(iter(self._cheap.values()))[0] <= before
            or len(self._cheap) > _CHEAP_COUNT
            or self._cheap_bytes > _CHEAP_BYTES
        ):
            self._cheap_bytes -= len(self._cheap.popitem(last=False)[1][1])

    def _finished(self, answer: bytes, request_id: str, idempotent: bool) -> None:
        running = self._running.pop(request_id)
        keep = (self.clock.monotonic(), answer)
        if idempotent:
            self._cheap[request_id] = keep
            self._cheap_bytes += len(answer)
            if len(self._cheap) > 2 * _CHEAP_COUNT or self._cheap_bytes > 2 * _CHEAP_BYTES:
                self._forget(self.clock.monotonic() - KEEP)
        else:
            self._kept[request_id] = keep
        for waiter in running.waiters:
            waiter(answer)
