"""What new settings of the cluster must fit: instances, nodes, and each other."""

from typing import Final

from ganetix import errors
from ganetix.master.logic import (
    group_values,
    guest_values,
)
from ganetix.master.logic.unit import Context
from ganetix.model import params, schema
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Settings
from ganetix.model.storage_dirs import require_possible
from ganetix.opcodes.cluster import OpClusterSetParams
from ganetix.paths import Paths
from ganetix.rpc.tables.oses import OS_VALIDATE, OsValidate
from ganetix.rpc.tables.verify import (
    NODE_INSPECT,
    DrbdFacts,
    Inspect,
    Inspected,
    VolumeFacts,
)

LVM_BASED: Final = ("drbd", "plain")


async def require_possible_settings(
    op: OpClusterSetParams, fresh: Settings, context: Context
) -> None:
    """Raise `errors.OpPrereqError` unless the settings can become *fresh*, as *op* says."""
    _check_templates(context.cluster, fresh)
    group_values.require_enabled(op.ipolicy or {}, fresh.enabled_disk_templates)
    _check_hypervisors(context.cluster, fresh)
    _check_directories(op, fresh, context.paths)
    _check_volumes(op, fresh)
    if op.nicparams is not None:
        _check_nics(context.cluster, fresh)
    await guest_values.require_cluster(context, fresh, op.enabled_hypervisors, op.hvparams)
    await _check_storage(op, context)
    await _check_os_parameters(op, fresh, context)


async def _check_os_parameters(op: OpClusterSetParams, fresh: Settings, context: Context) -> None:
    """Refuse parameters that an OS definition does not take, where the master has it."""
    for name in sorted({*(op.osparams or {}), *(op.osparams_private_cluster or {})}):
        given = {**fresh.osparams.get(name, {}), **fresh.osparams_private_cluster.get(name, {})}
        request = OsValidate(name, given, required=False, force_variant=True)
        await context.call(context.cluster.cluster.master_node, OS_VALIDATE, request)


def _check_templates(cluster: Cluster, fresh: Settings) -> None:
    """Refuse to disable a disk template that an instance uses."""
    gone = set(cluster.cluster.enabled_disk_templates) - set(fresh.enabled_disk_templates)
    for instance in cluster.instances.values() if gone else ():
        template = params.template_of(cluster.disks_of(instance))
        if template in gone:
            raise errors.OpPrereqError(
                f"Disk template {template} can't be disabled: instance {instance.name} uses it.",
                errors.INVAL,
            )
    if not fresh.enabled_disk_templates:
        raise errors.OpPrereqError(
            "At least one disk template must be enabled; name one with --enabled-disk-templates.",
            errors.INVAL,
        )


def _check_hypervisors(cluster: Cluster, fresh: Settings) -> None:
    """Refuse to disable a hypervisor that an instance uses, or to leave none."""
    gone = set(cluster.cluster.enabled_hypervisors) - set(fresh.enabled_hypervisors)
    for instance in cluster.instances.values() if gone else ():
        if instance.hypervisor in gone:
            raise errors.OpPrereqError(
                f"Hypervisor {instance.hypervisor} can't be disabled: instance {instance.name} "
                "uses it.",
                errors.INVAL,
            )
    if not fresh.enabled_hypervisors:
        raise errors.OpPrereqError(
            "At least one hypervisor must be enabled; name one with --enabled-hypervisors.",
            errors.INVAL,
        )


def _check_directories(op: OpClusterSetParams, fresh: Settings, paths: Paths) -> None:
    """Refuse directories where no node may have disks, and none for an enabled template."""
    for template, field in (
        ("file", "file_storage_dir"),
        ("sharedfile", "shared_file_storage_dir"),
    ):
        directory = getattr(fresh, field)
        if template not in fresh.enabled_disk_templates:
            continue
        if not directory:
            option = field.replace("_", "-")
            raise errors.OpPrereqError(
                f"Disk template {template} is enabled and needs a directory; give --{option}=PATH, "
                f"or leave {template} out of --enabled-disk-templates.",
                errors.INVAL,
            )
        if op.enabled_disk_templates is not None or getattr(op, field) is not None:
            path = paths.incoming(directory)
            require_possible(path, path.removeprefix(paths.root))


def _check_volumes(op: OpClusterSetParams, fresh: Settings) -> None:
    """Refuse templates on logical volumes without a volume group, and mirrors without a helper."""
    asked = op.enabled_disk_templates is not None
    lvm = [name for name in fresh.enabled_disk_templates if name in LVM_BASED]
    if (asked or op.vg_name is not None) and lvm and fresh.volume_group_name is None:
        raise errors.OpPrereqError(
            f"Disk template {lvm[0]} is enabled and needs a volume group; give --vg-name=GROUP, or "
            f"leave {lvm[0]} out of --enabled-disk-templates.",
            errors.INVAL,
        )
    if op.drbd_helper is not None and "drbd" in lvm and fresh.drbd_usermode_helper is None:
        raise errors.OpPrereqError(
            "Disk template drbd is enabled and needs its helper; give it a path, or leave drbd out "
            "of --enabled-disk-templates.",
            errors.INVAL,
        )


def _check_nics(cluster: Cluster, fresh: Settings) -> None:
    """Refuse defaults with which a NIC that takes them could not be."""
    default = {**schema.defaults(params.NIC), **fresh.nicparams.get("default", {})}
    for instance in cluster.instances.values():
        for index, nic in enumerate(instance.nics):
            mode = {**default, **nic.nicparams}["mode"]
            if mode == "routed" and nic.network is None and not nic.ip:
                raise errors.OpPrereqError(
                    f"NIC {index} of instance {instance.name} takes the default and has no IP "
                    "address, which mode routed needs; 'gnt-instance modify --net "
                    f"{index}:ip=ADDRESS {instance.name}' gives it one.",
                    errors.INVAL,
                )


async def _check_storage(op: OpClusterSetParams, context: Context) -> None:
    """Ask the nodes for the volume group and the helper that are new; a silent one is told of."""
    if not op.vg_name and not op.drbd_helper:
        return
    nodes = [node.uuid for node in context.cluster.online_nodes() if node.vm_capable]
    asked = Inspect(vg_name=op.vg_name or "", drbd=bool(op.drbd_helper))
    for uuid, answer in (await context.call_each(nodes, NODE_INSPECT, asked)).items():
        name = context.cluster.nodes[uuid].name
        if not isinstance(answer, Inspected):
            context.log(f"WARNING: Node {name} was not asked for its storage: {answer.message}")
            continue
        if trouble := _storage_trouble(op, answer):
            raise errors.OpPrereqError(f"Node {name} {trouble}.", errors.ENVIRON)


def _storage_trouble(op: OpClusterSetParams, found: Inspected) -> str:
    """Return what a node lacks, and what helps; empty when it lacks nothing."""
    volumes, drbd = found.volumes or VolumeFacts(), found.drbd or DrbdFacts()
    if op.vg_name and volumes.error:
        return f"has no volume group {op.vg_name}: {volumes.error.rstrip('.')}"
    if op.vg_name and volumes.size is None:
        return (
            f"has no volume group {op.vg_name}; make it there with 'vgcreate {op.vg_name} DEVICE', "
            "or name another one"
        )
    if op.drbd_helper and not drbd.version:
        return "has not loaded DRBD's module; run 'modprobe drbd' there"
    if op.drbd_helper and drbd.helper != op.drbd_helper:
        return (
            f"has DRBD with the helper '{drbd.helper}', and not {op.drbd_helper}; set "
            "usermode_helper in modprobe.d there and load the module again"
        )
    return ""
