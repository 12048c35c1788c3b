"""What becomes of a job that was not final when the last master ended: pure decisions."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ganetix.master.jobs.execute import Executor
from ganetix.master.jobs.records import FINAL, Job, OpRecord
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


def undo_actions(job: Job) -> list[UndoAction]:
    """Return what *job*'s running opcode wants undone, oldest first."""
    return [action for op in job.ops if op.status == "running" for action in undo_of(op)]


def undo_of(op: OpRecord) -> list[UndoAction]:
    """Return what *op* wants undone, oldest first."""
    return [] if op.undo is msgspec.UNSET else msgspec.convert(op.undo, list[UndoAction])


def result(job: Job, ops: Sequence[OpCode], failed: list[str]) -> list[Any]:
    """Return the error result of an interrupted job; *failed* are undo actions that failed."""
    if lost := secrets_lost(job, ops):
        told = f"Secret parameters ({', '.join(lost)}) are never stored, and the master daemon was"
        return ["OpExecError", [f"{told} restarted before they were used; submit the job again."]]
    running = next((op for op in job.ops if op.status == "running"), job.ops[0])
    what = running.input.get("OP_ID", "the opcode")
    told = f"The master daemon ended inside {what}; "
    told += "what it had begun was undone." if not failed else " ".join(failed)
    return ["OpExecError", [f"{told} Run 'gnt-cluster verify', then repeat the command."]]
