"""OP_CLUSTER_REPAIR_DISK_SIZES: the configuration learns how large disks really are."""

from typing import Any

import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import names, wants
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.opcodes.cluster import OpClusterRepairDiskSizes
from ganetix.rpc.tables.blockdev import BLOCKDEV_FIND, DiskInfo, DiskRequest


@implementer(IUnit)
class ClusterRepairDiskSizes:
    """Corrects sizes that differ."""

    resumable = True

    def locks(self, op: OpClusterRepairDiskSizes, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instances = _instances(op, cluster)
        return [
            BGL_SHARED,
            Want("instance", tuple(sorted(one.name for one in instances))),
            wants.resources((one.primary_node for one in instances), "shared"),
        ]

    async def check(self, op: OpClusterRepairDiskSizes, context: Context) -> list[Instance]:
        """See `IUnit`."""
        return _instances(op, context.cluster)

    def hooks(
        self, op: OpClusterRepairDiskSizes, plan: list[Instance], cluster: Cluster
    ) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpClusterRepairDiskSizes, plan: list[Instance], context: Context
    ) -> list[list[Any]]:
        """Ask the primary nodes; return [instance, index, field, value] of what was changed."""
        changed: list[list[Any]] = []
        for instance in plan:
            changed += await _repaired(instance, context)
        return changed


def _instances(op: OpClusterRepairDiskSizes, cluster: Cluster) -> list[Instance]:
    if op.instances:
        return [names.instance_of(cluster, name) for name in op.instances]
    return sorted(cluster.instances.values(), key=lambda one: one.name)


async def _repaired(instance: Instance, context: Context) -> list[list[Any]]:
    node = context.cluster.nodes[instance.primary_node]
    disks = context.cluster.disks_of(instance)
    if disks and node.offline:
        context.log(
            f"WARNING: Node {node.name} is offline; the disks of {instance.name} are left out."
        )
        return []
    found: list[tuple[int, Disk]] = []
    for index, disk in enumerate(disks):
        size = await _size(instance, disk, context)
        if size is not None and size != disk.size:
            context.log(
                f"Disk {index} of {instance.name} has {size} MiB, not {disk.size} as recorded."
            )
            found.append((index, msgspec.structs.replace(disk, size=size)))
    if found:
        fresh = tuple(disk for _, disk in found)
        await context.commit(lambda cluster: Change(disks=fresh))
    return [[instance.name, index, "size", disk.size] for index, disk in found]


async def _size(instance: Instance, disk: Disk, context: Context) -> int | None:
    """Return the real size in MiB; None, and a line in the log, when nobody can say."""
    request = DiskRequest(disk, instance.name)
    try:
        info: DiskInfo = await context.call(instance.primary_node, BLOCKDEV_FIND, request)
    except errors.GanetiError as error:
        context.log(f"WARNING: {disk.iv_name} of {instance.name}: {error.message}")
        return None
    if info.size is None:
        context.log(
            f"WARNING: {disk.iv_name} of {instance.name} is not there; see "
            "'gnt-instance recreate-disks'."
        )
    return info.size
