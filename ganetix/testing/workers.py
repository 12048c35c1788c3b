"""Worker threads without threads."""

from collections import deque
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, execute
from twisted.python.failure import Failure
from zope.interface import implementer

from ganetix.testing.disk import PowerCut
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IWorker


@implementer(IWorker)
@attrs.frozen
class InlineWorker:
    """Runs each call at once, where it is asked for."""

    def run(self, call: Callable[..., Any], *args: object) -> Deferred[Any]:
        """See `IWorker`."""
        return execute(call, *args)


@implementer(IWorker)
@attrs.define(eq=False)
class FakeWorker:
    """Runs one call after the other at times of an injected clock.

    *latency* returns the seconds that the next call takes; its effects happen in the middle of
    them, so that it can be interrupted before and after. The next call begins then: as with a
    thread, it may have its effects before the answer to the first is heard. *cut* is told when
    the power failed inside a call, which then never ends.
    """

    clock: Clock
    latency: Callable[[], float]
    cut: Callable[[], None] = attrs.field(default=lambda: None)
    _queue: deque[tuple[Deferred[Any], Callable[..., Any], tuple[object, ...]]] = attrs.field(
        factory=deque, init=False
    )
    _answered: float = attrs.field(default=0.0, init=False)
    _busy: bool = attrs.field(default=False, init=False)

    def run(self, call: Callable[..., Any], *args: object) -> Deferred[Any]:
        """See `IWorker`."""
        # Like a thread's call: cancelling it only lets the caller go.
        done: Deferred[Any] = Deferred()
        self._queue.append((done, call, args))
        self._next()
        return done

    def _next(self) -> None:
        if not self._busy and self._queue:
            self._busy = True
            half = self.latency() / 2
            self.clock.call_later(half, self._work, half)

    def _work(self, half: float) -> None:
        done, call, args = self._queue.popleft()
        self._busy = False
        answer: Callable[[Any], None]
        try:
            outcome, answer = call(*args), done.callback
        except PowerCut:
            self._busy = True
            self.cut()
            return
        except Exception:  # noqa: BLE001 - it is the caller's
            outcome, answer = Failure(), done.errback
        now = self.clock.monotonic()
        self._answered = max(self._answered, now + half)
        self.clock.call_later(self._answered - now, _finish, done, answer, outcome)
        self._next()


def _finish(done: Deferred[Any], answer: Callable[[Any], None], outcome: Any) -> None:
    if not done.called:
        answer(outcome)
