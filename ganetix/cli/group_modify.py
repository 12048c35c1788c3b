"""gnt-group add, modify, rename, remove and assign-nodes."""

from argparse import Namespace
from typing import Any

from ganetix import errors
from ganetix.cli import parameters
from ganetix.cli.cluster_modify import policy
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import follow_many, opcode, send, submit


def add(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Add a group; follow the job that connects it to the metadata network, if there is one."""
    job = send(context, options, opcode("OP_GROUP_ADD", group_name=arguments[0], **_given(options)))
    if job is None:
        return 0
    [result] = follow(context, job)
    jobs = [("the metadata network", *answer) for answer in (result or {}).get("jobs", [])]
    return follow_many(context, jobs)


def modify(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Change a group, and print what was changed."""
    wanted = _given(options)
    if all(value is None for value in wanted.values()):
        raise errors.OpPrereqError(
            "Say what to change. Show what can be changed with: gnt-group modify --help",
            errors.INVAL,
        )
    job = send(context, options, opcode("OP_GROUP_SET_PARAMS", group_name=arguments[0], **wanted))
    if job is None:
        return 0
    [changed] = follow(context, job)
    if changed:
        context.print(f"Changed in {arguments[0]}:")
        context.print(*(f" - {name:<20} -> {value}" for name, value in changed))
    return 0


def _given(options: Namespace) -> dict[str, Any]:
    """Return the parameters of the opcode; None for those that are not given."""
    return {
        "alloc_policy": options.alloc_policy,
        "ndparams": options.ndparams,
        "diskparams": parameters.table(options.diskparams) or None,
        "hv_state": parameters.table(options.hv_state) or None,
        "disk_state": parameters.nested(options.disk_state) or None,
        "ipolicy": policy(options) or None,
    }


def rename(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Give a group another name."""
    old, new = arguments
    return submit(context, options, opcode("OP_GROUP_RENAME", group_name=old, new_name=new))


def remove(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Remove a group without nodes."""
    return submit(context, options, opcode("OP_GROUP_REMOVE", group_name=arguments[0]))


def assign_nodes(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Move nodes into a group."""
    group, *nodes = arguments
    op = opcode("OP_GROUP_ASSIGN_NODES", group_name=group, nodes=nodes, force=options.force)
    return submit(context, options, op)
