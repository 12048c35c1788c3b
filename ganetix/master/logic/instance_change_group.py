"""OP_INSTANCE_CHANGE_GROUP: submit a job that moves an instance to another group."""

from collections.abc import Mapping

import attrs
from zope.interface import implementer

from ganetix.master import allocator
from ganetix.master.allocator import Allocator
from ganetix.master.logic import child_jobs, evacuation, hooks_env, names, wants
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import NodeGroup
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance_state import OpInstanceChangeGroup

Jobs = list[list[OpCode]]


@implementer(IUnit)
@attrs.frozen
class InstanceChangeGroup:
    """Plans the move; the job does it."""

    allocator: Allocator
    resumable = False

    def locks(self, op: OpInstanceChangeGroup, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        groups = {one.uuid for one in _targets(op, cluster)}
        groups |= wants.groups_of(cluster, [instance])
        return [BGL_SHARED, *evacuation.shared_locks(cluster, [instance], groups)]

    async def check(self, op: OpInstanceChangeGroup, context: Context) -> Jobs:
        """See `IUnit`: the jobs."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        groups = _targets(op, cluster)
        wanted = [one.uuid for one in groups]
        name = allocator.required(cluster, op.iallocator, f"the move of {instance.name}")
        found = await self.allocator.change_group(context, name, [instance], wanted)
        return evacuation.jobs_of(context, found, early_release=op.early_release, groups=groups)

    def hooks(self, op: OpInstanceChangeGroup, plan: Jobs, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        env = hooks_env.instance_variables(cluster, instance)
        env["TARGET_GROUPS"] = " ".join(one.uuid for one in _targets(op, cluster))
        return hooks_env.instance_hooks("instance-change-group", cluster, env, ())

    async def execute(
        self, op: OpInstanceChangeGroup, plan: Jobs, context: Context
    ) -> Mapping[str, object]:
        """Submit the jobs."""
        return {"jobs": await child_jobs.submit(context, op, plan)}


def _targets(op: OpInstanceChangeGroup, cluster: Cluster) -> list[NodeGroup]:
    instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
    left = wants.groups_of(cluster, [instance])
    return evacuation.targets(cluster, op.target_groups, left, f"instance {instance.name}")
