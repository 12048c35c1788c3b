"""The users: they submit jobs, change their minds, and remember everything that they were told."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ganetix.errors import GanetiError
from ganetix.master.jobs.queue import JobQueue
from ganetix.master.jobs.records import Job
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.codec import op_id_of
from ganetix.testing.sim.promises import Broken
from ganetix.testing.sim.world import World

RETRY = 0.5
"""Seconds after which somebody who found no master tries again."""


@attrs.define(eq=False)
class Clients:
    """All users of a world. *told* has each acknowledged job; *ended* what its end was."""

    world: World
    told: dict[int, str] = attrs.field(factory=dict)
    ended: dict[int, tuple[str, list[Any]]] = attrs.field(factory=dict)
    waiting: int = attrs.field(default=0, init=False)
    """Requests that no master has taken yet."""
    _looked: int = attrs.field(default=-1, init=False)

    def submit(self, jobs: Sequence[Sequence[OpCode]]) -> None:
        """Submit *jobs* as one request, as soon as there is a master to take it."""
        self.waiting += 1
        self._submit(jobs)

    def _submit(self, jobs: Sequence[Sequence[OpCode]]) -> None:
        queue = self._queue()
        if queue is None:
            self.world.later(RETRY, self._submit, jobs)
            return
        self.waiting -= 1
        titles = [op_id_of(job[0]) for job in jobs]
        for title in titles:
            self.world.reached(title, "submit")
        self._ask(queue.submit_many(jobs), self._acknowledged, titles)

    def _queue(self) -> JobQueue | None:
        """Return the queue of the master, if it answers now."""
        master = None if self.world.master is None else self.world.master.serving()
        return None if master is None else master.queue

    def _ask(
        self,
        question: Coroutine[Any, Any, Any],
        answered: Callable[..., None],
        *args: object,
    ) -> None:
        """Ask the present master; an answer counts only if clients still talk to it then."""
        daemon = self.world.master

        def answer(result: Any) -> None:
            if daemon is not self.world.master:
                return
            if not isinstance(result, Failure):
                answered(result, *args)
            elif result.check(GanetiError) is None:
                self.world.witness.broken = Broken(f"a client got {result.value!r}")

        asked = Deferred.fromCoroutine(question).addBoth(answer)
        self.world.timeline.grave.append(asked)

    def _acknowledged(self, ids: Sequence[int], titles: Sequence[str]) -> None:
        for job_id, title in zip(ids, titles, strict=True):
            if job_id in self.told:
                self.world.witness.broken = Broken(f"job {job_id} was given to two clients")
            self.told[job_id] = title
            self.world.note(f"job {job_id} ({title}) is acknowledged")

    def cancel_one(self) -> None:
        """Cancel one of the jobs that are not known to have ended."""
        self._bother(lambda queue, job_id: queue.cancel(job_id), "cancel")

    def hurry_one(self) -> None:
        """Give one of those jobs another priority."""
        priority = int(self.world.dice.uniform() * 40) - 20
        self._bother(lambda queue, job_id: queue.change_priority(job_id, priority), "priority")

    def _bother(
        self, question: Callable[[JobQueue, int], Coroutine[Any, Any, Any]], what: str
    ) -> None:
        queue = self._queue()
        open_jobs = self.open_jobs()
        if queue is None or not open_jobs:
            return
        job_id = open_jobs[int(self.world.dice.uniform() * len(open_jobs))]
        self.world.note(f"{what} of job {job_id}")

        def answered(result: tuple[bool, str]) -> None:
            self.world.note(f"{what} of job {job_id}: {result[1]}")

        self._ask(question(queue, job_id), answered)

    def look(self) -> None:
        """Look at all jobs; raise `Broken` if one is gone, or has ended in two ways."""
        daemon = self.world.master
        if daemon is None or daemon.master is None or not daemon.ready:
            return
        shown = daemon.master.store.journal.acknowledged
        if shown == self._looked:
            return
        self._looked = shown
        for job_id in self.told:
            self._look_at(daemon.master.queue, job_id)

    def _look_at(self, queue: JobQueue, job_id: int) -> None:
        try:
            job = queue.job(job_id)
        except GanetiError:
            raise Broken(f"job {job_id} was acknowledged and is gone") from None
        if not job.final:
            if job_id in self.ended:
                raise Broken(f"job {job_id} had ended as {self.ended[job_id]}, and goes on")
            return
        end = (job.status, _results(job))
        if job_id in self.world.rested and "daemon ended inside" in str(end):
            raise Broken(f"job {job_id} was at rest when the master was restarted: {end}")
        known = self.ended.setdefault(job_id, end)
        if known != end:
            raise Broken(f"job {job_id} had ended as {known}, and now as {end}")
        if known is end:
            self.world.note(f"job {job_id} ({self.told[job_id]}) ended: {end[0]} {end[1]}")

    def open_jobs(self) -> list[int]:
        """Return the acknowledged jobs that have not ended."""
        return [job_id for job_id in self.told if job_id not in self.ended]


def _results(job: Job) -> list[Any]:
    """Return the results as they are read back: lists, not tuples."""
    return [msgspec.json.decode(msgspec.json.encode(op.result)) for op in job.ops]
