"""What happened, for who wants to be told: a bounded buffer of numbered events, and its waiters.

An event's id is the boot of the master daemon and a number that rises by one: who names the last id
that it has seen gets what came after it, or is told that something is missing.
"""

from collections import deque
from collections.abc import Awaitable, Mapping
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.master.jobs.watch import Watchers

KEPT: Final = 10_000
"""Events that are kept for who comes back."""

AT_ONCE: Final = 500
"""Events that are given out in one answer."""

_ANY: Final = 0
"""What waiters wait for: there is one kind of waiting only."""


@attrs.frozen
class Event:
    """One event: of *kind* job, log, instance or node."""

    id: str
    kind: str
    data: Mapping[str, Any]


@attrs.frozen
class News:
    """What came after an id: *events*, and the *id* from which to go on.

    With *gap* something between the id and the events is not kept any more.
    """

    id: str
    gap: bool
    events: tuple[Event, ...]


@attrs.define(eq=False)
class EventLog:
    """The newest events of this *boot*, a text that no other start of the daemon has."""

    boot: str
    _kept: deque[Event] = attrs.field(factory=lambda: deque(maxlen=KEPT), init=False)
    _last: int = attrs.field(default=0, init=False)
    _waiting: Watchers = attrs.field(factory=Watchers, init=False)

    @property
    def id(self) -> str:
        """The id of the newest event."""
        return self._id(self._last)

    def _id(self, number: int) -> str:
        return f"{self.boot}-{number}"

    def add(self, kind: str, data: Mapping[str, Any]) -> None:
        """Keep an event and wake who waits."""
        self._last += 1
        self._kept.append(Event(self.id, kind, data))
        self._waiting.changed(_ANY)

    def after(self, seen: str | None) -> News:
        """Return what came after the event *seen*; None stands for the newest.

        Raise `errors.OpPrereqError` for what is no id.
        """
        if seen is None:
            return News(self.id, False, ())
        number = self._number(seen)
        oldest = self._last - len(self._kept)
        gap = number is None or not oldest <= number <= self._last
        start = oldest if gap or number is None else number
        some = self._some(start - oldest)
        return News(some[-1].id if some else self._id(start), gap, some)

    def _some(self, start: int) -> tuple[Event, ...]:
        stop = min(start + AT_ONCE, len(self._kept))
        # A deque is quick at its ends only; who follows is at the end.
        return tuple(self._kept[index] for index in range(start, stop))

    def _number(self, seen: str) -> int | None:
        """Return the number in the id *seen*, None when it is of another boot."""
        boot, found, number = seen.rpartition("-")
        if not found or not (number.isascii() and number.isdigit()) or len(number) > 18:
            raise errors.OpPrereqError(
                f"'{seen}' is not the id of an event; leave it out to begin with what comes now.",
                errors.INVAL,
            )
        return int(number) if boot == self.boot else None

    def wait(self) -> Awaitable[None]:
        """Fire at the next event; cancelling it leaves nothing behind."""
        return self._waiting.wait(_ANY)
