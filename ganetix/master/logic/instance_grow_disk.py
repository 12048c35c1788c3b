"""OP_INSTANCE_GROW_DISK: make a disk larger."""

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import capacity, disks, hooks_env, names, wants
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.opcodes.instance_disks import OpInstanceGrowDisk
from ganetix.rpc.calls import BLOCKDEV_GROW, DiskResize


@attrs.frozen
class Plan:
    """The disk, and by how many MiB it grows."""

    instance: Instance
    disk: Disk
    amount: int


@implementer(IUnit)
class InstanceGrowDisk:
    """Grows disks."""

    resumable = False

    def locks(self, op: OpInstanceGrowDisk, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        return wants.instance_and_nodes(cluster, instance)

    async def check(self, op: OpInstanceGrowDisk, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
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
        """Try it on every node, then do it, and note the size."""
        if plan.instance.disks_active:
            await _grow(plan, context)
        else:
            await disks.while_assembled(context, plan.instance, lambda: _grow(plan, context))


async def _grow(plan: Plan, context: Context) -> None:
    instance, disk = plan.instance, plan.disk
    for dry_run in (True, False):
        request = DiskResize(disk, instance.name, plan.amount, dry_run)
        for node in context.cluster.nodes_of(instance):
            await context.call(node, BLOCKDEV_GROW, request)
    grown = msgspec.structs.replace(disk, size=disk.size + plan.amount)
    await context.commit(lambda cluster: Change(disks=(grown,)))


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
