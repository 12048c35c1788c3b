"""gnt-job info."""

import json
from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli import output, table
from ganetix.cli.context import Context
from ganetix.cli.filters import from_arguments
from ganetix.cli.units import natural

_FIELDS: Final = (
    "id", "status", "ops", "opresult", "opstatus", "oplog", "opstart", "opexec", "opend",
    "received_ts", "start_ts", "end_ts", "archived",
)  # fmt: skip


def info(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show jobs in detail; return 1 if one is not there."""
    for text in arguments:
        if natural(text) is None:
            raise errors.OpPrereqError(f"{text!r} is not the number of a job.", errors.INVAL)
    chosen = from_arguments(arguments, force=False, field="id", numeric=True)
    answer = context.call("Query", "job", list(_FIELDS), chosen)
    rows = [
        {field: value for field, (_, value) in zip(_FIELDS, row, strict=True)}
        for row in answer["data"]
    ]
    jobs = [job for job in rows if job["status"] is not None]
    output.show(
        context, options, jobs, lambda: (line for job in jobs for line in (*_shown(job), ""))
    )
    for job, number in zip(rows, arguments, strict=True):
        if job["status"] is None:
            context.tell(f"Job {number} is not known. See: gnt-job list --archived")
    return int(len(jobs) < len(rows))


def _shown(job: dict[str, Any]) -> list[str]:
    lines = [f"- Job ID: {job['id']}", f"  Status: {job['status']}"]
    for title, key in (
        ("Received", "received_ts"),
        ("Processing start", "start_ts"),
        ("Processing end", "end_ts"),
    ):
        lines.append(f"  {title}: {table.job_time(job[key])}")
    lines.append("  Opcodes: ")
    parts = zip(
        job["ops"], job["opresult"], job["opstatus"], job["oplog"],
        job["opstart"], job["opexec"], job["opend"], strict=True,
    )  # fmt: skip
    for part in parts:
        lines += [f"    {line}" for line in _opcode(*part)]
    return lines


def _opcode(
    op: dict[str, Any],
    result: Any,
    status: str,
    log: list[Any],
    start: list[int] | None,
    execution: list[int] | None,
    end: list[int] | None,
) -> list[str]:
    lines = [
        f"- {op['OP_ID']}:",
        f"    Status: {status}",
        f"    Processing start: {table.job_time(start)}",
        f"    Execution start: {table.job_time(execution)}",
        f"    Processing end: {table.job_time(end)}",
        "    Input fields:",
    ]
    for key in sorted(op.keys() - {"OP_ID"}):
        lines.append(f"      {key}: {_value(op[key])}")
    lines.append(f"    Result: {_value(result)}")
    lines.append("    Execution log:")
    for serial, moment, kind, payload in log:
        lines.append(f"      {serial}:{table.job_time(moment)}:{kind} {_value(payload)}")
    return lines


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
