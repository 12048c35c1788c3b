"""One timeline for many processes: every timer of every process, fired one at a time.

A process that is suspended fires none of its timers until it goes on; one that was killed never
does. What it had set is kept and not thrown away: nothing of a killed process may run, not even
the clean-up that Python does for a coroutine whose last reference is gone.
"""

import heapq
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from ganetix.toolkit.clock import Clock

_Row = tuple[float, int, DelayedCall, "ProcessTime"]


@attrs.define(eq=False)
class Timeline:
    """The present, and everything that is to come. *steps* counts the timers fired."""

    now: float = 0.0
    steps: int = 0
    _rows: list[_Row] = attrs.field(factory=list, init=False)
    _count: int = attrs.field(default=0, init=False)
    grave: list[object] = attrs.field(factory=list, init=False)
    """What dead processes left; let go of it when the run is over."""

    def add(self, call: DelayedCall, owner: "ProcessTime") -> None:
        """Fire *call* when its time has come."""
        self._count += 1
        heapq.heappush(self._rows, (call.getTime(), self._count, call, owner))

    def step(self) -> bool:
        """Fire the next timer; False when there is none."""
        while self._rows:
            due, _, call, owner = heapq.heappop(self._rows)
            if owner.dead:
                self.grave.append(call)
            elif not call.active():
                continue
            elif call.getTime() > due:
                self.add(call, owner)
            elif owner.suspended:
                owner.missed.append(call)
            else:
                self._fire(call, due)
                return True
        return False

    def _fire(self, call: DelayedCall, due: float) -> None:
        self.now = max(self.now, due)
        self.steps += 1
        call.called = 1
        call.func(*call.args, **call.kw)

    def clock(self) -> Clock:
        """Return a clock for what is no process: the world itself."""
        return Clock(ProcessTime(self), lambda: self.now)


@implementer(IReactorTime)
@attrs.define(eq=False)
class ProcessTime:
    """Time as one process has it."""

    timeline: Timeline
    dead: bool = False
    suspended: bool = False
    missed: list[DelayedCall] = attrs.field(factory=list, init=False)

    def seconds(self) -> float:
        """See `IReactorTime`."""
        return self.timeline.now

    def callLater(
        self, delay: float, callable: Callable[..., Any], *args: object, **kwargs: object
    ) -> IDelayedCall:
        """See `IReactorTime`."""
        call = DelayedCall(
            self.timeline.now + delay, callable, args, kwargs, _nothing, self._reset, self.seconds
        )
        self.timeline.add(call, self)
        return call

    def getDelayedCalls(self) -> list[IDelayedCall]:
        """See `IReactorTime`; nobody asks in a simulation."""
        return []

    def _reset(self, call: DelayedCall) -> None:
        self.timeline.add(call, self)

    def kill(self) -> None:
        """Let nothing more happen."""
        self.dead = True
        self.timeline.grave.append(self.missed)

    def suspend(self) -> None:
        """Stand still."""
        self.suspended = True

    def resume(self) -> None:
        """Go on; what was missed is due now."""
        self.suspended = False
        missed, self.missed = self.missed, []
        for call in missed:
            self.timeline.add(call, self)


def _nothing(_: DelayedCall) -> None:
    """A cancelled call is passed over when its time has come."""
