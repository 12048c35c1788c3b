"""What becomes of a job that was not final when the last master ended: pure decisions."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ganetix.master.jobs.execute import Executor
from ganetix.master.jobs.records import FINAL, PENDING, Job, OpRecord
from ganetix.master.logic.unit import UndoAction
from ganetix.opcodes import codec
from ganetix.opcodes.base import OpCode

Fate = Literal["queued", "canceled", "error"]
"""An error with undo actions, or of a job whose secrets are gone: see `result`."""


def fate(job: Job, ops: Sequence[OpCode], executor: Executor) -> Fate:
    """Say what becomes of *job*: it goes on (from where it rested), is canceled, or fails."""
    for record, op in zip(job.ops, ops, strict=True):
        if record.status == "canceling":
            return "canceled"
        if record.status == "running":
            unit = executor.units.get(type(op))
            again = record.undo is msgspec.UNSET and unit is not None and unit.resumable
            if record.resume is msgspec.UNSET and not again:
                return "error"
    return "error" if secrets_lost(job, ops) else "queued"


def secrets_lost(job: Job, ops: Sequence[OpCode]) -> list[str]:
    """Return the secret parameters that *job* still needs and that were never stored."""
    waiting = (op for row, op in zip(job.ops, ops, strict=True) if row.status not in FINAL)
    return [name for op in waiting for name in codec.lost_secrets(op)]


def requeued(job: Job) -> Job:
    """Return *job* with its waiting opcodes queued again."""
    return msgspec.structs.replace(job, ops=tuple(_requeued(op) for op in job.ops))


def _requeued(op: OpRecord) -> OpRecord:
    return msgspec.structs.replace(op, status="queued") if op.status == "waiting" else op


def has_begun(op: OpRecord) -> bool:
    """Tell whether *op* was interrupted: it ran, or waited for locks to go on after a rest."""
    return op.status == "running" or (op.status in PENDING and op.resume is not msgspec.UNSET)


def interrupted(job: Job) -> int:
    """Return the index of the opcode that was interrupted; 0 if none was."""
    return next((index for index, op in enumerate(job.ops) if has_begun(op)), 0)


def undo_of(op: OpRecord) -> list[UndoAction]:
    """Return what *op* wants undone, oldest first."""
    return [] if op.undo is msgspec.UNSET else msgspec.convert(op.undo, list[UndoAction])


def result(job: Job, ops: Sequence[OpCode], failed: list[str]) -> list[Any]:
    """Return the error result of an interrupted job; *failed* are undo actions that failed."""
    if lost := secrets_lost(job, ops):
        told = f"Secret parameters ({', '.join(lost)}) are never stored, and the master daemon was"
        return ["OpExecError", [f"{told} restarted before they were used; submit the job again."]]
    running = job.ops[interrupted(job)]
    told = f"The master daemon ended inside {running.input.get('OP_ID', 'the opcode')}; "
    if failed:
        told += " ".join(failed)
    elif undo_of(running):
        told += "what it had begun was undone."
    else:
        told += "what it had done by then stays."
    told += " 'gnt-cluster verify' names what is left of it; mend that, and repeat the command."
    return ["OpExecError", [told]]
