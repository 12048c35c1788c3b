"""gnt-instance failover, migrate and move."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, submit


def failover(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Stop an instance and start it on the other node, after asking."""
    name = arguments[0]
    if not options.force:
        _must_exist(context, name)
        context.confirm(f"Fail over {name}? It is stopped for a moment if it runs.")
    op = opcode(
        "OP_INSTANCE_FAILOVER",
        instance_name=name,
        ignore_consistency=options.ignore_consistency,
        shutdown_timeout=options.shutdown_timeout,
        target_node=options.dst_node,
        iallocator=options.iallocator,
        ignore_ipolicy=options.ignore_ipolicy,
        cleanup=options.cleanup,
    )
    return submit(context, options, op)


def migrate(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Move a running instance, after asking."""
    name = arguments[0]
    if not options.live and options.migration_mode is not None:
        raise errors.OpPrereqError(
            "Give either --non-live or --migration-mode, not both.", errors.INVAL
        )
    if not options.force:
        _must_exist(context, name)
        context.confirm(
            f"Tidy up after a failed migration of {name}?"
            if options.cleanup
            else f"Migrate {name}? If that fails it may need --cleanup."
        )
    op = opcode(
        "OP_INSTANCE_MIGRATE",
        instance_name=name,
        mode=options.migration_mode if options.live else "non-live",
        cleanup=options.cleanup,
        target_node=options.dst_node,
        iallocator=options.iallocator,
        allow_failover=options.allow_failover,
        ignore_ipolicy=options.ignore_ipolicy,
        ignore_hvversions=options.ignore_hvversions,
        allow_runtime_changes=options.allow_runtime_chgs,
    )
    return submit(context, options, op)


def move(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Copy an instance with its disks to another node, after asking."""
    name = arguments[0]
    if options.node is None:
        raise errors.OpPrereqError(
            "Say where it is to go: -n NODE. See: gnt-node list", errors.INVAL
        )
    if not options.force:
        _must_exist(context, name)
        context.confirm(f"Move {name} to {options.node}? It is stopped while its disks are copied.")
    op = opcode(
        "OP_INSTANCE_MOVE",
        instance_name=name,
        target_node=options.node,
        compress=options.compress,
        shutdown_timeout=options.shutdown_timeout,
        ignore_consistency=options.ignore_consistency,
        ignore_ipolicy=options.ignore_ipolicy,
    )
    return submit(context, options, op)


def _must_exist(context: Context, name: str) -> None:
    if not context.call("QueryInstances", [name], ["name"], False):
        raise errors.OpPrereqError(
            f"There is no instance {name}. See: gnt-instance list", errors.NOENT
        )
