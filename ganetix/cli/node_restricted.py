"""gnt-node restricted-command."""

from argparse import Namespace

from ganetix.cli import remote
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import opcode, send


def restricted_command(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Run a command that the nodes allow; return 1 if it failed anywhere."""
    command, *given = arguments
    nodes = [node.name for node in remote.online_nodes(context, given, options.nodegroup)]
    op = opcode(
        "OP_RESTRICTED_COMMAND", nodes=nodes, command=command, use_locking=options.do_locking
    )
    job = send(context, options, op)
    if job is None:
        return 0
    [rows] = follow(context, job)
    failed = False
    for node, (good, text) in zip(nodes, rows or [], strict=bool(rows)):
        prefix = f"{node}: " if options.show_machine_names else ""
        if good:
            context.print(*(f"{prefix}{line}" for line in text.splitlines()))
        else:
            failed = True
            context.tell(f"Node {node}: {text}")
    return int(failed)
