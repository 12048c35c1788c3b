"""Timers for many: thousands of deadlines in a few buckets, and work that repeats."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Final, Protocol

import attrs
from twisted.logger import Logger
from txaio import tx

from ganetix.toolkit.clock import Clock

_BUCKET: Final = 1.0
_EXACT_BELOW: Final = 10.0


class _Cancellable(Protocol):
    def cancel(self) -> None: ...


class _BatchedTimer(Protocol):
    def call_later(self, delay: float, func: Callable[[], None]) -> _Cancellable: ...


def _batched(clock: Clock) -> _BatchedTimer:
    # txaio's public factory reads one global reactor; its own class takes a configuration each.
    api = type(tx.with_config())(SimpleNamespace(loop=clock.reactor))
    timer: _BatchedTimer = api.make_batched_timer(_BUCKET)
    return timer


@attrs.define(eq=False)
class Timer:
    """One call to come. `cancel` may be called at any time, also after it was made."""

    _call: Callable[[], None] | None
    _under: _Cancellable | None = None

    def fire(self) -> None:
        """Make the call, unless it was cancelled or made."""
        call, self._call, self._under = self._call, None, None
        if call is not None:
            call()

    def cancel(self) -> None:
        """Never make the call."""
        under, self._call, self._under = self._under, None, None
        if under is not None:
            under.cancel()

    def hold(self, under: _Cancellable) -> None:
        """Remember what to cancel; nothing if the call was made already."""
        if self._call is not None:
            self._under = under


@attrs.define(eq=False)
class Timers:
    """Deadlines on *clock*: exact below 10 seconds; above, up to a second late, in buckets."""

    clock: Clock
    _batches: _BatchedTimer = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the buckets."""
        self._batches = _batched(self.clock)

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Make *call* not earlier than after *seconds*."""
        timer = Timer(call)
        if seconds < _EXACT_BELOW:
            timer.hold(self.clock.call_later(max(0.0, seconds), timer.fire))
        else:
            # A bucket is made a full second at the latest before what was asked for.
            timer.hold(self._batches.call_later(seconds + _BUCKET, timer.fire))
        return timer


async def every(clock: Clock, interval: float, call: Callable[[], None], log: Logger) -> None:
    """Make *call* every *interval* seconds until cancelled; a failure is logged, not the end."""
    while True:
        await clock.sleep(interval)
        try:
            call()
        except Exception:  # noqa: BLE001 - one bad round must not end the rounds; logged
            log.failure("Periodic work failed")
