"""Which job runs next: pure bookkeeping of priorities, the running limit and dependencies."""

import heapq
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import attrs

from ganetix.master.jobs.records import FINAL, Status

Verdict = Literal["run", "cancel", "error"]


def _free(job_id: int) -> None:
    """Hold nothing."""


@attrs.define
class Scheduler:
    """Queued jobs by (priority, id), and the jobs that wait for others.

    A smaller priority is more urgent; within a priority the older job goes first.
    """

    _ready: list[tuple[int, int]] = attrs.field(factory=list)
    _priority: dict[int, int] = attrs.field(factory=dict)
    _waiting: dict[int, set[int]] = attrs.field(factory=dict)
    """Job to the jobs that it still waits for."""
    _waiters: dict[int, set[int]] = attrs.field(factory=dict)
    """Job to the jobs that wait for it."""
    _held: dict[Hashable, set[int]] = attrs.field(factory=dict)
    """What keeps jobs from starting to those jobs."""

    def add(self, job_id: int, priority: int, waits_for: Iterable[int] = ()) -> None:
        """Queue *job_id*; it is not ready before all of *waits_for* are final."""
        self._priority[job_id] = priority
        missing = set(waits_for)
        if not missing:
            heapq.heappush(self._ready, (priority, job_id))
            return
        self._waiting[job_id] = missing
        for other in missing:
            self._waiters.setdefault(other, set()).add(job_id)

    def discard(self, job_id: int) -> None:
        """Take *job_id* out of the queue."""
        self._priority.pop(job_id, None)
        for other in self._waiting.pop(job_id, ()):
            self._waiters[other].discard(job_id)

    def reprioritize(self, job_id: int, priority: int) -> None:
        """Change the priority of a queued job."""
        if job_id in self._priority:
            self._priority[job_id] = priority
            if job_id not in self._waiting:
                heapq.heappush(self._ready, (priority, job_id))

    def ended(self, job_id: int) -> None:
        """Tell that *job_id* is final: those that waited for it alone are ready."""
        for waiter in sorted(self._waiters.pop(job_id, ())):
            missing = self._waiting[waiter]
            missing.discard(job_id)
            if not missing:
                del self._waiting[waiter]
                heapq.heappush(self._ready, (self._priority[waiter], waiter))

    def take(self, held_by: Callable[[int], Hashable | None] = _free) -> int | None:
        """Return the next job and take it out; None when none is ready.

        *held_by* says what keeps a job from starting; it is not ready again before `release`.
        """
        while self._ready:
            priority, job_id = heapq.heappop(self._ready)
            if self._priority.get(job_id) != priority:
                continue
            key = held_by(job_id)
            if key is None:
                del self._priority[job_id]
                return job_id
            self._held.setdefault(key, set()).add(job_id)
        return None

    def release(self, keys: Iterable[Hashable] | None = None) -> None:
        """Look again at the jobs that *keys* hold, None: at all."""
        for key in list(self._held) if keys is None else keys:
            for job_id in self._held.pop(key, ()):
                if job_id in self._priority:
                    heapq.heappush(self._ready, (self._priority[job_id], job_id))

    def __iter__(self) -> Iterator[int]:
        """Return the queued jobs, those that wait and those that are held included."""
        return iter(list(self._priority))

    def __contains__(self, job_id: int) -> bool:
        """Whether *job_id* is queued here."""
        return job_id in self._priority


def verdict(
    depends: Iterable[tuple[int, Sequence[str]]], states: Mapping[int, Status | None]
) -> tuple[Verdict, str]:
    """Say what becomes of a job with *depends* when its dependencies ended as *states*.

    Source: the reference's job behaviour. A canceled dependency that is not accepted cancels; an
    unaccepted or unknown one is an error; an empty list accepts success and error.
    """
    for job_id, accepted in depends:
        state = states.get(job_id)
        if state is None or state not in FINAL:
            return "error", f"Job {job_id}, on which this job depends, is not known."
        if state in accepted or (not accepted and state != "canceled"):
            continue
        if state == "canceled":
            return "cancel", f"Job {job_id}, on which this job depends, was canceled."
        wanted = ", ".join(accepted)
        return "error", f"Job {job_id}, on which this job depends, ended as {state}, not {wanted}."
    return "run", ""
