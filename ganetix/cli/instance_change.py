"""gnt-instance remove, rename, grow-disk, activate-disks and deactivate-disks."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import opcode, send, submit
from ganetix.cli.units import natural, parse_size


def remove(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Remove an instance with its disks, after asking."""
    name = arguments[0]
    if not options.force:
        if not context.call("QueryInstances", [name], ["name"], False):
            raise errors.OpPrereqError(
                f"There is no instance {name}. See: gnt-instance list", errors.NOENT
            )
        context.confirm(f"Remove {name} with all its disks? What is on them is lost.")
    op = opcode(
        "OP_INSTANCE_REMOVE",
        instance_name=name,
        ignore_failures=options.ignore_failures,
        shutdown_timeout=options.shutdown_timeout,
    )
    return submit(context, options, op)


def rename(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Give an instance another name; ask if it is a short one and nobody checks it."""
    old, new = arguments
    if "." not in new and not options.name_check and not options.force:
        context.confirm(f"Rename {old} to {new}, without looking whether the name resolves?")
    op = opcode(
        "OP_INSTANCE_RENAME",
        instance_name=old,
        new_name=new,
        ip_check=options.ip_check,
        name_check=options.name_check,
    )
    job = send(context, options, op)
    if job is not None:
        [name] = follow(context, job)
        if name:
            context.print(f"Instance {old} is now called {name}.")
    return 0


def grow_disk(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Make a disk larger."""
    name, disk, amount = arguments
    number = natural(disk)
    if number is None:
        raise errors.OpPrereqError(f"{disk!r} is not the number of a disk.", errors.INVAL)
    op = opcode(
        "OP_INSTANCE_GROW_DISK",
        instance_name=name,
        disk=number,
        amount=parse_size(amount),
        wait_for_sync=options.wait_for_sync,
        absolute=options.absolute,
        ignore_ipolicy=options.ignore_ipolicy,
    )
    return submit(context, options, op)


def activate_disks(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Make the disks usable, and print node, name and device of each."""
    op = opcode(
        "OP_INSTANCE_ACTIVATE_DISKS",
        instance_name=arguments[0],
        ignore_size=options.ignore_size,
        wait_for_sync=options.wait_for_sync,
    )
    job = send(context, options, op)
    if job is not None:
        [disks] = follow(context, job)
        context.print(*(f"{node}:{name}:{device}" for node, name, device in disks))
    return 0


def deactivate_disks(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Close the disks again."""
    op = opcode("OP_INSTANCE_DEACTIVATE_DISKS", instance_name=arguments[0], force=options.force)
    return submit(context, options, op)
