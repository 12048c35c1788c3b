"""OP_GROUP_RENAME: another name for a group."""

from zope.interface import implementer

from ganetix.master.logic import group_values
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import NodeGroup
from ganetix.opcodes.group import OpGroupRename


@implementer(IUnit)
class GroupRename:
    """Renames groups."""

    resumable = False

    def locks(self, op: OpGroupRename, cluster: Cluster) -> list[Want]:
        """See `IUnit`: the group, and the new name against another group that takes it."""
        group = cluster.group_named(op.group_name)
        group_values.require_free(cluster, op.new_name)
        return [BGL_SHARED, Want("nodegroup", tuple(sorted((group.uuid, op.new_name))))]

    async def check(self, op: OpGroupRename, context: Context) -> NodeGroup:
        """See `IUnit`: the group as it was."""
        return context.cluster.group_named(op.group_name)

    def hooks(self, op: OpGroupRename, plan: NodeGroup, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = {"OLD_NAME": plan.name, "NEW_NAME": op.new_name}
        members = (node.uuid for node in cluster.members(plan.uuid))
        return group_values.hooks("group-rename", env, cluster, members)

    async def execute(self, op: OpGroupRename, plan: NodeGroup, context: Context) -> str:
        """Write the name down and return it."""

        def change(cluster: Cluster) -> Change:
            group = cluster.nodegroups[plan.uuid]
            return Change(nodegroups=(group_values.with_fields(group, {"name": op.new_name}),))

        await context.commit(change)
        return op.new_name
