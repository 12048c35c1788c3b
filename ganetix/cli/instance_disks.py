"""gnt-instance replace-disks and recreate-disks."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli import parameters
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, submit
from ganetix.cli.units import natural


def replace(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Replace parts of mirrored disks, or the node of the mirror."""
    op = opcode(
        "OP_INSTANCE_REPLACE_DISKS",
        instance_name=arguments[0],
        mode=_mode(options),
        disks=_indices(options.disks),
        remote_node=options.dst_node,
        iallocator=options.iallocator,
        early_release=options.early_release,
        ignore_ipolicy=options.ignore_ipolicy,
    )
    return submit(context, options, op)


def recreate(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Make lost disks anew."""
    disks = [[_index(ident), parameters.disk(values)] for ident, values in options.disks]
    op = opcode(
        "OP_INSTANCE_RECREATE_DISKS",
        instance_name=arguments[0],
        disks=disks,
        nodes=[name for name in (options.node or "").split(":") if name],
        iallocator=options.iallocator,
    )
    return submit(context, options, op)


def _mode(options: Namespace) -> str:
    """Return what the options ask for: exactly one thing."""
    asked = {
        "replace_auto": options.auto,
        "replace_on_primary": options.on_primary,
        "replace_on_secondary": options.on_secondary,
        "replace_new_secondary": options.dst_node or options.iallocator,
    }
    found = [mode for mode, wanted in asked.items() if wanted]
    if len(found) != 1:
        raise errors.OpPrereqError(
            "Say what to replace, and one thing only: -p on the primary, -s on the secondary, -a "
            "what is faulty, -n NODE or -I ALLOCATOR for a new secondary.",
            errors.INVAL,
        )
    return found[0]


def _indices(text: str | None) -> list[int]:
    return [_index(part) for part in text.split(",")] if text else []


def _index(text: str) -> int:
    number = natural(text.strip())
    if number is None:
        raise errors.OpPrereqError(f"{text!r} is not the number of a disk.", errors.INVAL)
    return number
