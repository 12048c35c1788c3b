"""OP_GROUP_ADD: a new node group, without nodes."""

from typing import Any

from zope.interface import implementer

from ganetix.master.logic import child_jobs, communication, group_values
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import NodeGroup
from ganetix.opcodes.group import OpGroupAdd


@implementer(IUnit)
class GroupAdd:
    """Adds groups."""

    resumable = False

    def locks(self, op: OpGroupAdd, cluster: Cluster) -> list[Want]:
        """See `IUnit`: there is no uuid yet, so the name is locked against another add."""
        group_values.require_free(cluster, op.group_name)
        return [BGL_SHARED, Want("nodegroup", (op.group_name,))]

    async def check(self, op: OpGroupAdd, context: Context) -> NodeGroup:
        """See `IUnit`: the new group."""
        fresh = NodeGroup(context.randomness.uuid(), op.group_name)
        fields = group_values.changed(op, fresh, context.cluster)
        return group_values.with_fields(fresh, fields)

    def hooks(self, op: OpGroupAdd, plan: NodeGroup, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return group_values.hooks("group-add", {"GROUP_NAME": op.group_name}, cluster)

    async def execute(
        self, op: OpGroupAdd, plan: NodeGroup, context: Context
    ) -> dict[str, Any] | None:
        """Write it down; a job connects it to the network of the metadata service, if any."""
        cluster = await context.commit(lambda cluster: Change(nodegroups=(plan,)))
        network = cluster.cluster.instance_communication_network
        if not network:
            return None
        connect = communication.connecting(network, plan.uuid)
        return {"jobs": await child_jobs.submit(context, op, [[connect]])}
