"""gnt-job list, watch, wait, cancel, archive, autoarchive and change-priority."""

from argparse import Namespace
from collections.abc import Callable
from typing import Any

from ganetix import errors
from ganetix.cli import filters, lists
from ganetix.cli.context import Context
from ganetix.cli.follow import follow, results, wait
from ganetix.cli.submit import PRIORITIES
from ganetix.cli.units import natural, parse_duration

UNCONFIRMED = 13


def jobs(context: Context, options: Namespace, arguments: list[str]) -> int:
    """List jobs: all, or those with these numbers, states, or a filter."""
    chosen = filters.from_arguments(arguments, force=options.force_filter, field="id", numeric=True)
    if options.status_filter:
        chosen = _both(chosen, _in_state(options.status_filter))
    fields = lists.columns("job", options.output)
    if options.archived and "archived" not in fields:
        fields.append("archived")  # asking for this field is what makes the master look there
    return lists.show(context, options, "job", fields, chosen)


def _in_state(states: tuple[str, ...]) -> filters.Filter:
    return ["|", *(["==", "status", state] for state in states)]


def _both(first: filters.Filter | None, second: filters.Filter) -> filters.Filter:
    return second if first is None else ["&", first, second]


def watch(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Follow a job: its log, then how it ended."""
    job = _number(arguments[0])
    context.print(f"Log of job {job}:")
    context.flush()
    try:
        follow(context, job)
    except errors.JobLost:
        raise
    except errors.GanetiError as error:
        context.tell(f"Job {job} failed: {error.message}")
        return 1
    context.print(f"Job {job} succeeded.")
    return 0


def wait_for(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Wait until a job has ended; return 1 if it failed."""
    job = _number(arguments[0])
    wait(context, job, quiet=True)
    try:
        results(context, job)
    except errors.JobLost:
        raise
    except errors.GanetiError:
        return 1
    return 0


def cancel(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Cancel jobs; return 1 if one could not be."""
    if options.kill and not options.yes_do_it:
        raise errors.OpPrereqError(
            "--kill stops a job whatever it does, and may leave things half done."
            " If you mean it, add --yes-do-it.",
            errors.INVAL,
        )

    def one(number: int) -> tuple[bool, str]:
        arguments = [number, True] if options.kill else [number]
        done, text = context.call("CancelJob", *arguments)
        return done, text

    return _each(context, options, arguments, "Cancel", one)


def change_priority(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Change the priority of jobs that have not ended."""
    if options.priority is None:
        raise errors.OpPrereqError("Say which with --priority low, normal or high.", errors.INVAL)
    priority = PRIORITIES[options.priority]

    def one(number: int) -> tuple[bool, str]:
        done, text = context.call("ChangeJobPriority", number, priority)
        return done, text

    return _each(context, options, arguments, "Change the priority of", one)


def _each(
    context: Context,
    options: Namespace,
    arguments: list[str],
    verb: str,
    one: Callable[[int], tuple[bool, str]],
) -> int:
    """Do *one* to each job; ask first when they were chosen by state."""
    if arguments and options.status_filter:
        raise errors.OpPrereqError("Give numbers of jobs, or a state, but not both.", errors.INVAL)
    numbers = [_number(text) for text in arguments]
    if options.status_filter:
        numbers = _by_state(context, options.status_filter)
        if numbers and not options.force:
            listed = ", ".join(map(str, numbers))
            context.confirm(f"{verb} job(s) {listed}?", code=UNCONFIRMED)
    if not numbers and not options.status_filter:
        raise errors.OpPrereqError(
            "Give numbers of jobs, or a state such as --pending.", errors.INVAL
        )
    good = True
    for number in numbers:
        done, text = one(number)
        good = good and done
        (context.print if done else context.tell)(text)
    return int(not good)


def _by_state(context: Context, states: tuple[str, ...]) -> list[int]:
    answer: dict[str, Any] = context.call("Query", "job", ["id"], _in_state(states))
    return [int(row[0][1]) for row in answer["data"]]


def archive(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Put finished jobs into the archive; return 1 if one could not be."""
    code = 0
    for number in map(_number, arguments):
        if not context.call("ArchiveJob", number):
            context.tell(f"Job {number} was not archived: it has not ended, or is not there.")
            code = 1
    return code


def autoarchive(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Put all jobs into the archive that ended longer ago than the given age."""
    age = -1 if arguments[0] == "all" else parse_duration(arguments[0])
    archived, left = context.call("AutoArchiveJobs", age, 60)
    context.print(f"Archived {archived} jobs, {left} unchecked left")
    return 0


def _number(text: str) -> int:
    number = natural(text)
    if number is None:
        raise errors.OpPrereqError(f"{text!r} is not the number of a job.", errors.INVAL)
    return number
