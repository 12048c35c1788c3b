"""OP_INSTANCE_GROW_DISK: make a disk larger."""

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import (
    capacity,
    disk_records,
    disk_rest,
    disks,
    hooks_env,
    names,
    new_disks,
    wants,
)
from ganetix.master.logic.disk_rest import Rest
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.opcodes.instance_disks import OpInstanceGrowDisk
from ganetix.rpc.tables.blockdev import BLOCKDEV_GROW, DiskResize
from ganetix.rpc.tables.storage import BLOCKDEV_RESIZE, OneDisk


@attrs.frozen
class Plan:
    """The disk, and by how many MiB it grows."""

    instance: Instance
    disk: Disk
    amount: int


@implementer(IUnit)
class InstanceGrowDisk:
    """Grows disks. It can be resumed while the new part is wiped and synced."""

    resumable = False

    def locks(self, op: OpInstanceGrowDisk, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        return wants.instance_and_nodes(cluster, instance)

    async def check(self, op: OpInstanceGrowDisk, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        if context.resumed is not None:
            return Plan(instance, _disk(cluster, instance, op.disk), 0)
        for uuid in cluster.nodes_of(instance):
            names.require_online(cluster.nodes[uuid], f"growing disks of {instance.name}")
        disk = _disk(cluster, instance, op.disk)
        amount = _amount(op, disk)
        _check_policy(op, instance, disk, amount, context)
        return Plan(instance, disk, amount)

    def hooks(self, op: OpInstanceGrowDisk, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        instance = cluster.instances[plan.instance.uuid]
        env = hooks_env.instance_variables(cluster, instance)
        env |= {"DISK": str(op.disk), "AMOUNT": str(op.amount), "ABSOLUTE": str(op.absolute)}
        nodes = cluster.nodes_of(instance)
        return hooks_env.instance_hooks("disk-grow", cluster, env, nodes)

    async def execute(self, op: OpInstanceGrowDisk, plan: Plan, context: Context) -> None:
        """Try it on every node, then do it, and note the size; wait until the new part is whole."""
        instance = plan.instance
        if context.resumed is None:
            await disks.assemble_inactive(context, instance)
            await _grow(plan, context)
        await _settle(op, plan, context)
        if not instance.disks_active:
            await disks.shutdown(context, instance)


async def _grow(plan: Plan, context: Context) -> None:
    instance, disk = plan.instance, plan.disk
    ready = disk_records.sent(context.cluster, disk)
    trial = DiskResize(ready, instance.name, plan.amount, dry_run=True)
    for node in context.cluster.nodes_of(instance):
        await context.call(node, BLOCKDEV_GROW, trial)
    try:
        for node in context.cluster.nodes_of(instance):
            await context.call(node, BLOCKDEV_GROW, msgspec.structs.replace(trial, dry_run=False))
        if disk.dev_type == "drbd":
            await context.call(instance.primary_node, BLOCKDEV_RESIZE, OneDisk(ready))
    except errors.GanetiError as error:
        raise errors.OpExecError(
            f"{disk.iv_name} of instance {instance.name} may have grown, but not everywhere: "
            f"{error.message} It is recorded with {disk.size} MiB as before; the same command "
            "completes it."
        ) from error
    grown = _grown(disk, plan.amount)
    await context.commit(lambda cluster: Change(disks=(grown,)))


async def _settle(op: OpInstanceGrowDisk, plan: Plan, context: Context) -> None:
    """Wipe the new part if the cluster wants that, and wait until the mirror has it.

    That may take hours: the nodes are free meanwhile, and others may look at the instance.
    """
    context.release("node")
    context.downgrade("instance")
    grown = [context.cluster.disks[plan.disk.uuid]]
    new = new_disks.to_wipe(context.cluster, grown, plan.disk.size)
    rest = disk_rest.of(context, Rest(dirty=new))
    await new_disks.settle(context, plan.instance, grown, rest, wait=op.wait_for_sync)


def _grown(disk: Disk, amount: int) -> Disk:
    """Return *disk* larger by *amount* MiB, with the volume that has its data."""
    children = [
        msgspec.structs.replace(child, size=child.size + amount) if index == 0 else child
        for index, child in enumerate(disk.children)
    ]
    return msgspec.structs.replace(disk, size=disk.size + amount, children=children)


def _disk(cluster: Cluster, instance: Instance, index: int) -> Disk:
    own = cluster.disks_of(instance)
    if index >= len(own):
        raise errors.OpPrereqError(
            f"Instance {instance.name} has no disk {index}; it has {len(own)}.", errors.INVAL
        )
    disk = own[index]
    if disk.dev_type not in disks.GROWABLE:
        raise errors.OpPrereqError(
            f"Disk {index} of instance {instance.name} is of template {disk.dev_type}, which "
            "can't be grown.",
            errors.INVAL,
        )
    return disk


def _amount(op: OpInstanceGrowDisk, disk: Disk) -> int:
    """Return by how many MiB *disk* grows."""
    if op.absolute and op.amount < disk.size:
        raise errors.OpPrereqError(
            f"Disk {op.disk} has {disk.size} MiB already; it can't be made smaller "
            f"({op.amount} MiB).",
            errors.STATE,
        )
    amount = op.amount - disk.size if op.absolute else op.amount
    if amount <= 0:
        raise errors.OpPrereqError(
            f"Disk {op.disk} would not grow: give more than nothing.", errors.INVAL
        )
    return amount


def _check_policy(
    op: OpInstanceGrowDisk, instance: Instance, disk: Disk, amount: int, context: Context
) -> None:
    grown = [
        msgspec.structs.replace(one, size=one.size + amount) if one.uuid == disk.uuid else one
        for one in context.cluster.disks_of(instance)
    ]
    capacity.check_policy(context, instance, grown, ignore=op.ignore_ipolicy)
