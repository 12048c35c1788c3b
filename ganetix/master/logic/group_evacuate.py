"""OP_GROUP_EVACUATE: submit jobs that move all instances out of a group."""

from collections.abc import Mapping

import attrs
import msgspec
from zope.interface import implementer

from ganetix.master import allocator
from ganetix.master.allocator import Allocator
from ganetix.master.logic import child_jobs, evacuation, wants
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, NodeGroup
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.group import OpGroupEvacuate
from ganetix.opcodes.instance_state import OpInstanceFailover, OpInstanceMigrate

Jobs = list[list[OpCode]]


@implementer(IUnit)
@attrs.frozen
class GroupEvacuate:
    """Plans the evacuation of a group; the jobs do it."""

    allocator: Allocator
    resumable = False

    def locks(self, op: OpGroupEvacuate, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        group = cluster.group_named(op.group_name)
        instances = _instances(cluster, group)
        found = _targets(op, cluster, group)
        groups = {group.uuid, *(one.uuid for one in found)}
        groups |= wants.groups_of(cluster, instances)
        return [BGL_SHARED, *evacuation.shared_locks(cluster, instances, groups)]

    async def check(self, op: OpGroupEvacuate, context: Context) -> Jobs:
        """See `IUnit`: the jobs."""
        cluster = context.cluster
        group = cluster.group_named(op.group_name)
        found = _targets(op, cluster, group)
        name = allocator.required(cluster, op.iallocator, f"the evacuation of group {group.name}")
        instances = _instances(cluster, group)
        if not instances:
            context.log(f"Group {group.name} has no instances.")
            return []
        wanted = [one.uuid for one in found]
        answer = await self.allocator.change_group(context, name, instances, wanted)
        jobs = evacuation.jobs_of(context, answer, early_release=op.early_release, groups=found)
        if op.force_failover:
            jobs = [[_failover(one) for one in job] for job in jobs]
        return _chained(jobs) if op.sequential else jobs

    def hooks(self, op: OpGroupEvacuate, plan: Jobs, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        group = cluster.group_named(op.group_name)
        found = _targets(op, cluster, group)
        env = {
            "OP_TARGET": group.name,
            "GROUP_NAME": group.name,
            "TARGET_GROUPS": " ".join(one.uuid for one in found),
        }
        members = [node.uuid for node in cluster.members(group.uuid)]
        nodes = tuple(dict.fromkeys([cluster.cluster.master_node, *members]))
        return Hooks("group-evacuate", "GROUP", env, nodes, nodes)

    async def execute(
        self, op: OpGroupEvacuate, plan: Jobs, context: Context
    ) -> Mapping[str, object]:
        """Submit the jobs."""
        return {"jobs": await child_jobs.submit(context, op, plan)}


def _targets(op: OpGroupEvacuate, cluster: Cluster, group: NodeGroup) -> list[NodeGroup]:
    what = f"what group {group.name} has"
    return evacuation.targets(cluster, op.target_groups, [group.uuid], what)


def _instances(cluster: Cluster, group: NodeGroup) -> list[Instance]:
    """Return the instances that have a node in *group*, by name."""
    nodes = [node.uuid for node in cluster.members(group.uuid)]
    indexes = cluster.indexes
    uuids = {
        uuid
        for node in nodes
        for table in (indexes.primaries, indexes.secondaries)
        for uuid in table.get(node, ())
    }
    return sorted((cluster.instances[uuid] for uuid in uuids), key=lambda one: one.name)


def _failover(op: OpCode) -> OpCode:
    """Return the failover that does what *op*, if it is a migration, would do."""
    if not isinstance(op, OpInstanceMigrate):
        return op
    return OpInstanceFailover(
        instance_name=op.instance_name,
        target_node=op.target_node,
        iallocator=op.iallocator,
        ignore_ipolicy=op.ignore_ipolicy,
    )


def _chained(jobs: Jobs) -> Jobs:
    """Let each job wait for the end of the one before it, whether that succeeds or not."""
    first, *others = jobs or [[]]
    after = [(-1, ["error", "success"])]
    return [
        first,
        *([msgspec.structs.replace(job[0], depends=after), *job[1:]] for job in others),
    ]
