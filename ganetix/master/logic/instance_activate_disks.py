"""OP_INSTANCE_ACTIVATE_DISKS, OP_INSTANCE_DEACTIVATE_DISKS: disks without their instance."""

from zope.interface import implementer

from ganetix.master.logic import disk_sync, disks, names, wants
from ganetix.master.logic.instance_startup import mark_disks
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.instance_disks import OpInstanceActivateDisks, OpInstanceDeactivateDisks


@implementer(IUnit)
class InstanceActivateDisks:
    """Assembles the disks of instances."""

    resumable = True

    def locks(self, op: OpInstanceActivateDisks, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        return [*wants.instance_only(instance), wants.nodes(cluster.nodes_of(instance))]

    async def check(self, op: OpInstanceActivateDisks, context: Context) -> Instance:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        primary = cluster.nodes[instance.primary_node]
        names.require_online(primary, f"activating the disks of instance {instance.name}")
        return instance

    def hooks(self, op: OpInstanceActivateDisks, plan: Instance, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpInstanceActivateDisks, plan: Instance, context: Context
    ) -> list[list[str | None]]:
        """Return [node, disk, device] of each disk."""
        found = await disks.assemble(context, plan)
        await mark_disks(context, plan.uuid, active=bool(plan.disks))
        if op.wait_for_sync:
            await disk_sync.wait(context, plan, context.cluster.disks_of(plan))
        cluster = context.cluster
        node = cluster.nodes[plan.primary_node].name
        return [
            [node, disk.iv_name, info.path]
            for disk, info in zip(cluster.disks_of(plan), found, strict=True)
        ]


@implementer(IUnit)
class InstanceDeactivateDisks:
    """Shuts the disks of instances down."""

    resumable = True

    def locks(self, op: OpInstanceDeactivateDisks, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        return [*wants.instance_only(instance), wants.nodes(cluster.nodes_of(instance))]

    async def check(self, op: OpInstanceDeactivateDisks, context: Context) -> Instance:
        """See `IUnit`."""
        instance = names.instance_of(context.cluster, op.instance_name, op.instance_uuid)
        if not op.force:
            await names.require_stopped(context, instance, "deactivating its disks")
        return instance

    def hooks(
        self, op: OpInstanceDeactivateDisks, plan: Instance, cluster: Cluster
    ) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpInstanceDeactivateDisks, plan: Instance, context: Context
    ) -> None:
        """Shut them down and note it."""
        await disks.shutdown(context, plan)
        await mark_disks(context, plan.uuid, active=False)
