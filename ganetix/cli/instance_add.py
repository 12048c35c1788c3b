"""gnt-instance add."""

import importlib
from argparse import Namespace
from typing import Any

from ganetix import errors
from ganetix.cli import parameters
from ganetix.cli.context import Context
from ganetix.cli.submit import Opcode, opcode, submit


def add(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Create an instance."""
    op = creation(
        options,
        arguments[0],
        mode="create",
        disks=_disks(options),
        nics=nics(options),
        os_type=options.os,
        force_variant=options.force_variant,
        no_install=options.no_install,
        start=options.start and not options.no_install and not options.forthcoming,
        forthcoming=options.forthcoming,
        commit=options.commit,
        instance_communication=options.instance_communication,
    )
    if options.plan:
        planner = importlib.import_module("ganetix.cli.planner.plan")
        return int(planner.create(context, options, op))
    return submit(context, options, op)


def creation(options: Namespace, name: str, **more: Any) -> Opcode:
    """Return the opcode that makes instance *name*, with *more* fields of its own."""
    hypervisor, hvparams = options.hypervisor or (None, None)
    pnode, snode = _placement(options.node)
    return opcode(
        "OP_INSTANCE_CREATE",
        instance_name=name,
        disk_template=options.disk_template,
        pnode=pnode,
        snode=snode,
        group_name=options.nodegroup,
        iallocator=options.iallocator,
        hypervisor=hypervisor,
        hvparams=hvparams,
        beparams=parameters.backend(options.beparams),
        osparams=options.osparams,
        osparams_private=options.osparams_private,
        osparams_secret=options.osparams_secret,
        file_driver=options.file_driver,
        file_storage_dir=options.file_storage_dir,
        wait_for_sync=options.wait_for_sync,
        ip_check=options.ip_check,
        name_check=options.name_check,
        conflicts_check=options.conflicts_check,
        ignore_ipolicy=options.ignore_ipolicy,
        opportunistic_locking=options.opportunistic_locking,
        tags=options.tags.split(",") if options.tags else None,
        helper_startup_timeout=options.helper_startup_timeout,
        helper_shutdown_timeout=options.helper_shutdown_timeout,
        **more,
    )


def _placement(text: str | None) -> tuple[str | None, str | None]:
    primary, _, secondary = (text or "").partition(":")
    return primary or None, secondary or None


def _disks(options: Namespace) -> list[dict[str, Any]]:
    if options.disks and options.sd_size is not None:
        raise errors.OpPrereqError("Give either -s or --disk, not both.", errors.INVAL)
    if options.disk_template == "diskless":
        if options.disks or options.sd_size is not None:
            raise errors.OpPrereqError("A diskless instance takes no disks.", errors.INVAL)
        return []
    if options.sd_size is not None:
        return [{"size": options.sd_size}]
    disks = [parameters.disk(values) for values in parameters.by_index(options.disks, "Disk")]
    if not disks:
        raise errors.OpPrereqError(
            "Say how large the disks are with -s SIZE or --disk 0:size=SIZE, or that there are"
            " none with -t diskless.",
            errors.INVAL,
        )
    for index, disk in enumerate(disks):
        if ("size" in disk) == ("adopt" in disk):
            raise errors.OpPrereqError(
                f"Disk {index} needs either a size or a volume to adopt.", errors.INVAL
            )
    return disks


def nics(options: Namespace) -> list[dict[str, Any]]:
    """Return the network interfaces as asked for: one with all defaults when nothing was said."""
    if options.no_nics:
        if options.nics:
            raise errors.OpPrereqError("Give either --net or --no-nics, not both.", errors.INVAL)
        return []
    return parameters.by_index(options.nics, "Network interface") or [{}]
