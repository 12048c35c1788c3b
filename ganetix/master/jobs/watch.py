"""Waiters for job changes: woken by the change itself."""

from collections.abc import Callable

import attrs
from twisted.internet.defer import Deferred


@attrs.define(eq=False)
class Watchers:
    """Who waits for which job. Each waiter has a Deferred of its own.

    *told* hears of every change of every job.
    """

    told: Callable[[int], object] = lambda job_id: None
    _waiting: dict[int, list[Deferred[None]]] = attrs.field(factory=dict)

    def wait(self, job_id: int) -> Deferred[None]:
        """Fire at the next change of *job_id*; cancelling it leaves nothing behind."""
        done: Deferred[None] = Deferred(lambda gone: self._forget(job_id, gone))
        self._waiting.setdefault(job_id, []).append(done)
        return done

    def changed(self, job_id: int) -> None:
        """Wake all that wait for *job_id*."""
        self.told(job_id)
        for done in self._waiting.pop(job_id, ()):
            done.callback(None)

    def _forget(self, job_id: int, done: Deferred[None]) -> None:
        rows = self._waiting.get(job_id, [])
        if done in rows:
            rows.remove(done)
        if not rows:
            self._waiting.pop(job_id, None)
