"""gnt-debug delay, locks, submit-job and the tests of queue and secrets."""

import json
from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli import lists
from ganetix.cli.context import Context
from ganetix.cli.submit import follow_many, opcode, prepare, result_of, submit
from ganetix.cli.values import number

_MOST: Final = 100_000
"""Copies of a file's opcodes, in one job or in several."""


def delay(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Run a job that waits."""
    try:
        seconds = number(arguments[0])
    except ValueError:
        raise errors.OpPrereqError(
            f"{arguments[0]!r} is not a number of seconds.", errors.INVAL
        ) from None
    op = opcode(
        "OP_TEST_DELAY",
        duration=seconds,
        on_master=options.on_master,
        on_nodes=options.on_nodes,
        repeat=options.repeat,
        interruptible=options.interruptible,
        no_locks=options.no_locks,
    )
    return submit(context, options, op)


def test_jobqueue(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Run one job that succeeds and one that fails; return 1 if either does not."""
    messages = ["first", "second"]
    good = opcode("OP_TEST_JQUEUE", notify_waitlock=True, notify_exec=True, log_messages=messages)
    if result_of(context, options, good) is not True:
        raise errors.OpExecError("The job that was to succeed had another result.")
    try:
        result_of(context, options, opcode("OP_TEST_JQUEUE", fail=True))
    except errors.OpExecError as error:
        context.print(f"The job that was to fail has failed: {error.message}")
        return 0
    context.tell("The job that was to fail succeeded.")
    return 1


def test_osparams(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Send secrets that nobody may ever show."""
    op = opcode("OP_TEST_OS_PARAMS", osparams_secret=options.osparams_secret)
    return submit(context, options, op)


_REFUSED = {
    "metad": "There is no metadata daemon: guests get their data from cloud-init's NoCloud disk.",
    "wconfd": "There is no daemon beside the master daemon that keeps the configuration; "
    "'gnt-debug manhole' opens a console in the master daemon.",
}


def refused(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Say why this does not exist here."""
    raise errors.OpPrereqError(_REFUSED[context.name], errors.INVAL)


def locks(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show the locks, once or again and again."""
    fields = lists.columns("lock", options.output)
    while True:
        code = lists.show(context, options, "lock", fields, None)
        if code or not options.interval:
            return code
        context.print("")
        context.flush()
        context.world.sleep(options.interval)


def stalls(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show what the master daemon says of itself."""
    found = context.call("QueryDaemon")
    milliseconds = {name: round(found[name] * 1000) for name in ("longest_cpu", "longest")}
    context.print(f"Stalls over 50 ms of CPU: {found['stalls']}")
    context.print(f"Longest turn: {milliseconds['longest_cpu']} ms of CPU")
    context.print(f"Longest turn elapsed: {milliseconds['longest']} ms")
    context.print(f"Running jobs: {found['running_jobs']}")
    context.print(f"Journal: epoch {found['epoch']}, serial {found['serial']}")
    context.print(f"Journal size: {found['journal_bytes']} bytes")
    context.print(f"Candidates in sync: {', '.join(found['in_sync']) or '(none)'}")
    context.print(f"Candidates behind: {', '.join(found['behind']) or '(none)'}")
    return 0


def submit_job(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Submit the jobs in files, and follow them."""
    begun = context.world.nanoseconds()
    if not 0 < options.rep_op * options.rep_job <= _MOST:
        raise errors.OpPrereqError(
            f"--op-repeat and --job-repeat must be 1 or more, and at most {_MOST} together.",
            errors.INVAL,
        )
    jobs = [(path, _job(context, options, path)) for path in arguments] * options.rep_job
    if options.verbose:
        context.print(*(f"Submitting {path} with {len(ops)} operations." for path, ops in jobs))
    taken = _taken(context, options, [ops for _, ops in jobs])
    submitted = context.world.nanoseconds()
    code = follow_many(
        context, [(path, *answer) for (path, _), answer in zip(jobs, taken, strict=True)]
    )
    if options.timing_stats:
        ended = context.world.nanoseconds()
        count = sum(len(ops) for _, ops in jobs)
        context.print(
            f"C:op     {count:4d}",
            f"C:job    {len(jobs):4d}",
            f"T:submit {(submitted - begun) / 1e9:.4f}",
            f"T:exec   {(ended - submitted) / 1e9:.4f}",
            f"T:total  {(ended - begun) / 1e9:.4f}",
        )
    return code


def _taken(context: Context, options: Namespace, jobs: list[list[Any]]) -> list[tuple[bool, Any]]:
    if options.each:
        return [(True, context.call("SubmitJob", ops)) for ops in jobs]
    return [(taken, number) for taken, number in context.call("SubmitManyJobs", jobs)]


def _job(context: Context, options: Namespace, path: str) -> list[dict[str, Any]]:
    try:
        with open(path, encoding="utf-8") as file:
            ops = json.load(file)
    except OSError as error:
        raise errors.OpPrereqError(
            f"{path} can't be read: {error.strerror}.", errors.INVAL
        ) from None
    except (ValueError, RecursionError) as error:
        raise errors.OpPrereqError(
            f"{path} is not JSON ({error}); it must hold a list of opcodes.", errors.INVAL
        ) from None
    if not isinstance(ops, list) or not all(isinstance(op, dict) for op in ops):
        raise errors.OpPrereqError(f"{path} does not hold a list of opcodes.", errors.INVAL)
    prepared = [prepare(context, options, op) for op in ops]
    return prepared * int(options.rep_op)
