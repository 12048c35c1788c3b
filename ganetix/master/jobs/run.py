"""One running job: its opcodes one after the other, until the end, a failure, or a stop."""

from collections.abc import Sequence
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from ganetix import errors
from ganetix.master.jobs import cancel, recover
from ganetix.master.jobs.context import JobContext, JobOwner
from ganetix.master.jobs.execute import Executor, Turn
from ganetix.master.jobs.records import finished, with_op
from ganetix.master.locks.held import Held
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.codec import op_id_of
from ganetix.toolkit.logcontext import working_for


@attrs.define(eq=False)
class JobRun:
    """Runs the opcodes of one job that are not final yet."""

    job_id: int
    ops: Sequence[OpCode]
    queue: JobOwner
    executor: Executor
    _context: JobContext | None = attrs.field(default=None, init=False)
    _waiting: Deferred[Held] | None = attrs.field(default=None, init=False)
    _canceled: bool = attrs.field(default=False, init=False)
    _suspended: bool = attrs.field(default=False, init=False)

    async def run(self) -> None:
        """Run to the end; the job's final state is recorded before this returns."""
        for index, op in enumerate(self.ops):
            if self.queue.op_record(self.job_id, index).status == "success":
                continue
            if self._canceled:
                await self._end("canceled", cancel.RESULT)
                return
            if self._suspended or not await self._run_op(index, op):
                return

    async def _run_op(self, index: int, op: OpCode) -> bool:
        """Run one opcode; whether the job goes on with the next."""
        try:
            with working_for(job=self.job_id, opcode=op_id_of(op)):
                result = await self._execute(index, op)
        except CancelledError:
            await self._stopped()
            return False
        except errors.GanetiError as error:
            self.queue.log.info("Job {job} failed: {why}", job=self.job_id, why=error.message)
            await self._end("error", error.to_wire())
            return False
        except Exception as error:  # noqa: BLE001 - a defect must end the job, not hang it
            self.queue.log.failure("Job {job} met a defect", Failure(), job=self.job_id)
            await self._end("error", _defect(op, error))
            return False
        await self._succeeded(index, result)
        return True

    async def _execute(self, index: int, op: OpCode) -> Any:
        record = self.queue.op_record(self.job_id, index)
        resumed = None if record.resume is msgspec.UNSET else record.resume
        around, begun = self.executor.around, recover.undo_of(record)
        self._context = JobContext(around, self.queue, self.job_id, index, resumed, undo=begun)
        if resumed is None:
            start = self.queue.now(self.job_id)
            self._record(index, status="waiting", start_timestamp=start)
        turn = Turn(
            self._priority, lambda wait: self._wait(index, wait), lambda: self._running(index)
        )
        return await self.executor.run(op, self._context, turn)

    def _priority(self) -> int:
        return self.queue.store.jobs[self.job_id].priority

    def _wait(self, index: int, wait: Deferred[Held]) -> None:
        self._waiting = wait
        if self.queue.op_record(self.job_id, index).status == "running":
            self._record(index, status="waiting")

    def _running(self, index: int) -> None:
        self._waiting = None
        if self._canceled or self._suspended:
            raise CancelledError
        now = self.queue.now(self.job_id)
        self._record(index, status="running", exec_timestamp=now)

    def _record(self, index: int, **fields: Any) -> None:
        self.queue.record_op(self.job_id, index, **fields)

    async def _succeeded(self, index: int, result: Any) -> None:
        job = self.queue.store.jobs[self.job_id]
        now = self.queue.now(self.job_id)
        done = msgspec.structs.replace(
            job.ops[index],
            status="success",
            result=result,
            end_timestamp=now,
            resume=msgspec.UNSET,
            undo=msgspec.UNSET,
        )
        fresh = with_op(job, index, done)
        if index + 1 < len(self.ops):
            self._record(index, **{f: getattr(done, f) for f in done.__struct_fields__})
            return
        await self.queue.finish(msgspec.structs.replace(fresh, end_timestamp=now))

    async def _end(self, status: Any, result: Any) -> None:
        job = self.queue.store.jobs[self.job_id]
        await self.queue.finish(finished(job, status, result, self.queue.now(self.job_id)))

    async def _stopped(self) -> None:
        """The opcode was cancelled: by the user, or by a clean stop, from which it goes on."""
        if self._suspended and not self._canceled:
            return
        if self._context is not None:
            await self.executor.undo_told(self._context)
        await self._end("canceled", cancel.RESULT)

    def cancel(self) -> tuple[bool, str]:
        """Cancel where the job can stop; else after the opcode that runs."""
        self._canceled = True
        if self._interrupt():
            return True, f"Job {self.job_id} canceled."
        if self._at_last_op():
            self._canceled = False
            return False, f"Job {self.job_id} runs its last opcode, which can't be stopped here."
        return True, f"Job {self.job_id} will be canceled when its running opcode is done."

    def _at_last_op(self) -> bool:
        return self._context is not None and self._context.index + 1 == len(self.ops)

    def suspend(self) -> None:
        """Stop at a place from which the job can go on, now or when it gets to one."""
        self._suspended = True
        if self._context is not None:
            self._context.suspended = True
        self._interrupt()

    def _interrupt(self) -> bool:
        """Cancel a wait for locks or a rest; whether there was one."""
        resting = None if self._context is None else self._context.resting
        for wait in (self._waiting, resting):
            if wait is not None and not wait.called:
                wait.cancel()
                return True
        return False

    def change_priority(self, priority: int) -> None:
        """Let a wait for locks go on with *priority*."""
        if self._context is not None:
            owner = f"job {self.job_id}/{self._context.index}"
            self.executor.locks.change_priority(owner, priority)


def _defect(op: OpCode, error: Exception) -> list[Any]:
    told = f"{op_id_of(op)} met a defect in ganetix ({type(error).__name__}: {error}). "
    return ["OpExecError", [f"{told}The master daemon's log has the details."]]
