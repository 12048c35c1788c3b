"""Background work with an owner: whoever starts it can await its end."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, cast

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

T = TypeVar("T")


@attrs.define(eq=False)
class Tasks:
    """The background coroutines of one service. A failure is logged with the task's name."""

    log: Logger = attrs.field(factory=Logger)
    _running: dict[Deferred[Any], str] = attrs.field(factory=dict, init=False)

    def spawn(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        """Start *work* now; *name* says in the log what failed."""
        done: Deferred[Any] = Deferred.fromCoroutine(work)
        self._running[done] = name
        chained = done.addBoth(self._finished, done, name)
        assert chained is done  # noqa: S101 - the type checker wants the Deferred used

    def _finished(self, result: object, done: Deferred[Any], name: str) -> None:
        self._running.pop(done, None)
        if isinstance(result, Failure) and not result.check(CancelledError):
            self.log.failure("Background task {task} failed", failure=result, task=name)

    async def stop(self) -> None:
        """Cancel everything that still runs and wait until it has ended."""
        while self._running:
            done = next(iter(self._running))
            done.cancel()
            if done in self._running:
                await _ended(done)

    async def drained(self) -> None:
        """Wait until everything has ended by itself."""
        while self._running:
            await _ended(next(iter(self._running)))


async def finished(work: Awaitable[T], cancelled: Callable[[], object] | None = None) -> T:
    """Return the result of *work*, which goes on to its end even if this is cancelled.

    A cancellation calls *cancelled*, which may hasten the end, and is raised when it has come.
    """
    outcome: list[Any] = []
    done = Deferred.fromCoroutine(_awaited(work)).addBoth(outcome.append)
    try:
        await _ended(done)
    except CancelledError:
        if cancelled is not None:
            cancelled()
        await _ended(done)
        raise
    [result] = outcome
    if isinstance(result, Failure):
        result.raiseException()
    return cast("T", result)


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def _ended(done: Deferred[Any]) -> Deferred[None]:
    """Fire when *done* has, without sharing its result between waiters."""
    waiter: Deferred[None] = Deferred()

    def tell(result: object) -> object:
        if not waiter.called:
            waiter.callback(None)
        return result

    chained = done.addBoth(tell)
    assert chained is done  # noqa: S101 - the type checker wants the Deferred used
    return waiter
