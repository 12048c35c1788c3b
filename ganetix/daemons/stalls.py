"""The stall meter: how long the reactor was away from its poll, and where it hung."""

import faulthandler
import time
from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

STALL: Final = 0.05
"""Seconds of one reactor iteration from which it counts as a stall."""

HUNG: Final = 5.0
"""Seconds after which the stacks of all threads are written to the log."""


@attrs.define(eq=False)
class StallMeter:
    """Measures each reactor iteration, from the end of one poll to the start of the next.

    Thread CPU time is kept apart from elapsed time: on a busy machine we may be kept waiting
    without having done anything wrong. A service: `start` and `stop` it.
    """

    reactor: EPollReactor
    log_fd: Callable[[], int]
    name: str = "stall meter"
    iterations: int = attrs.field(default=0, init=False)
    stalls: int = attrs.field(default=0, init=False)
    longest_cpu: float = attrs.field(default=0.0, init=False)
    longest: float = attrs.field(default=0.0, init=False)
    log: Logger = attrs.field(factory=Logger)
    _poller: Any = attrs.field(default=None, init=False)
    _timer: IDelayedCall | None = attrs.field(default=None, init=False)
    _woke: tuple[float, float] = attrs.field(default=(0.0, 0.0), init=False)

    async def start(self) -> None:
        """Put ourselves between the reactor and its poller."""
        self._poller, self._woke = self.reactor._poller, _now()
        self.reactor._poller = self
        self._guard()

    async def stop(self) -> None:
        """Step aside."""
        self.reactor._poller = self._poller
        if self._timer is not None:
            self._timer.cancel()
        faulthandler.cancel_dump_traceback_later()

    def _guard(self) -> None:
        # Once a second is enough: the dump then comes 5 to 6 seconds into a hang.
        faulthandler.dump_traceback_later(HUNG + 1, file=self.log_fd())
        self._timer = self.reactor.callLater(1.0, self._guard)

    def figures(self) -> dict[str, Any]:
        """Return the number of stalls, and the longest turn of the reactor in seconds."""
        return {
            "stalls": self.stalls,
            "longest_cpu": self.longest_cpu,
            "longest": self.longest,
        }

    def poll(self, timeout: float, maxevents: int) -> Any:
        """Stand in for the poller's method."""
        cpu, elapsed = _now()
        cpu, elapsed = cpu - self._woke[0], elapsed - self._woke[1]
        self.iterations += 1
        self.longest = max(self.longest, elapsed)
        self.longest_cpu = max(self.longest_cpu, cpu)
        if cpu > STALL:
            self.stalls += 1
            self.log.warn(
                "The reactor was busy for {busy_ms} ms ({elapsed_ms} ms elapsed)",
                busy_ms=round(cpu * 1000),
                elapsed_ms=round(elapsed * 1000),
            )
        events = self._poller.poll(timeout, maxevents)
        self._woke = _now()
        return events

    def __getattr__(self, name: str) -> Any:
        """Pass every other method of the poller on."""
        return getattr(self._poller, name)


def _now() -> tuple[float, float]:
    return time.thread_time(), time.monotonic()
