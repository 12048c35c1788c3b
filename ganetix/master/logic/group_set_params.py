"""OP_GROUP_SET_PARAMS: a group's allocation policy, instance policy and parameters."""

from typing import Any, Final

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import group_values
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import NodeGroup
from ganetix.opcodes.group import OpGroupSetParams

_GIVEN: Final = ("alloc_policy", "ndparams", "diskparams", "hv_state", "disk_state", "ipolicy")
_FIELD: Final = {"hv_state": "hv_state_static", "disk_state": "disk_state_static"}


@attrs.frozen
class Plan:
    """The group before, and the fields that change."""

    before: NodeGroup
    fields: dict[str, Any]


@implementer(IUnit)
class GroupSetParams:
    """Changes groups."""

    resumable = False

    def locks(self, op: OpGroupSetParams, cluster: Cluster) -> list[Want]:
        """See `IUnit`: the instances are held when they are looked at for the policy."""
        group = cluster.group_named(op.group_name)
        names = tuple(row.name for row in group_values.instances_of(cluster, group.uuid))
        held = [Want("instance", names, "shared")] if op.ipolicy is not None and names else []
        return [BGL_SHARED, *held, Want("nodegroup", (group.uuid,))]

    async def check(self, op: OpGroupSetParams, context: Context) -> Plan:
        """See `IUnit`."""
        group = context.cluster.group_named(op.group_name)
        if all(getattr(op, name) is None for name in _GIVEN):
            raise errors.OpPrereqError(
                f"Nothing is to be changed on node group {group.name}; give at least one option.",
                errors.INVAL,
            )
        return Plan(group, group_values.changed(op, group, context.cluster))

    def hooks(self, op: OpGroupSetParams, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = {"GROUP_NAME": plan.before.name, "NEW_ALLOC_POLICY": str(op.alloc_policy)}
        return group_values.hooks("group-modify", env, cluster)

    async def execute(self, op: OpGroupSetParams, plan: Plan, context: Context) -> list[list[Any]]:
        """Write it down and return what was given with its new value; warn of the policy."""

        def change(cluster: Cluster) -> Change:
            group = cluster.nodegroups[plan.before.uuid]
            return Change(nodegroups=(group_values.with_fields(group, plan.fields),))

        cluster = await context.commit(change)
        after = cluster.nodegroups[plan.before.uuid]
        if op.ipolicy is not None:
            instances = group_values.instances_of(cluster, after.uuid)
            for line in group_values.new_violations(cluster, instances, plan.before, after):
                context.log(line)
        given = (name for name in _GIVEN if getattr(op, name) is not None)
        return [[name, plan.fields[_FIELD.get(name, name)]] for name in given]
