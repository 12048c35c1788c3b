"""Submitting opcodes as jobs, and what the options that all such commands share mean."""

from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.follow import follow

PRIORITIES: Final = {"low": 10, "normal": 0, "high": -10}
Opcode = dict[str, Any]


def opcode(name: str, /, **parameters: Any) -> Opcode:
    """Return the opcode *name* with those *parameters* that are not None."""
    given = {key: value for key, value in parameters.items() if value is not None}
    return {"OP_ID": name, **given}


def prepare(context: Context, options: Namespace, op: Opcode) -> Opcode:
    """Return *op* with the common parameters that the command line gives."""
    found = {**op, "reason": context.reason(options.reason)}
    if getattr(options, "priority", None) is not None:
        found["priority"] = PRIORITIES[options.priority]
    if getattr(options, "dry_run", False):
        found["dry_run"] = True
    if options.debug:
        found["debug_level"] = options.debug
    return found


def submit(context: Context, options: Namespace, op: Opcode, method: str = "SubmitJob") -> int:
    """Submit *op* and follow it, or not, as the options say; return the exit code."""
    job = send(context, options, op, method)
    if job is None:
        return 0
    follow(context, job)
    return 0


def result_of(context: Context, options: Namespace, op: Opcode, *, quiet: bool = False) -> Any:
    """Submit *op*, wait for it and return its result."""
    job = context.call("SubmitJob", [prepare(context, options, op)])
    return follow(context, job, quiet=quiet)[0]


def send(context: Context, options: Namespace, op: Opcode, method: str = "SubmitJob") -> int | None:
    """Submit *op* by *method*; return the job's number, or None if it is not to be waited for."""
    job: int = context.call(method, [prepare(context, options, op)])
    if getattr(options, "print_jobid", False):
        context.print(str(job))
        context.flush()
    if getattr(options, "submit_only", False):
        context.tell(f"JobID: {job}")
        return None
    return job


def submit_many(context: Context, options: Namespace, ops: list[tuple[str, Opcode]]) -> int:
    """Submit one job for each (name, opcode); follow them one after another.

    Return 1 if any of them could not be submitted or failed.
    """
    jobs = [[prepare(context, options, op)] for _, op in ops]
    answers = context.call("SubmitManyJobs", jobs)
    numbers = [int(number) for taken, number in answers if taken]
    if getattr(options, "print_jobid", False):
        context.print(",".join(map(str, numbers)))
        context.flush()
    if getattr(options, "submit_only", False):
        for number in numbers:
            context.tell(f"JobID: {number}")
        return int(len(numbers) < len(answers))
    names = [name for name, _ in ops]
    return follow_many(context, [(n, *a) for n, a in zip(names, answers, strict=True)])


def follow_many(context: Context, jobs: list[tuple[str, bool, Any]]) -> int:
    """Follow each (name, taken, number or reason); return 1 if any failed."""
    failed = 0
    for name, taken, number in jobs:
        if not taken:
            context.tell(f"No job for {name}: {number}")
            failed += 1
            continue
        context.print(f"Waiting for job {number} for {name} ...")
        try:
            follow(context, int(number))
        except errors.GanetiError as error:
            context.tell(f"Job {number} for {name} failed: {error.message}")
            failed += 1
    if failed and len(jobs) > 1:
        context.tell(f"{failed} of {len(jobs)} jobs failed.")
    return int(failed > 0)
