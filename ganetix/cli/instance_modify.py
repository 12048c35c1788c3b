"""gnt-instance modify."""

from argparse import Namespace
from typing import Any

from ganetix import errors
from ganetix.cli import parameters
from ganetix.cli.context import Context
from ganetix.cli.follow import follow
from ganetix.cli.submit import Opcode, opcode, send


def modify(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Change an instance, and print what was changed."""
    if not _asks_for_something(options):
        raise errors.OpPrereqError(
            "Say what to change. Show what can be changed with: gnt-instance modify --help",
            errors.INVAL,
        )
    job = send(context, options, _opcode(options, arguments[0]))
    if job is None:
        return 0
    [changed] = follow(context, job)
    if changed:
        context.print(f"Changed in {arguments[0]}:")
        context.print(*(f" - {name:<20} -> {value}" for name, value in changed))
    return 0


def _asks_for_something(options: Namespace) -> bool:
    asked: list[Any] = [
        options.beparams, options.disks, options.hvparams, options.nics, options.disk_template,
        options.os, options.osparams, options.osparams_private, options.offline_inst,
        options.online_inst, options.runtime_mem, options.new_primary_node, options.ext_params,
        options.instance_communication is not None,
    ]  # fmt: skip
    return any(asked)


def _opcode(options: Namespace, name: str) -> Opcode:
    if options.offline_inst and options.online_inst:
        raise errors.OpPrereqError("Give either --offline or --online, not both.", errors.INVAL)
    return opcode(
        "OP_INSTANCE_SET_PARAMS",
        instance_name=name,
        force=options.force,
        beparams=parameters.backend(options.beparams),
        hvparams=options.hvparams,
        disks=parameters.modifications(options.disks, parameters.disk) or None,
        nics=parameters.modifications(options.nics, parameters.same) or None,
        disk_template=options.disk_template,
        remote_node=options.node,
        iallocator=options.iallocator,
        pnode=options.new_primary_node,
        os_name=options.os,
        force_variant=options.force_variant,
        osparams=options.osparams,
        osparams_private=options.osparams_private,
        wait_for_sync=options.wait_for_sync,
        offline=True if options.offline_inst else False if options.online_inst else None,
        ignore_ipolicy=options.ignore_ipolicy,
        runtime_mem=options.runtime_mem,
        conflicts_check=options.conflicts_check,
        hotplug=options.hotplug,
        hotplug_if_possible=options.hotplug_if_possible or None,
        instance_communication=options.instance_communication,
        ext_params=options.ext_params,
        file_driver=options.file_driver,
        file_storage_dir=options.file_storage_dir,
    )
