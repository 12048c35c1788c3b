"""OP_GROUP_REMOVE: a group without nodes goes."""

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import group_values
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import NodeGroup
from ganetix.opcodes.group import OpGroupRemove


@implementer(IUnit)
class GroupRemove:
    """Removes groups."""

    resumable = False

    def locks(self, op: OpGroupRemove, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        group = cluster.group_named(op.group_name)
        return [BGL_SHARED, Want("nodegroup", (group.uuid,))]

    async def check(self, op: OpGroupRemove, context: Context) -> NodeGroup:
        """See `IUnit`: the group."""
        cluster = context.cluster
        group = cluster.group_named(op.group_name)
        _require_removable(cluster, group)
        return group

    def hooks(self, op: OpGroupRemove, plan: NodeGroup, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return group_values.hooks("group-remove", {"GROUP_NAME": plan.name}, cluster)

    async def execute(self, op: OpGroupRemove, plan: NodeGroup, context: Context) -> None:
        """Drop it; looked at again, for two jobs may each remove one of the last two groups."""

        def change(cluster: Cluster) -> Change:
            _require_removable(cluster, plan)
            return Change(drop_nodegroups=(plan.uuid,))

        await context.commit(change)


def _require_removable(cluster: Cluster, group: NodeGroup) -> None:
    members = [node.name for node in cluster.members(group.uuid)]
    if members:
        raise errors.OpPrereqError(
            f"Node group {group.name} has the nodes {', '.join(members)}; "
            "'gnt-group assign-nodes OTHER-GROUP NODE...' moves them.",
            errors.STATE,
        )
    if len(cluster.nodegroups) == 1:
        raise errors.OpPrereqError(
            f"Node group {group.name} is the last one; add another before you remove it.",
            errors.STATE,
        )
