"""gnt-cluster redist-conf, rename, queue, watcher and the master IP."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, result_of, submit
from ganetix.cli.table import timestamp
from ganetix.cli.units import parse_duration


def redistribute(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Write configuration and ssconf files to all nodes again."""
    method = "SubmitJobToDrainedQueue" if options.yes_do_it else "SubmitJob"
    return submit(context, options, opcode("OP_CLUSTER_REDIST_CONF"), method)


def queue(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Drain the queue, undrain it, or show whether it is drained."""
    if arguments[0] in {"drain", "undrain"}:
        context.call("SetDrainFlag", arguments[0] == "drain")
        return 0
    [drained] = context.call("QueryConfigValues", ["drain_flag"])
    context.print(f"The drain flag is {'set' if drained else 'unset'}")
    return 0


def watcher(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Pause the watcher, let it go on, or show whether it is paused."""
    what, *duration = arguments
    if what != "pause" and duration:
        raise errors.OpPrereqError(f"watcher {what} takes no duration.", errors.INVAL)
    if what == "info":
        [until] = context.call("QueryConfigValues", ["watcher_pause"])
    elif what == "continue":
        until = context.call("SetWatcherPause", None)
    else:
        if not duration:
            raise errors.OpPrereqError("Say for how long, such as: watcher pause 4h", errors.INVAL)
        now = context.world.nanoseconds() / 1e9
        until = context.call("SetWatcherPause", now + parse_duration(duration[0]))
    context.print(_paused(until, context.world.nanoseconds() / 1e9))
    return 0


def _paused(until: float | None, now: float) -> str:
    if until is None or until < now:
        return "The watcher is not paused."
    return f"The watcher is paused until {timestamp(until)}."


def activate_master_ip(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Turn the master IP up."""
    return submit(context, options, opcode("OP_CLUSTER_ACTIVATE_MASTER_IP"))


def deactivate_master_ip(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Turn the master IP down."""
    if not options.confirm:
        context.confirm(
            "Whatever uses the cluster's own address, the remote API above all, loses the cluster."
            " Turn it down?"
        )
    return submit(context, options, opcode("OP_CLUSTER_DEACTIVATE_MASTER_IP"))


def rename(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Give the cluster another name and address."""
    if not options.force:
        [old] = context.call("QueryConfigValues", ["cluster_name"])
        context.confirm(
            f"Connections to the cluster by its name {old}, those of the remote API above all, "
            f"break. Rename it to {arguments[0]}?"
        )
    name = result_of(context, options, opcode("OP_CLUSTER_RENAME", name=arguments[0]))
    if name:
        context.print(f"The cluster is called {name} now.")
    return 0
