"""The job queue: jobs as they are submitted, scheduled, run, watched and archived."""

from collections.abc import Sequence
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from ganetix import errors
from ganetix.master.jobs import cancel, recover
from ganetix.master.jobs.admission import Admission, Key
from ganetix.master.jobs.archive import Archive
from ganetix.master.jobs.depends import Dependencies
from ganetix.master.jobs.execute import Executor
from ganetix.master.jobs.records import (
    FINAL,
    Job,
    OpRecord,
    Timestamp,
    finished,
    last_stamp,
    stamp,
    with_op,
)
from ganetix.master.jobs.run import JobRun
from ganetix.master.jobs.scheduler import Scheduler
from ganetix.master.jobs.watch import Watchers
from ganetix.master.store.store import Store
from ganetix.opcodes import codec
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import Dependency
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks

STOP_WAIT: Final = 30.0
"""Seconds that a clean stop waits for the current steps of running jobs."""
STARTS_AT_ONCE: Final = 20
"""Jobs that are started before the reactor gets a turn."""


@attrs.define(eq=False)
class JobQueue:
    """All jobs that are not archived. Also the `Recorder` of running opcodes."""

    store: Store
    clock: Clock
    executor: Executor
    log: Logger = attrs.field(factory=Logger)
    watchers: Watchers = attrs.field(factory=Watchers)
    runs: dict[int, JobRun] = attrs.field(factory=dict, init=False)
    _ops: dict[int, tuple[OpCode, ...]] = attrs.field(factory=dict, init=False)
    _before: dict[int, Job] = attrs.field(factory=dict, init=False)
    """The last durable state of jobs whose final state is still being written."""
    _scheduler: Scheduler = attrs.field(factory=Scheduler, init=False)
    _admission: Admission = attrs.field(factory=Admission, init=False)
    archived: Archive = attrs.field(init=False)
    _depends: Dependencies = attrs.field(init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _scheduling: bool = attrs.field(default=False, init=False)
    _again: IDelayedCall | None = attrs.field(default=None, init=False)
    stopping: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        """Wire the archive and the dependencies to this queue."""
        self.archived = Archive(self.store, self.clock, self.watchers, self.job)
        self._depends = Dependencies(self.store, self.archived)

    # --- reading ---------------------------------------------------------------------------

    def job(self, job_id: int) -> Job:
        """Return the job as it may be shown; raise `errors.JobLost` when it is not here."""
        found = self._before.get(job_id) or self.store.jobs.get(job_id)
        if found is None:
            raise errors.JobLost(f"Job {job_id} is not in the queue; it may have been archived.")
        return found

    def jobs(self) -> list[Job]:
        """Return all jobs by id."""
        return [self._before.get(job_id) or job for job_id, job in sorted(self.store.jobs.items())]

    # --- submitting ------------------------------------------------------------------------

    async def submit(self, ops: Sequence[OpCode], *, drained_too: bool = False) -> int:
        """Submit one job; its id is returned when the job is durable.

        Raise `errors.GenericError` when the queue is drained.
        """
        return (await self.submit_many([ops], drained_too=drained_too))[0]

    async def submit_many(
        self, jobs: Sequence[Sequence[OpCode]], *, drained_too: bool = False
    ) -> list[int]:
        """Submit *jobs* as one commit with consecutive ids."""
        if self.store.drained and not drained_too:
            raise errors.GenericError(
                "The job queue is drained and takes no new jobs; "
                "'gnt-cluster queue undrain' opens it."
            )
        first = self.store.last_job + 1
        made = [self._make(first + n, ops) for n, ops in enumerate(jobs)]
        for job, ops in made:
            self._ops[job.id] = ops
        await self.store.put_jobs(job for job, _ in made)
        for job, ops in made:
            self._enqueue(job, ops)
            self.watchers.changed(job.id)
        self._schedule()
        return [job.id for job, _ in made]

    def _make(self, job_id: int, ops: Sequence[OpCode]) -> tuple[Job, tuple[OpCode, ...]]:
        """Return a new job's record, and its opcodes with reasons and absolute dependencies."""
        now = self.clock.wall()
        whole = tuple(
            msgspec.structs.replace(
                op,
                reason=[*(op.reason or []), _trail(op, job_id, index, now)],
                depends=_absolute(op, job_id),
            )
            for index, op in enumerate(ops)
        )
        records = tuple(OpRecord(codec.encode_stored(op), priority=op.priority) for op in whole)
        return Job(job_id, records, received_timestamp=stamp(now)), whole

    async def submit_children(self, job_id: int, jobs: list[list[OpCode]]) -> list[list[Any]]:
        """Submit jobs for the running job *job_id*."""
        ids = await self.submit_many(jobs, drained_too=True)
        return [[True, child] for child in ids]

    def _enqueue(self, job: Job, ops: Sequence[OpCode]) -> None:
        if self.store.jobs[job.id].final:
            return
        waits_for = self._depends.unfinished(ops)
        self._scheduler.add(job.id, job.priority, waits_for)
        self._reject_if_ruled(job.id)

    # --- filtering -------------------------------------------------------------------------

    def filters_changed(self) -> None:
        """Apply the job filters as they are now to the jobs in the queue."""
        running = [self.store.jobs[job_id] for job_id in self.runs]
        self._admission.load(self.store.cluster.filters, running)
        for job_id in self._scheduler:
            self._reject_if_ruled(job_id)
        self._scheduler.release()
        self._schedule()

    def _reject_if_ruled(self, job_id: int) -> None:
        why = self._admission.rejected(self.store.jobs[job_id])
        if why is not None:
            ended = self._ended(job_id, "canceled", ["GenericError", [why]])
            self._tasks.spawn(f"rejecting job {job_id}", self.finish(ended))

    def _held_by(self, job_id: int) -> Key | None:
        return self._admission.held_by(self.store.jobs[job_id])

    # --- running ---------------------------------------------------------------------------

    def _schedule(self) -> None:
        """Start what may run: not from within itself, and no more than a few in one go.

        A job that waits for nothing is over before its start returns; a thousand of them must
        neither nest nor hold up the reactor.
        """
        if self._scheduling or (self._again is not None and self._again.active()):
            return
        self._scheduling = True
        try:
            self._start_some()
        finally:
            self._scheduling = False

    def _start_some(self) -> None:
        limit = self.store.cluster.cluster.max_running_jobs
        started = 0
        while not self.stopping and len(self.runs) < limit:
            if started == STARTS_AT_ONCE:
                self._again = self.clock.call_later(0, self._schedule)
                return
            job_id = self._scheduler.take(self._held_by)
            if job_id is None:
                return
            started += 1
            self._begin(job_id)

    def _begin(self, job_id: int) -> None:
        self._admission.started(self.store.jobs[job_id])
        run = JobRun(job_id, self._ops[job_id], self, self.executor)
        self.runs[job_id] = run
        self._tasks.spawn(f"job {job_id}", self._run(run))

    async def _run(self, run: JobRun) -> None:
        try:
            verdict, why = await self._depends.verdict(run.ops)
            if verdict == "cancel":
                await self.finish(self._ended(run.job_id, "canceled", ["GenericError", [why]]))
            elif verdict == "error":
                await self.finish(self._ended(run.job_id, "error", ["OpExecError", [why]]))
            else:
                await run.run()
        finally:
            self.leave(run.job_id)

    def leave(self, job_id: int) -> None:
        """Free the place of a job that runs no more; the next one may begin."""
        if self.runs.pop(job_id, None) is not None:
            self._scheduler.release(self._admission.ended(job_id))
            self._schedule()

    def _ended(self, job_id: int, status: Any, result: Any) -> Job:
        return finished(self.store.jobs[job_id], status, result, self.now(job_id))

    def now(self, job_id: int) -> Timestamp:
        """Return the present as a timestamp that is not before any other of the job."""
        return stamp(self.clock.wall(), last_stamp(self.store.jobs[job_id]))

    async def finish(self, job: Job) -> None:
        """Record the final state of *job*; it is shown when it is durable."""
        shown = self.store.jobs[job.id]
        self._before[job.id] = shown
        durable = self.store.put_jobs((job,))
        self._scheduler.discard(job.id)
        self._ops.pop(job.id, None)
        self.leave(job.id)
        await durable
        self._before.pop(job.id, None)
        self.watchers.changed(job.id)
        self._scheduler.ended(job.id)
        self._schedule()

    # --- recording (see `Recorder`) ----------------------------------------------------------

    def op_record(self, job_id: int, index: int) -> OpRecord:
        """Return the record of opcode *index*."""
        return self.store.jobs[job_id].ops[index]

    def record_op(self, job_id: int, index: int, **fields: Any) -> None:
        """Set *fields* of the record of opcode *index*, journalled but not waited for."""
        job = self.store.jobs[job_id]
        fresh = with_op(job, index, msgspec.structs.replace(job.ops[index], **fields))
        if fresh.start_timestamp is None and "start_timestamp" in fields:
            fresh = msgspec.structs.replace(fresh, start_timestamp=fields["start_timestamp"])
        self.store.note_jobs((fresh,))
        self.watchers.changed(job_id)

    def settled(self, job_id: int, index: int) -> Job:
        """Return the job as it is when nothing of opcode *index* is to be undone."""
        job = self.store.jobs[job_id]
        return with_op(job, index, msgspec.structs.replace(job.ops[index], undo=msgspec.UNSET))

    def record_log(self, job_id: int, index: int, kind: str, payload: Any) -> None:
        """Add an entry to the log of opcode *index*; serials rise through the whole job."""
        job = self.store.jobs[job_id]
        serial = max((op.log[-1][0] for op in job.ops if op.log), default=0) + 1
        self.store.put_log(job, index, (serial, self.now(job_id), kind, payload))
        self.watchers.changed(job_id)

    # --- changing ----------------------------------------------------------------------------

    async def cancel(self, job_id: int) -> tuple[bool, str]:
        """Cancel a job that is queued, waiting, or at a place where it can stop."""
        self.job(job_id)
        job = self.store.jobs[job_id]
        run = self.runs.get(job_id)
        if job.final:
            return False, f"Job {job_id} is no longer waiting in the queue: it is {job.status}."
        if run is None:
            await self.finish(self._ended(job_id, "canceled", cancel.RESULT))
            return True, f"Job {job_id} canceled."
        return run.cancel()

    async def change_priority(self, job_id: int, priority: int) -> tuple[bool, str]:
        """Give the opcodes that are not final another priority (-20 to 19)."""
        if not -20 <= priority <= 19:
            raise errors.GenericError(f"Priority {priority} is not between -20 and 19.")
        self.job(job_id)
        job = self.store.jobs[job_id]
        if job.final:
            return False, f"Job {job_id} is finished: its priority can't be changed."
        ops = tuple(
            op if op.status in FINAL else msgspec.structs.replace(op, priority=priority)
            for op in job.ops
        )
        fresh = msgspec.structs.replace(job, ops=ops)
        self._scheduler.reprioritize(job_id, priority)
        if (run := self.runs.get(job_id)) is not None:
            run.change_priority(priority)
        await self.store.put_jobs((fresh,))
        self.watchers.changed(job_id)
        return (
            True,
            f"Priorities of pending opcodes of job {job_id} are {priority} now.",
        )

    # --- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up the jobs that were there when the last master ended."""
        self._admission.load(self.store.cluster.filters, ())
        for job in list(self.jobs()):
            if not job.final:
                await self._take_up(job)
        self._schedule()

    async def _take_up(self, job: Job) -> None:
        try:
            ops = tuple(codec.decode(op.input) for op in job.ops)
        except errors.GanetiError as error:
            await self.finish(finished(job, "error", error.to_wire(), self.now(job.id)))
            return
        fate = recover.fate(job, ops, self.executor)
        if fate == "canceled":
            await self.finish(self._ended(job.id, "canceled", cancel.RESULT))
        elif fate == "error":
            self._tasks.spawn(f"cleaning up job {job.id}", self._clean_up(job, ops))
        else:
            self._ops[job.id] = ops
            self.store.note_jobs((recover.requeued(job),))
            if any(recover.has_begun(op) for op in job.ops):
                # Before all that only waited: nobody else may get at what it has begun.
                self._begin(job.id)
            else:
                self._enqueue(job, ops)

    async def _clean_up(self, job: Job, ops: Sequence[OpCode]) -> None:
        """Undo what an interrupted job had begun, and say so in its result."""
        at = recover.interrupted(job)
        begun = recover.undo_of(job.ops[at])
        failed = await self.executor.take_back(ops[at], f"job {job.id}/{at}", begun)
        await self.finish(self._ended(job.id, "error", recover.result(job, ops, failed)))

    async def stop(self) -> None:
        """Begin nothing new; let running jobs reach a place from which they can go on."""
        self.stopping = True
        for run in list(self.runs.values()):
            run.suspend()
        if self.runs:
            done = Deferred.fromCoroutine(self._tasks.drained())
            timer = self.clock.call_later(STOP_WAIT, done.cancel)
            try:
                await done
            except CancelledError:
                left = sorted(self.runs)
                self.log.warn("Jobs {jobs} are still inside a step; they stop there", jobs=left)
            if timer.active():
                timer.cancel()
        await self._tasks.stop()


def _trail(op: OpCode, job_id: int, index: int, now: float) -> list[Any]:
    """Return the reason trail's entry for the submission of *op*."""
    name = codec.op_id_of(op).removeprefix("OP_").lower()
    return [f"gnt:opcode:{name}", f"job={job_id};index={index}", int(now * 1e9)]


def _absolute(op: OpCode, job_id: int) -> list[Dependency] | None:
    """Return the dependencies of *op* with relative job ids counted back from *job_id*."""
    if op.depends is None:
        return None
    return [(job_id + n if n < 0 else n, states) for n, states in op.depends]
