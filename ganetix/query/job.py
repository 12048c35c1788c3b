"""The fields of jobs, as QueryJobs, WaitForJobChange and Query show them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ganetix import errors
from ganetix.opcodes.table import TABLE

Value = Callable[[Any], Any]
"""Takes a job record (see `ganetix.master.jobs.records`); returns JSON values."""


def _stamp(value: Any) -> Any:
    return None if value is None else list(value)


def summary(op_input: Mapping[str, Any]) -> str:
    """Return the summary of an opcode from its stored form."""
    name = str(op_input["OP_ID"]).removeprefix("OP_")
    struct = TABLE.get(op_input["OP_ID"])
    if struct is None or not struct.summary_field:
        return name
    field = struct.summary_field
    value = op_input.get(field)
    if isinstance(value, list):
        value = ",".join(str(item) for item in value)
    return f"{name}({value})"


ARCHIVED: Final = "archived"
"""The field that, when it is asked for, brings the jobs in the archive too."""
FIELDS: Final[dict[str, Value]] = {
    "id": lambda job: job.id,
    "status": lambda job: job.status,
    "priority": lambda job: job.priority,
    "received_ts": lambda job: _stamp(job.received_timestamp),
    "start_ts": lambda job: _stamp(job.start_timestamp),
    "end_ts": lambda job: _stamp(job.end_timestamp),
    "summary": lambda job: [summary(op.input) for op in job.ops],
    "ops": lambda job: [op.input for op in job.ops],
    "opstatus": lambda job: [op.status for op in job.ops],
    "opresult": lambda job: [op.result for op in job.ops],
    "oplog": lambda job: [[_entry(row) for row in op.log] for op in job.ops],
    "oppriority": lambda job: [op.priority for op in job.ops],
    "opstart": lambda job: [_stamp(op.start_timestamp) for op in job.ops],
    "opexec": lambda job: [_stamp(op.exec_timestamp) for op in job.ops],
    "opend": lambda job: [_stamp(op.end_timestamp) for op in job.ops],
    ARCHIVED: lambda job: bool(job.archived),
}


def _entry(row: Sequence[Any]) -> list[Any]:
    """Return a log entry as JSON values."""
    return [row[0], list(row[1]), row[2], row[3]]


def values(job: Any, fields: Sequence[str]) -> list[Any]:
    """Return the values of *fields*; raise `errors.OpPrereqError` for one that there is not."""
    for name in fields:
        if name not in FIELDS:
            raise errors.OpPrereqError(
                f"Job field '{name}' is not known; 'gnt-job list-fields' shows them.", errors.INVAL
            )
    return [FIELDS[name](job) for name in fields]


def log_after(job: Any, serial: int) -> list[list[Any]]:
    """Return the log entries of all opcodes with a serial above *serial*."""
    return [_entry(row) for op in job.ops for row in op.log if row[0] > serial]
