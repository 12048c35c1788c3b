"""gnt-backup export, import, list and remove."""

from argparse import Namespace

from ganetix import errors
from ganetix.cli import lists, parameters
from ganetix.cli.context import Context
from ganetix.cli.instance_add import creation, nics
from ganetix.cli.submit import opcode, submit


def export(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Export an instance, after asking when it is to be removed."""
    name = arguments[0]
    if options.node is None:
        raise errors.OpPrereqError(
            "Say which node takes the export: -n NODE. See: gnt-node list", errors.INVAL
        )
    if options.ignore_remove_failures and not options.remove_instance:
        raise errors.OpPrereqError(
            "--ignore-remove-failures only goes with --remove-instance.", errors.INVAL
        )
    if options.remove_instance and not options.force:
        context.confirm(f"Remove instance {name} with its disks when it is exported?")
    op = opcode(
        "OP_BACKUP_EXPORT",
        instance_name=name,
        target_node=options.node,
        compress=options.transport_compression,
        shutdown=options.shutdown,
        shutdown_timeout=options.shutdown_timeout,
        remove_instance=options.remove_instance,
        ignore_remove_failures=options.ignore_remove_failures,
        zero_free_space=options.zero_free_space,
        zeroing_timeout_fixed=options.zeroing_timeout_fixed,
        zeroing_timeout_per_mib=options.zeroing_timeout_per_mib,
        long_sleep=options.long_sleep,
    )
    return submit(context, options, op)


def import_(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Make an instance of an export; what is not said is as it was when it was exported."""
    if options.disks and options.sd_size is not None:
        raise errors.OpPrereqError("Give either -s or --disk, not both.", errors.INVAL)
    sizes = [{"size": options.sd_size}] if options.sd_size is not None else []
    disks = [parameters.disk(values) for values in parameters.by_index(options.disks, "Disk")]
    op = creation(
        options,
        arguments[0],
        mode="import",
        disks=sizes or disks,
        nics=nics(options) if options.nics or options.no_nics else [],
        src_node=options.src_node,
        src_path=options.src_dir,
        compress=options.compress,
        identify_defaults=options.identify_defaults,
        start=False,
    )
    return submit(context, options, op)


def exports(context: Context, options: Namespace, arguments: list[str]) -> int:
    """List exports: all, or those on some nodes."""
    chosen = ["|", *(["=", "node", name] for name in options.nodes)] if options.nodes else None
    return lists.show(context, options, "export", lists.columns("export", options.output), chosen)


def remove(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Remove an export from all nodes."""
    return submit(context, options, opcode("OP_BACKUP_REMOVE", instance_name=arguments[0]))
