"""gnt-instance startup, shutdown, reboot and reinstall: the commands for several instances."""

from argparse import Namespace
from collections.abc import Callable
from typing import Any, Final

from ganetix import errors
from ganetix.cli import parameters
from ganetix.cli.context import Context
from ganetix.cli.submit import Opcode, opcode, result_of, submit, submit_many
from ganetix.cli.units import natural

_FIELDS: Final = {
    "nodes": ("pinst_list", "sinst_list"),
    "nodes-pri": ("pinst_list",),
    "nodes-sec": ("sinst_list",),
}


def startup(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Start instances."""

    def one(name: str) -> Opcode:
        return opcode(
            "OP_INSTANCE_STARTUP",
            instance_name=name,
            force=options.force,
            ignore_offline_nodes=options.ignore_offline,
            no_remember=options.no_remember,
            startup_paused=options.startup_paused,
            hvparams=options.hvparams,
            beparams=parameters.backend(options.beparams),
        )

    return _each(context, options, arguments, "start", one)


def shutdown(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Stop instances."""

    def one(name: str) -> Opcode:
        return opcode(
            "OP_INSTANCE_SHUTDOWN",
            instance_name=name,
            force=options.force,
            timeout=options.timeout,
            ignore_offline_nodes=options.ignore_offline,
            no_remember=options.no_remember,
        )

    return _each(context, options, arguments, "stop", one)


def reboot(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Restart instances."""

    def one(name: str) -> Opcode:
        return opcode(
            "OP_INSTANCE_REBOOT",
            instance_name=name,
            reboot_type=options.reboot_type,
            ignore_secondaries=options.ignore_secondaries,
            shutdown_timeout=options.shutdown_timeout,
        )

    return _each(context, options, arguments, "restart", one)


def reinstall(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Install instances anew, after asking."""
    names = chosen(context, options.multi_mode, arguments)
    system = _asked_system(context, options) if options.select_os else options.os
    if not (options.force_multi if _several(options, names) else options.force):
        _confirm(context, names, "install anew, losing what is on the disks of")

    def one(name: str) -> Opcode:
        return opcode(
            "OP_INSTANCE_REINSTALL",
            instance_name=name,
            os_type=system,
            force_variant=options.force_variant,
            osparams=options.osparams,
            osparams_private=options.osparams_private,
            osparams_secret=options.osparams_secret,
        )

    return _submit(context, options, names, one)


def _each(
    context: Context,
    options: Namespace,
    arguments: list[str],
    verb: str,
    one: Callable[[str], Opcode],
) -> int:
    names = chosen(context, options.multi_mode, arguments)
    if _several(options, names) and not options.force_multi:
        _confirm(context, names, verb)
    return _submit(context, options, names, one)


def _several(options: Namespace, names: list[str]) -> bool:
    """Whether the command is about more than one instance that was named."""
    return len(names) > 1 or options.multi_mode not in {None, "instances"}


def _submit(
    context: Context, options: Namespace, names: list[str], one: Callable[[str], Opcode]
) -> int:
    if len(names) == 1:
        return submit(context, options, one(names[0]))
    return submit_many(context, options, [(name, one(name)) for name in names])


def _confirm(context: Context, names: list[str], verb: str) -> None:
    listed = "".join(f"\n  {name}" for name in names)
    context.confirm(f"This will {verb} {len(names)} instance(s):{listed}\nGo on?")


def chosen(context: Context, mode: str | None, arguments: list[str]) -> list[str]:
    """Return the names of the instances that *arguments* mean in *mode*, see the options.

    Raise `OpPrereqError` if there is none.
    """
    if mode == "cluster" and arguments:
        raise errors.OpPrereqError("With --all give no arguments.", errors.INVAL)
    if mode != "cluster" and not arguments:
        raise errors.OpPrereqError(
            f"{context.prog} {context.name} needs at least one name, or --all.", errors.INVAL
        )
    names = _found(context, mode, arguments)
    if not names:
        raise errors.OpPrereqError("No instance fits.", errors.NOENT)
    return names


def _found(context: Context, mode: str | None, arguments: list[str]) -> list[str]:
    if mode in {None, "instances"}:
        return arguments
    if mode == "cluster":
        return [str(row[0]) for row in context.call("QueryInstances", [], ["name"], False)]
    if mode == "instances-by-tags":
        rows = context.call("QueryInstances", [], ["name", "tags"], False)
        return [name for name, tags in rows if set(arguments) & set(tags)]
    return _of_nodes(context, str(mode), arguments)


def _of_nodes(context: Context, mode: str, arguments: list[str]) -> list[str]:
    fields = _FIELDS[mode.removesuffix("-by-tags")]
    by_tags = mode.endswith("-by-tags")
    asked = [] if by_tags else arguments
    rows = context.call("QueryNodes", asked, ["name", "tags", *fields], False)
    if not by_tags and len(rows) < len(arguments):
        raise errors.OpPrereqError(
            f"Not all of these are nodes: {', '.join(arguments)}. See: gnt-node list", errors.NOENT
        )
    names: dict[str, None] = {}
    for _, tags, *lists in rows:
        if not by_tags or set(arguments) & set(tags):
            names.update(dict.fromkeys(name for found in lists for name in found))
    return list(names)


def _asked_system(context: Context, options: Namespace) -> str:
    op = opcode("OP_OS_DIAGNOSE", output_fields=["name", "variants"], names=[])
    found: list[Any] = result_of(context, options, op, quiet=True)
    names = [full for name, variants in found for full in variants_of(name, variants)]
    listed = "".join(f"\n  {number}: {name}" for number, name in enumerate(names))
    answer = (context.world.ask(f"Operating systems:{listed}\nNumber: ") or "").strip()
    number = natural(answer)
    if number is None or number >= len(names):
        raise errors.OpPrereqError(
            "No operating system was chosen; give one with -o NAME.", errors.INVAL
        )
    return names[number]


def variants_of(name: str, variants: list[str]) -> list[str]:
    """Return the names under which the definition *name* can be installed."""
    return [f"{name}+{variant}" for variant in variants] if variants else [name]
