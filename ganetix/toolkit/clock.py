"""Time as a parameter: monotonic time orders events, wall time only stamps them."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

T = TypeVar("T")


@attrs.frozen
class Clock:
    """What a service may know of time.

    *reactor* gives monotonic seconds and timers (its ``seconds`` must not be wall time: the
    composition roots see to that); *wall* gives seconds since the epoch.
    """

    reactor: IReactorTime
    wall: Callable[[], float]

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes backwards."""
        return self.reactor.seconds()

    def call_later(self, delay: float, call: Callable[..., object], *args: object) -> IDelayedCall:
        """Call *call* with *args* after *delay* seconds."""
        return self.reactor.callLater(delay, call, *args)

    def sleep(self, delay: float) -> Deferred[None]:
        """Fire after *delay* seconds; cancelling it cancels the timer."""
        timer: IDelayedCall

        def cancel(_: Deferred[None]) -> None:
            timer.cancel()

        done: Deferred[None] = Deferred(cancel)
        timer = self.reactor.callLater(delay, done.callback, None)
        return done

    def within(self, seconds: float, work: Awaitable[T]) -> Deferred[T]:
        """Await *work*, cancelling it with `TimeoutError` after *seconds*."""
        deferred = work if isinstance(work, Deferred) else Deferred.fromCoroutine(_await(work))
        return deferred.addTimeout(seconds, self.reactor, onTimeoutCancel=_timed_out)


def _timed_out(result: Any, seconds: float) -> Any:
    """Make the cancellation of a timeout a `TimeoutError`; leave any other outcome alone."""
    if isinstance(result, Failure) and result.check(CancelledError):
        raise TimeoutError(f"{seconds:g} seconds have passed")
    return result


async def _await(work: Awaitable[T]) -> T:
    return await work
