"""OP_CLUSTER_SET_PARAMS: the cluster's parameters."""

from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from ganetix.master.allocator import Allocator
from ganetix.master.logic import (
    candidates,
    child_jobs,
    cluster_checks,
    cluster_values,
    communication,
    group_values,
)
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Level, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Settings
from ganetix.opcodes.cluster import OpClusterSetParams


@implementer(IUnit)
@attrs.frozen
class ClusterSetParams:
    """Changes the cluster's parameters."""

    outside: Outside
    allocator: Allocator
    resumable = False

    def locks(self, op: OpClusterSetParams, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        levels: tuple[Level, ...] = ("instance", "nodegroup", "node")
        return [BGL_SHARED, *(Want(level, (ALL,), "shared") for level in levels)]

    async def check(self, op: OpClusterSetParams, context: Context) -> Settings:
        """See `IUnit`: the settings after the change."""
        fresh = cluster_values.after(op, context.cluster)
        if op.default_iallocator:
            await self.allocator.require_known(op.default_iallocator)
        await cluster_checks.require_possible_settings(op, fresh, context)
        return fresh

    def hooks(self, op: OpClusterSetParams, plan: Settings, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        master = (cluster.cluster.master_node,)
        env = {"OP_TARGET": cluster.cluster.cluster_name, "NEW_VG_NAME": str(op.vg_name)}
        return Hooks("cluster-modify", "CLUSTER", env, master, master)

    async def execute(
        self, op: OpClusterSetParams, plan: Settings, context: Context
    ) -> dict[str, Any] | None:
        """Write it down, let the candidate pool follow its size, and warn of the policy.

        Jobs make the network of the metadata service, if one is named.
        """
        before = context.cluster
        change = Change(cluster=plan)
        promoted = candidates.promotions(context.cluster, change, context.randomness)
        digests = await candidates.tokens(context, [node.uuid for node in promoted])
        whole = candidates.with_promoted(change, promoted)

        def settled(cluster: Cluster) -> Change:
            """Keep what others have changed since the check, such as tags."""
            fresh = msgspec.structs.replace(whole, cluster=cluster_values.after(op, cluster))
            return candidates.certified(cluster, fresh, digests)

        await context.commit(settled)
        await candidates.equip(context, self.outside, digests)
        if op.ipolicy is not None:
            for line in _new_violations(before, context.cluster):
                context.log(line)
        network = op.instance_communication_network
        jobs = communication.jobs(context.cluster, network) if network else []
        return {"jobs": await child_jobs.submit(context, op, jobs)} if jobs else None


def _new_violations(before: Cluster, after: Cluster) -> list[str]:
    """Return a warning for each instance that breaks its group's policy and did not before."""
    found = []
    for instance in after.instances.values():
        group = after.nodegroups[after.nodes[instance.primary_node].group]
        told = group_values.breaks(after, instance, group)
        if told and not group_values.breaks(before, instance, group):
            found.append(
                f"WARNING: Instance {instance.name} breaks the instance policy of group "
                f"{group.name} now: {'; '.join(told)}."
            )
    return found
