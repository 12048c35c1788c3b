"""Carrying burnin's steps out: jobs, one after another or all at once, and tidying up."""

import urllib.error
import urllib.request
from argparse import Namespace
from typing import Any

from ganetix import errors
from ganetix.cli.burnin.plan import MIRRORED, Step, Wanted, placed, remove, steps
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import Opcode, opcode, prepare, result_of


def burn(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Take the instances through all steps; return 1 when one failed.

    Whatever happens the instances are removed, unless they are to be kept.
    """
    nodes = _nodes(context, options)
    _check(context, options, arguments, nodes)
    wanted = placed(arguments, nodes, options.iallocator)
    made: set[str] = set()
    try:
        for number, step in enumerate(steps(options, len(nodes))):
            _carry_out(context, options, step, wanted, set() if number else made)
    except errors.GanetiError as error:
        context.tell(f"burnin failed: {error.message}")
        return 1
    finally:
        _tidy_up(context, options, [one for one in wanted if one.name in made])
    context.print("All steps succeeded.")
    return 0


def _nodes(context: Context, options: Namespace) -> list[str]:
    """Return the usable nodes that the options leave, by name."""
    fields = ["name", "offline", "drained", "vm_capable"]
    rows = context.call("QueryNodes", [], fields, False)
    usable = [name for name, offline, drained, capable in rows if capable and not offline | drained]
    chosen = [name for name in options.nodes.split(",") if name]
    strange = sorted(set(chosen) - set(usable))
    if strange:
        raise errors.OpPrereqError(
            f"Not usable as nodes: {', '.join(strange)}. Usable are: {', '.join(usable)}.",
            errors.INVAL,
        )
    return chosen or usable


def _check(context: Context, options: Namespace, names: list[str], nodes: list[str]) -> None:
    """Refuse what can't work before anything is made; raise `errors.OpPrereqError`."""
    if options.os is None:
        raise errors.OpPrereqError("Say which operating system with -o OS.", errors.INVAL)
    if options.iallocator and options.nodes:
        raise errors.OpPrereqError("Give either --nodes or --iallocator, not both.", errors.INVAL)
    if len(set(names)) < len(names):
        raise errors.OpPrereqError("An instance is named twice.", errors.INVAL)
    if options.rename and len(names) != 1:
        raise errors.OpPrereqError("--rename takes exactly one instance.", errors.INVAL)
    if options.http_check and not options.name_check:
        raise errors.OpPrereqError("-C needs the name check.", errors.INVAL)
    if options.disk_template in MIRRORED and len(nodes) < 2:
        raise errors.OpPrereqError("DRBD needs two nodes.", errors.INVAL)
    op = opcode("OP_OS_DIAGNOSE", output_fields=["name", "variants", "valid"], names=[])
    known = {
        full
        for name, variants, valid in result_of(context, options, op, quiet=True)
        if valid
        for full in ([f"{name}+{variant}" for variant in variants] if variants else [name])
    }
    if options.os not in known:
        raise errors.OpPrereqError(
            f"No node set has the operating system {options.os}; there are: "
            f"{', '.join(sorted(known)) or 'none'}.",
            errors.NOENT,
        )


def _carry_out(
    context: Context, options: Namespace, step: Step, wanted: list[Wanted], done: set[str]
) -> None:
    """Do *step* for all instances; the names of those whose job succeeded go into *done*."""
    context.print(step.title)
    jobs = [(one.name, step.ops(options, one)) for one in wanted]
    if options.parallel:
        _together(context, options, jobs, done)
    else:
        for name, ops in jobs:
            _one(context, options, name, ops)
            done.add(name)
    if step.starts and options.http_check:
        for one in wanted:
            _http_check(one.name, options.net_timeout)


def _prepared(context: Context, options: Namespace, ops: list[Opcode]) -> list[Opcode]:
    return [prepare(context, options, op) for op in ops]


def _one(context: Context, options: Namespace, name: str, ops: list[Opcode]) -> None:
    context.print(f"  {name}")
    context.flush()
    job = context.call("SubmitJob", _prepared(context, options, ops))
    follow(context, job, quiet=not options.verbose)


def _together(
    context: Context, options: Namespace, jobs: list[tuple[str, list[Opcode]]], done: set[str]
) -> None:
    context.print(*(f"  {name}" for name, _ in jobs))
    context.flush()
    answers = context.call("SubmitManyJobs", [_prepared(context, options, ops) for _, ops in jobs])
    failed: list[str] = []
    for (name, _), (taken, number) in zip(jobs, answers, strict=True):
        if not taken:
            failed.append(f"{name}: {number}")
            continue
        try:
            follow(context, number, quiet=not options.verbose)
        except errors.GanetiError as error:
            failed.append(f"{name}: {error.message}")
        else:
            done.add(name)
    if failed:
        raise errors.OpExecError(" ".join(failed))


def _tidy_up(context: Context, options: Namespace, made: list[Wanted]) -> None:
    """Remove the instances that were made, each though another could not be."""
    if not made or options.keep_instances:
        return
    context.print("Removing instances")
    for one in made:
        try:
            _one(context, options, one.name, [remove(one)])
        except errors.GanetiError as error:
            context.tell(f"Instance {one.name} was not removed: {error.message}")


def _http_check(name: str, seconds: int) -> None:
    """Raise `errors.OpExecError` unless the instance's web server tells its own name."""
    try:
        with urllib.request.urlopen(f"http://{name}/hostname.txt", timeout=seconds) as answer:
            told: Any = answer.read(1024).decode(errors="replace").strip()
    except (urllib.error.URLError, OSError) as error:
        raise errors.OpExecError(f"Instance {name} does not answer over HTTP: {error}.") from error
    if told != name:
        raise errors.OpExecError(f"Instance {name} says over HTTP that it is {told!r}.")
