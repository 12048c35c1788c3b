"""Jobs as the queue keeps them, in the shape of the reference's job files.

Source: the reference's on-disk formats, section 3. Timestamps are (seconds, microseconds). The
fields `resume` and `undo` are ganetix's own; they are there only while an opcode runs.
"""

from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec

Status = Literal["queued", "waiting", "canceling", "running", "canceled", "success", "error"]
Timestamp = tuple[int, int]
LogEntry = tuple[int, Timestamp, str, Any]

FINAL: Final = frozenset({"canceled", "error", "success"})
PENDING: Final = frozenset({"queued", "waiting", "canceling"})
_STOPS_SCAN: Final = frozenset({"canceling", "canceled", "error"})


class OpRecord(msgspec.Struct, frozen=True):
    """One opcode of a job. *input* is its JSON form with secrets redacted."""

    input: dict[str, Any]
    status: Status = "queued"
    result: Any = None
    log: tuple[LogEntry, ...] = ()
    priority: int = 0
    start_timestamp: Timestamp | None = None
    exec_timestamp: Timestamp | None = None
    end_timestamp: Timestamp | None = None
    resume: Any = msgspec.UNSET
    """Where a resumable wait stands."""
    undo: list[Any] | msgspec.UnsetType = msgspec.UNSET
    """Undo actions of the steps done so far, oldest first."""


class Job(msgspec.Struct, frozen=True):
    """One job."""

    id: int
    ops: tuple[OpRecord, ...]
    received_timestamp: Timestamp | None = None
    start_timestamp: Timestamp | None = None
    end_timestamp: Timestamp | None = None
    archived: bool | msgspec.UnsetType = msgspec.UNSET
    """Set on a job that was read from the archive; never written."""

    @property
    def status(self) -> Status:
        """The job's state, from its opcodes'."""
        return status_of(op.status for op in self.ops)

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self.status in FINAL

    @property
    def priority(self) -> int:
        """The most urgent priority among the opcodes that are not final; 0 if all are."""
        return min((op.priority for op in self.ops if op.status not in FINAL), default=0)


def status_of(states: Iterable[Status]) -> Status:
    """Return the state of a job whose opcodes have *states*, in order."""
    found: Status = "success"
    all_success = True
    for state in states:
        if state == "success":
            continue
        all_success = False
        if state == "queued":
            found = "queued" if found == "success" else found
            continue
        found = state
        if state in _STOPS_SCAN:
            break
    return "success" if all_success else found


def with_op(job: Job, index: int, op: OpRecord) -> Job:
    """Return *job* with *op* in place of opcode *index*."""
    ops = (*job.ops[:index], op, *job.ops[index + 1 :])
    return msgspec.structs.replace(job, ops=ops)


def stamp(wall: float, after: Timestamp | None = None) -> Timestamp:
    """Return *wall* (seconds since the epoch) as a timestamp, never before *after*."""
    micros = int(wall * 1_000_000)
    found = (micros // 1_000_000, micros % 1_000_000)
    return max(found, after) if after is not None else found


def last_stamp(job: Job) -> Timestamp | None:
    """Return the latest timestamp in *job*, so that the next one does not go backwards."""
    stamps = [job.received_timestamp, job.start_timestamp, job.end_timestamp]
    for op in job.ops:
        stamps += [op.start_timestamp, op.exec_timestamp, op.end_timestamp]
        if op.log:
            stamps.append(op.log[-1][1])
    return max((s for s in stamps if s is not None), default=None)


def finished(job: Job, status: Status, result: Any, now: Timestamp) -> Job:
    """Return *job* with every opcode that is not final ended as *status* with *result*."""
    ops = tuple(
        op
        if op.status in FINAL
        else msgspec.structs.replace(
            op,
            status=status,
            result=result,
            end_timestamp=now,
            resume=msgspec.UNSET,
            undo=msgspec.UNSET,
        )
        for op in job.ops
    )
    return msgspec.structs.replace(job, ops=ops, end_timestamp=now)
