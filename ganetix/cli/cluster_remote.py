"""gnt-cluster command and copyfile."""

from argparse import Namespace
from typing import Final

from ganetix.cli import remote
from ganetix.cli.context import Context

_RULE: Final = "-" * 48


def command(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Run a command on the online nodes, the master last; return 1 if it failed anywhere."""
    [cluster] = context.call("QueryConfigValues", ["cluster_name"])
    failed = False
    for node in remote.online_nodes(context, options.nodes or [], options.nodegroup):
        code, said = context.world.run(remote.command_on(context, node, arguments, cluster))
        failed = failed or code != 0
        if code == 0 and options.failure_only:
            continue
        context.print(_RULE, f"node: {node.name}")
        prefix = f"{node.name}: " if options.show_machine_names else ""
        context.print(*(f"{prefix}{line}" for line in said.splitlines()))
        context.print(f"return code = {code}")
        context.flush()
    return int(failed)


def copy_file(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Copy a file to the other online nodes; return 1 if one did not get it."""
    [path] = arguments
    [cluster] = context.call("QueryConfigValues", ["cluster_name"])
    nodes = remote.online_nodes(context, options.nodes or [], options.nodegroup)
    failed = False
    for node in nodes:
        if node.master:
            continue
        words = remote.copy_to(
            context, node, path, cluster, replication=options.use_replication_network
        )
        code, said = context.world.run(words)
        if code != 0:
            failed = True
            context.tell(f"Node {node.name} did not get {path}: {said.strip()}")
    return int(failed)
