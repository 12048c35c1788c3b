"""OP_NODE_EVACUATE: submit jobs that move instances off a node."""

from collections.abc import Mapping, Sequence

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master import allocator
from ganetix.master.allocation.answers import Evacuation
from ganetix.master.allocator import Allocator
from ganetix.master.logic import (
    child_jobs,
    evacuation,
    names,
    nic_addresses,
    relocation,
    wants,
)
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model import params
from ganetix.model.changes import Change, apply
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Node
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance_disks import OpInstanceReplaceDisks
from ganetix.opcodes.node import OpNodeEvacuate

Jobs = list[list[OpCode]]


@implementer(IUnit)
@attrs.frozen
class NodeEvacuate:
    """Plans an evacuation; the jobs do it, so that it goes on when the node has much."""

    allocator: Allocator
    resumable = False

    def locks(self, op: OpNodeEvacuate, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        node = names.node_of(cluster, op.node_name, op.node_uuid)
        instances = [*_primaries(op, cluster, node), *_secondaries(op, cluster, node)]
        groups = {node.group, *wants.groups_of(cluster, instances)}
        return [BGL_SHARED, *evacuation.shared_locks(cluster, instances, groups)]

    async def check(self, op: OpNodeEvacuate, context: Context) -> Jobs:
        """See `IUnit`: the jobs."""
        cluster = context.cluster
        node = names.node_of(cluster, op.node_name, op.node_uuid)
        primaries, secondaries = _primaries(op, cluster, node), _secondaries(op, cluster, node)
        if op.remote_node is not None:
            return _to_node(op, cluster, node, secondaries)
        name = allocator.required(cluster, op.iallocator, f"the evacuation of {node.name}")
        if not primaries and not secondaries:
            context.log(f"No instance has to leave node {node.name}.")
            return []
        found = await self._planned(op, context, name, primaries, secondaries)
        return evacuation.jobs_of(context, found, early_release=op.early_release)

    async def _planned(
        self,
        op: OpNodeEvacuate,
        context: Context,
        name: str,
        primaries: Sequence[Instance],
        secondaries: Sequence[Instance],
    ) -> Evacuation:
        """Ask once for the primaries, then for the mirrors as they are after the first moves."""
        soft = bool(op.ignore_soft_errors)
        first = Evacuation((), (), ())
        after = context.cluster
        if primaries:
            first = await self.allocator.evacuate(
                context, name, primaries, "primary-only", ignore_soft_errors=soft
            )
            after = _after(context.cluster, first)
        mirrors = [*secondaries]
        if op.mode == "all":
            mirrors += [after.instance_named(one.instance) for one in first.moved]
        mirrors = [one for one in mirrors if after.secondaries_of(one)]
        if not mirrors:
            return first
        second = await self.allocator.evacuate(
            context, name, mirrors, "secondary-only", ignore_soft_errors=soft, after=after
        )
        return _joined(first, second)

    def hooks(self, op: OpNodeEvacuate, plan: Jobs, cluster: Cluster) -> Hooks | None:
        """See `IUnit`: this operation has none."""
        return None

    async def execute(
        self, op: OpNodeEvacuate, plan: Jobs, context: Context
    ) -> Mapping[str, object]:
        """Submit the jobs."""
        return {"jobs": await child_jobs.submit(context, op, plan)}


def _primaries(op: OpNodeEvacuate, cluster: Cluster, node: Node) -> list[Instance]:
    wanted = op.mode in ("primary-only", "all")
    return _sorted(cluster, cluster.indexes.primaries.get(node.uuid, ()) if wanted else ())


def _secondaries(op: OpNodeEvacuate, cluster: Cluster, node: Node) -> list[Instance]:
    wanted = op.mode in ("secondary-only", "all")
    return _sorted(cluster, cluster.indexes.secondaries.get(node.uuid, ()) if wanted else ())


def _sorted(cluster: Cluster, uuids: Sequence[str] | frozenset[str]) -> list[Instance]:
    return sorted((cluster.instances[uuid] for uuid in uuids), key=lambda one: one.name)


def _to_node(
    op: OpNodeEvacuate, cluster: Cluster, node: Node, secondaries: Sequence[Instance]
) -> Jobs:
    """Return a job for each mirror that goes to the node that was named."""
    if op.iallocator is not None:
        raise errors.OpPrereqError(
            "Both a node and an instance allocator were given; give one of them.", errors.INVAL
        )
    if op.mode != "secondary-only":
        raise errors.OpPrereqError(
            "Only mirrors can be sent to one node; use --secondary-only, or leave -n out and let "
            "an instance allocator choose.",
            errors.INVAL,
        )
    remote = names.node_of(cluster, op.remote_node or "", op.remote_node_uuid)
    if remote.uuid == node.uuid:
        raise errors.OpPrereqError(
            f"Node {node.name} is the one to be evacuated; name another with -n.", errors.INVAL
        )
    names.require_usable(remote)
    group = cluster.nodegroups[remote.group]
    for one in secondaries:
        nic_addresses.require_connected(cluster, one, group)
        if one.primary_node == remote.uuid:
            raise errors.OpPrereqError(
                f"Node {remote.name} is the primary node of instance {one.name} and can't have "
                "its mirror as well; name another node with -n.",
                errors.STATE,
            )
    return [
        [
            OpInstanceReplaceDisks(
                instance_name=one.name,
                mode="replace_new_secondary",
                remote_node=remote.name,
                early_release=op.early_release,
            )
        ]
        for one in secondaries
    ]


def _after(cluster: Cluster, found: Evacuation) -> Cluster:
    """Return the configuration as it will be when the primaries have moved."""
    change = Change()
    for one in found.moved:
        instance = cluster.instance_named(one.instance)
        target = cluster.node_named(one.nodes[0])
        if params.template_of(cluster.disks_of(instance)) == "drbd":
            moved = msgspec.structs.replace(instance, primary_node=target.uuid)
            step = Change(instances=(moved,))
        else:
            step = relocation.switched(cluster, instance.uuid, target.uuid)
        change = Change(
            instances=(*change.instances, *step.instances), disks=(*change.disks, *step.disks)
        )
    return apply(cluster, change, cluster.mtime)


def _joined(first: Evacuation, second: Evacuation) -> Evacuation:
    """Put both answers together: what an instance does twice is one job, in order."""
    jobs = list(first.jobs)
    at = {_instance(job): number for number, job in enumerate(jobs)}
    for job in second.jobs:
        number = at.get(_instance(job))
        if number is None:
            jobs.append(job)
        else:
            jobs[number] = (*jobs[number], *job)
    last = {one.instance: one for one in (*first.moved, *second.moved)}
    return Evacuation(tuple(last.values()), (*first.failed, *second.failed), tuple(jobs))


def _instance(job: Sequence[OpCode]) -> str:
    return str(getattr(job[0], "instance_name", "")) if job else ""
