"""Jobs and the rules that hold them back."""

from typing import Any, Final

from ganetix.rapi.faults import bad_request, not_found
from ganetix.rapi.nouns import JOBS
from ganetix.rapi.request import Request

WAIT: Final = 10.0
"""Seconds after which a wait for a job's change is answered with null."""

FINAL: Final = frozenset(("canceled", "error", "success"))


async def job(request: Request) -> dict[str, Any]:
    """Answer one job; the master gives a row of nulls for one that is not there."""
    number = int(request.names["job_id"])
    [row] = await JOBS.query(request, [number], JOBS.fields)
    found = dict(zip(JOBS.fields, row, strict=True))
    if found["status"] is None:
        raise not_found(f"There is no job {number}; it may have been archived.")
    return found


async def cancel(request: Request) -> Any:
    """Cancel a job; whether that was done, and a sentence."""
    return await request.luxi.call("CancelJob", int(request.names["job_id"]))


async def wait(request: Request) -> dict[str, Any] | None:
    """Answer a job's next change, or null when there was none in a while."""
    body = request.struct()
    fields, before = body.get("fields"), body.get("previous_job_info")
    serial = body.get("previous_log_serial")
    if not _texts(fields):
        raise bad_request("The body needs 'fields', a list of field names.")
    if not isinstance(before, list | None) or not isinstance(serial, int | None):
        raise bad_request("'previous_job_info' must be a list and 'previous_log_serial' a number.")
    number = int(request.names["job_id"])
    info, log = await request.luxi.call("WaitForJobChange", number, fields, before, serial, WAIT)
    if info == before and not log and not await _ended(request, number):
        return None
    return {"job_info": info, "log_entries": log}


async def _ended(request: Request, number: int) -> bool:
    [[status]] = await request.luxi.call("QueryJobs", [number], ["status"])
    return status in FINAL


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


async def add_filter(request: Request) -> Any:
    """Make a filter rule; answer its uuid."""
    return await _replace(request, None)


async def replace_filter(request: Request) -> Any:
    """Replace a filter rule, or make it under this uuid."""
    return await _replace(request, request.names["filter_uuid"])


async def _replace(request: Request, uuid: str | None) -> Any:
    body = request.params()
    given = {
        "priority": body.pop("priority", 0),
        "predicates": body.pop("predicates", []),
        "action": body.pop("action", "CONTINUE"),
        "reason": body.pop("reason", []),
    }
    if body:
        raise bad_request(f"A filter has no '{min(body)}'; it has {', '.join(given)}.")
    for name, kind in (("priority", int), ("predicates", list), ("reason", list)):
        if not isinstance(given[name], kind) or isinstance(given[name], bool):
            raise bad_request(f"'{name}' of a filter must be {_KINDS[kind]}.")
    if not all(isinstance(row, list) for row in given["predicates"]):
        raise bad_request("Each predicate of a filter must be a list.")
    trail = [*given.pop("reason"), *request.reason()]
    return await request.luxi.call("ReplaceFilter", uuid, *given.values(), trail)


_KINDS: Final[dict[type, str]] = {int: "a whole number", list: "a list"}


async def delete_filter(request: Request) -> None:
    """Remove a filter rule."""
    await request.luxi.call("DeleteFilter", request.names["filter_uuid"])
