"""Following a job: its log as it comes, then its result or its error."""

import time
from typing import Any, Final

from ganetix import errors
from ganetix.cli.context import Context, Refused

_WAIT: Final = 60
"""Seconds that one call waits for a change."""
FINAL: Final = frozenset({"canceled", "error", "success"})
_STILL: Final = {
    "queued": "Job {job} is in the queue ...",
    "waiting": "Job {job} waits for locks ...",
}


def follow(context: Context, job: int, *, quiet: bool = False) -> list[Any]:
    """Print the log of *job* as it comes, unless *quiet*; return the results of its opcodes.

    Raise the error that the job failed with, or `JobLost` if it is not in the queue. An interrupt
    from the keyboard ends the following, not the job.
    """
    try:
        wait(context, job, quiet=quiet)
    except KeyboardInterrupt:
        context.tell(f"Job {job} goes on. Follow it again with: gnt-job watch {job}")
        raise Refused from None
    return results(context, job)


def wait(context: Context, job: int, *, quiet: bool = False) -> str:
    """Print the log of *job* as it comes, unless *quiet*; return its final status."""
    seen: list[Any] | None = None
    serial = -1
    told = ""
    while True:
        info, log = context.call("WaitForJobChange", job, ["status"], seen, serial, _WAIT)
        for entry in log:
            serial = max(serial, entry[0])
            if not quiet:
                context.print(*log_lines(entry))
                context.flush()
        status = str(info[0])
        if status in FINAL:
            return status
        if info == seen and not log and not quiet and status in _STILL and told != status:
            context.tell(_STILL[status].format(job=job))
            told = status
        seen = info


def log_lines(entry: list[Any]) -> list[str]:
    """Return the lines for one log entry: serial, time, type, payload."""
    _, (seconds, _), kind, payload = entry
    stamp = time.ctime(seconds)
    match kind, payload:
        case "message-list", list():
            return [f"{stamp} {message}" for message in payload]
        case "message", [_, str() as text]:  # priority and text
            return [f"{stamp} {text}"]
        case _:
            return [f"{stamp} {payload}"]


def results(context: Context, job: int) -> list[Any]:
    """Return the results of the opcodes of *job*, which is final; raise the error of one."""
    [row] = context.call("QueryJobs", [job], ["status", "opstatus", "opresult"])
    if row is None or row[0] is None:
        raise errors.JobLost(f"Job {job} is not in the queue. See: gnt-job list")
    status, op_status, op_result = row
    if status == "success":
        return list(op_result)
    if status == "canceled":
        raise errors.GenericError(_canceled(job, op_result))
    for state, result in zip(op_status, op_result, strict=True):
        if state == "error":
            raise errors.from_wire(result)
    raise errors.OpExecError(f"Job {job} has status {status}. See: gnt-job info {job}")


def _canceled(job: int, op_result: list[Any]) -> str:
    """Return a sentence on a canceled job: the queue's own when it says why."""
    for result in op_result:
        match result:
            case ["GenericError", [str() as why]] if why != "Job was canceled.":
                return why
    return f"Job {job} was canceled."
