"""gnt-cluster init, destroy and master-failover."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli import bootstrap, parameters, values
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, result_of


def init(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Make a cluster with this machine as its master."""
    request = bootstrap.given(options)
    if options.beparams is not None:
        request["beparams"] = parameters.backend(options.beparams)
    bootstrap.carry_out(context, "init", {**request, "cluster_name": arguments[0]})
    try:
        result_of(context, options, opcode("OP_CLUSTER_POST_INIT"))
    except errors.GanetiError as error:
        context.tell(f"The cluster works, but its hooks after init failed: {error.message}")
        return 1
    return 0


def destroy(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Take the cluster apart: its records by a job, then what this machine has of it."""
    if not options.yes_do_it:
        raise errors.OpPrereqError(
            "This takes the cluster apart, and nothing brings it back."
            " If you mean it, add --yes-do-it.",
            errors.INVAL,
        )
    result_of(context, options, opcode("OP_CLUSTER_DESTROY"))
    context.client.close()
    bootstrap.carry_out(context, "destroy", {})
    return 0


def failover(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Make this node the master; no master daemon is asked, because there may be none."""
    if options.no_voting and not options.yes_do_it:
        context.confirm(
            "Without a vote of the nodes nobody can tell whether another master runs somewhere."
            " Two masters destroy configuration and disks. Is every other master dead?"
        )
    request = bootstrap.given(options)
    if options.ignore_offline_nodes is not True:
        try:
            request["ignore_offline_nodes"] = values.boolean(options.ignore_offline_nodes)
        except ValueError as error:
            raise errors.OpPrereqError(f"--ignore-offline-nodes: {error}.", errors.INVAL) from None
    bootstrap.carry_out(context, "failover", request)
    return 0
