"""OP_NODE_MIGRATE: submit a migration of each instance that runs on a node."""

from collections.abc import Mapping

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import child_jobs, names, node_env, wants
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance_state import OpInstanceMigrate
from ganetix.opcodes.node import OpNodeMigrate


@implementer(IUnit)
class NodeMigrate:
    """Submits a job for each primary instance; none of them becomes a failover."""

    resumable = False

    def locks(self, op: OpNodeMigrate, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        node = names.node_of(cluster, op.node_name, op.node_uuid)
        return [BGL_SHARED, wants.nodes([node.uuid], "shared")]

    async def check(self, op: OpNodeMigrate, context: Context) -> list[list[OpCode]]:
        """See `IUnit`: the jobs."""
        cluster = context.cluster
        node = names.node_of(cluster, op.node_name, op.node_uuid)
        if op.target_node is not None:
            _check_target(op, cluster)
        uuids = cluster.indexes.primaries.get(node.uuid, frozenset())
        instances = sorted((cluster.instances[uuid] for uuid in uuids), key=lambda one: one.name)
        return [[_migration(op, cluster, one)] for one in instances]

    def hooks(self, op: OpNodeMigrate, plan: list[list[OpCode]], cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        node = names.node_of(cluster, op.node_name, op.node_uuid)
        env = {"NODE_NAME": node.name, "ALLOW_RUNTIME_CHANGES": str(op.allow_runtime_changes)}
        master = [cluster.cluster.master_node]
        return node_env.hooks("node-migrate", env, master, master)

    async def execute(
        self, op: OpNodeMigrate, plan: list[list[OpCode]], context: Context
    ) -> Mapping[str, object]:
        """Submit the jobs."""
        return {"jobs": await child_jobs.submit(context, op, plan)}


def _check_target(op: OpNodeMigrate, cluster: Cluster) -> None:
    if op.iallocator is not None:
        raise errors.OpPrereqError(
            "Both a target node and an instance allocator were given; give one of them.",
            errors.INVAL,
        )
    target = names.node_of(cluster, op.target_node or "", op.target_node_uuid)
    if target.uuid == cluster.node_named(op.node_name).uuid:
        raise errors.OpPrereqError(
            f"Node {target.name} is the one that the instances leave; give another target.",
            errors.INVAL,
        )


def _migration(op: OpNodeMigrate, cluster: Cluster, instance: Instance) -> OpInstanceMigrate:
    """Return the job for *instance*; one with mirrored disks can go to its secondary alone."""
    mirrored = params.template_of(cluster.disks_of(instance)) == "drbd"
    return OpInstanceMigrate(
        instance_name=instance.name,
        mode=op.mode,
        live=op.live,
        target_node=None if mirrored else op.target_node,
        iallocator=None if mirrored else op.iallocator,
        allow_runtime_changes=op.allow_runtime_changes,
        ignore_ipolicy=op.ignore_ipolicy,
    )
