"""gnt-node modify and remove."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli import parameters
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import opcode, send, submit


def modify(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Change a node, and print what was changed."""
    wanted = {
        "master_candidate": options.master_candidate,
        "offline": options.offline,
        "drained": options.drained,
        "master_capable": options.master_capable,
        "vm_capable": options.vm_capable,
        "secondary_ip": options.secondary_ip,
        "ndparams": options.ndparams,
        "powered": options.node_powered,
        "hv_state": parameters.table(options.hv_state) or None,
        "disk_state": parameters.nested(options.disk_state) or None,
    }
    if all(value is None for value in wanted.values()):
        raise errors.OpPrereqError(
            "Say what to change. Show what can be changed with: gnt-node modify --help",
            errors.INVAL,
        )
    op = opcode(
        "OP_NODE_SET_PARAMS",
        node_name=arguments[0],
        force=options.force,
        auto_promote=options.auto_promote,
        **wanted,
    )
    job = send(context, options, op)
    if job is None:
        return 0
    [changed] = follow(context, job)
    if changed:
        context.print(f"Changed in {arguments[0]}:")
        context.print(*(f" - {name:<20} -> {value}" for name, value in changed))
    return 0


def remove(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Remove a node from the cluster."""
    return submit(context, options, opcode("OP_NODE_REMOVE", node_name=arguments[0]))
