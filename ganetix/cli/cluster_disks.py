"""gnt-cluster verify-disks and repair-disk-sizes."""

from argparse import Namespace
from typing import Any

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import opcode, result_of


def verify_disks(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Look for disks that are down or gone; activate the former, tell of the latter."""
    op = opcode("OP_CLUSTER_VERIFY_DISKS", group_name=options.nodegroup)
    result = result_of(context, options, op)
    jobs = result["jobs"] if result else []
    bad = [_one_group(context, options, taken, number) for taken, number in jobs]
    return int(any(bad))


def _one_group(context: Context, options: Namespace, taken: bool, number: Any) -> bool:
    """Deal with what the job *number* found; return whether anything is wrong."""
    if not taken:
        context.tell(f"A job was not taken: {number}")
        return True
    try:
        [(trouble, down, missing)] = follow(context, int(number))
    except errors.GanetiError as error:
        context.tell(f"Job {number} failed: {error.message}")
        return True
    for node, why in sorted(trouble.items()):
        context.tell(f"Node {node} could not be asked: {why}")
    failed = [name for name in down if not _activated(context, options, name, missing)]
    for name, places in sorted(missing.items()):
        context.tell(f"Instance {name} has disks that are gone:")
        for node, place in places:
            context.tell(f"  {place} on {node}")
        context.tell(f"See: gnt-instance recreate-disks {name}")
    return bool(trouble or missing or failed)


def _activated(
    context: Context, options: Namespace, name: str, missing: dict[str, list[list[str]]]
) -> bool:
    if name in missing:
        return False
    context.print(f"Activating the disks of instance {name} ...")
    try:
        result_of(context, options, opcode("OP_INSTANCE_ACTIVATE_DISKS", instance_name=name))
    except errors.GanetiError as error:
        context.tell(f"The disks of {name} were not activated: {error.message}")
        return False
    return True


def repair_disk_sizes(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Write the real sizes of disks into the configuration."""
    op = opcode("OP_CLUSTER_REPAIR_DISK_SIZES", instances=arguments)
    changed = result_of(context, options, op) or []
    for name, index, field, value in changed:
        context.print(f"Instance {name}, disk {index}: {field} is {value} now.")
    if not changed:
        context.print("No size had to be changed.")
    return 0
