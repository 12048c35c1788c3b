"""LUXI methods on jobs: submit, wait, cancel, prioritize, archive."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.luxi.messages import MalformedRequest
from ganetix.master.handler.door import Door, arguments
from ganetix.master.handler.rows import encoded
from ganetix.master.jobs.records import Job
from ganetix.opcodes import codec
from ganetix.opcodes.base import OpCode
from ganetix.query import job as fields_of

SLICE: Final = 200
"""Jobs of one submission that are decoded in one turn of the reactor."""
WAIT_CAP: Final = 89.0
"""Seconds after which WaitForJobChange answers at the latest."""


def _job_id(value: int | str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise MalformedRequest(f"Job id {value!r} is not a number.") from error


def _decoded(raw: list[Any]) -> list[OpCode]:
    try:
        return [codec.decode_submitted(op) for op in raw]
    except errors.GanetiError as error:
        raise MalformedRequest(error.message) from error


async def submit_job(door: Door, args: list[Any]) -> int:
    """SubmitJob: one job; answers its id when it is durable."""
    (ops,) = arguments("SubmitJob", args, tuple[list[Any]])
    return await door.master.queue.submit(_decoded(ops))


async def submit_job_to_drained_queue(door: Door, args: list[Any]) -> int:
    """SubmitJobToDrainedQueue: as SubmitJob, drained or not."""
    (ops,) = arguments("SubmitJobToDrainedQueue", args, tuple[list[Any]])
    return await door.master.queue.submit(_decoded(ops), drained_too=True)


async def submit_many_jobs(door: Door, args: list[Any]) -> list[list[Any]]:
    """SubmitManyJobs: one commit, consecutive ids; the reactor has turns while it is read."""
    (jobs,) = arguments("SubmitManyJobs", args, tuple[list[list[Any]]])
    decoded = [_decoded(ops) for ops in jobs[:SLICE]]
    for start in range(SLICE, len(jobs), SLICE):
        await door.clock.sleep(0)
        decoded += [_decoded(ops) for ops in jobs[start : start + SLICE]]
    if len(jobs) > SLICE:
        await door.clock.sleep(0)
    ids = await door.master.queue.submit_many(decoded)
    return [[True, job_id] for job_id in ids]


async def wait_for_job_change(door: Door, args: list[Any]) -> list[Any]:
    """WaitForJobChange: answers on the change itself, at the latest after `WAIT_CAP` seconds."""
    job, fields, seen, serial, timeout = arguments(
        "WaitForJobChange",
        args,
        tuple[int | str, list[str], list[Any] | None, int | None, float],
    )
    job_id, last = _job_id(job), -1 if serial is None else serial
    end = door.clock.monotonic() + min(max(timeout, 0.0), WAIT_CAP)
    while True:
        found = door.master.queue.job(job_id)
        news = [fields_of.values(found, fields), fields_of.log_after(found, last)]
        if found.final or news[1] or news[0] != seen:
            return news
        if not await _changed(door, job_id, end - door.clock.monotonic()):
            return [seen, []]


async def _changed(door: Door, job_id: int, seconds: float) -> bool:
    """Wait for the next change of a job; false when *seconds* passed without one."""
    if seconds <= 0:
        return False
    try:
        await door.clock.within(seconds, door.master.queue.watchers.wait(job_id))
    except TimeoutError:
        return False
    return True


async def pickup_job(door: Door, args: list[Any]) -> None:
    """PickupJob: internal to the reference; always refused."""
    raise errors.GenericError("PickupJob is internal: jobs are picked up by themselves.")


async def cancel_job(door: Door, args: list[Any]) -> list[Any]:
    """CancelJob: ``[whether, sentence]``; a second argument, kill, is accepted."""
    job, *_ = arguments("CancelJob", [*args, *([False] * (2 - len(args)))], tuple[int | str, bool])
    try:
        return list(await door.master.queue.cancel(_job_id(job)))
    except errors.JobLost as error:
        return [False, error.message]


async def change_job_priority(door: Door, args: list[Any]) -> list[Any]:
    """ChangeJobPriority: ``[whether, sentence]``."""
    job, priority = arguments("ChangeJobPriority", args, tuple[int | str, int])
    try:
        return list(await door.master.queue.change_priority(_job_id(job), priority))
    except errors.JobLost as error:
        return [False, error.message]


async def archive_job(door: Door, args: list[Any]) -> bool:
    """ArchiveJob: whether the job was final and is archived now."""
    (job,) = arguments("ArchiveJob", args, tuple[int | str])
    return await door.master.queue.archived.put(_job_id(job))


async def auto_archive_jobs(door: Door, args: list[Any]) -> list[int]:
    """AutoArchiveJobs: ``[archived, left]``."""
    age, timeout = arguments("AutoArchiveJobs", args, tuple[float, float])
    return list(await door.master.queue.archived.put_old(age, timeout))


async def query_jobs(door: Door, args: list[Any]) -> msgspec.Raw:
    """QueryJobs: a row a job; an unknown id gives a row of nulls.

    Archived ones are there if the field `archived` is asked for.
    """
    ids, fields = arguments("QueryJobs", args, tuple[list[int | str] | None, list[str]])
    fields_of.values(_NOBODY, fields)
    numbers = [_job_id(job) for job in ids or ()]
    queue = door.master.queue
    old = await queue.archived.jobs(numbers or None) if fields_of.ARCHIVED in fields else []
    archived = {job.id: job for job in old}
    found = [_job(door, archived, job_id) for job_id in numbers] or [*old, *queue.jobs()]
    return await encoded(
        door.clock,
        len(found),
        lambda start, end: [_row(job, fields) for job in found[start:end]],
    )


def _job(door: Door, archived: Mapping[int, Job], job_id: int) -> Job | int:
    """Return a job, or its id when there is none of it."""
    try:
        return archived.get(job_id) or door.master.queue.job(job_id)
    except errors.JobLost:
        return job_id


def _row(job: Job | int, fields: list[str]) -> list[Any]:
    if isinstance(job, int):
        return [job if name == "id" else None for name in fields]
    return fields_of.values(job, fields)


_NOBODY: Final = Job(0, ())
