"""OP_NODE_REMOVE: take a node without instances out of the cluster."""

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import candidates, names, node_env, ssh_access
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import BGL_EXCLUSIVE, Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.opcodes.node import OpNodeRemove
from ganetix.rpc.tables.files import NODE_LEAVE_CLUSTER, LeaveCluster


@implementer(IUnit)
@attrs.frozen
class NodeRemove:
    """Removes nodes."""

    outside: Outside
    resumable = False

    def locks(self, op: OpNodeRemove, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_EXCLUSIVE]

    async def check(self, op: OpNodeRemove, context: Context) -> Node:
        """See `IUnit`."""
        cluster = context.cluster
        node = names.node_of(cluster, op.node_name, op.node_uuid)
        if node.uuid == cluster.cluster.master_node:
            raise errors.OpPrereqError(
                f"Node {node.name} is the master. Run 'gnt-cluster master-failover' on another "
                "candidate, then remove it.",
                errors.INVAL,
            )
        index = cluster.indexes
        held = index.primaries.get(node.uuid, frozenset()) | index.secondaries.get(
            node.uuid, frozenset()
        )
        if held:
            told = ", ".join(sorted(cluster.instances[uuid].name for uuid in held))
            raise errors.OpPrereqError(
                f"Node {node.name} is still used by {told}; move or remove these first.",
                errors.INVAL,
            )
        return node

    def hooks(self, op: OpNodeRemove, plan: Node, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        others = [uuid for uuid in cluster.nodes if uuid != plan.uuid]
        env = {"OP_TARGET": plan.name, "NODE_NAME": plan.name}
        return node_env.hooks("node-remove", env, others, others)

    async def execute(self, op: OpNodeRemove, plan: Node, context: Context) -> None:
        """Refill the pool, let the node forget the cluster, then drop it."""
        change = Change(drop_nodes=(plan.uuid,))
        promoted = candidates.promotions(context.cluster, change, context.randomness)
        digests = await candidates.tokens(context, [node.uuid for node in promoted])
        if not plan.offline:
            await ssh_access.leaving(context, self.outside, plan)
            await self._leave(plan, context)
        whole = candidates.with_promoted(change, promoted)
        await context.commit(
            lambda cluster: candidates.certified(cluster, whole, digests, [plan.uuid])
        )
        await ssh_access.left(context, self.outside, plan)
        await candidates.equip(context, self.outside, digests)

    async def _leave(self, plan: Node, context: Context) -> None:
        request = LeaveCluster(context.cluster.cluster.modify_ssh_setup)
        try:
            await context.call(plan.uuid, NODE_LEAVE_CLUSTER, request)
        except errors.GanetiError as error:
            context.log(
                f"WARNING: Node {plan.name} still has the cluster's files: {error.message} "
                "Run 'node-cleanup' there."
            )
