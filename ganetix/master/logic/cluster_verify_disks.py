"""OP_CLUSTER_VERIFY_DISKS and OP_GROUP_VERIFY_DISKS: which disks are down, and which are gone."""

from typing import Any, Final

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import child_jobs
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.opcodes.verify import OpClusterVerifyDisks, OpGroupVerifyDisks
from ganetix.rpc.tables.blockdev import BLOCKDEV_FIND, DiskInfo, DiskRequest
from ganetix.toolkit.gather import gather

AT_ONCE: Final = 50
"""Disks that are asked for at the same time."""


@implementer(IUnit)
class ClusterVerifyDisks:
    """Submits a job for each group."""

    resumable = False

    def locks(self, op: OpClusterVerifyDisks, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        groups = _groups(op, cluster)
        return [BGL_SHARED, Want("nodegroup", tuple(sorted(groups)), "shared")]

    async def check(self, op: OpClusterVerifyDisks, context: Context) -> list[str]:
        """See `IUnit`: the uuids of the groups, by name."""
        cluster = context.cluster
        return sorted(_groups(op, cluster), key=lambda uuid: cluster.nodegroups[uuid].name)

    def hooks(self, op: OpClusterVerifyDisks, plan: list[str], cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpClusterVerifyDisks, plan: list[str], context: Context
    ) -> dict[str, Any]:
        """Submit the jobs."""
        groups = context.cluster.nodegroups
        jobs = [[OpGroupVerifyDisks(group_name=groups[uuid].name)] for uuid in plan]
        return {"jobs": await child_jobs.submit(context, op, jobs)}


def _groups(op: OpClusterVerifyDisks, cluster: Cluster) -> list[str]:
    if op.group_name is not None:
        return [cluster.group_named(op.group_name).uuid]
    return list(cluster.nodegroups)


@attrs.frozen
class Place:
    """A disk of an instance on one of its nodes (uuid)."""

    instance: Instance
    disk: Disk
    node: str

    @property
    def request(self) -> DiskRequest:
        """What its node is asked."""
        return DiskRequest(self.disk, self.instance.name, self.node == self.instance.primary_node)


@implementer(IUnit)
class GroupVerifyDisks:
    """Looks for the disks of the instances whose disks should be active."""

    resumable = True

    def locks(self, op: OpGroupVerifyDisks, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        uuid = cluster.group_named(op.group_name).uuid
        instances = _instances(cluster, uuid)
        nodes = sorted({node for one in instances for node in cluster.nodes_of(one)})
        return [
            BGL_SHARED,
            Want("instance", tuple(sorted(one.name for one in instances)), "shared"),
            Want("nodegroup", (uuid,), "shared"),
            Want("node", tuple(nodes), "shared"),
        ]

    async def check(self, op: OpGroupVerifyDisks, context: Context) -> list[Place]:
        """See `IUnit`: where disks should be."""
        cluster = context.cluster
        uuid = cluster.group_named(op.group_name).uuid
        return [
            Place(instance, disk, node)
            for instance in _instances(cluster, uuid)
            if instance.disks_active
            for disk in cluster.disks_of(instance)
            for node in _nodes_of(cluster, instance, disk)
            if not cluster.nodes[node].offline
        ]

    def hooks(self, op: OpGroupVerifyDisks, plan: list[Place], cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpGroupVerifyDisks, plan: list[Place], context: Context
    ) -> list[Any]:
        """Return [what nodes could not say, instances to activate, what is missing where]."""

        async def found(index: int) -> DiskInfo | errors.GanetiError:
            place = plan[index]
            try:
                info: DiskInfo = await context.call(place.node, BLOCKDEV_FIND, place.request)
            except errors.GanetiError as error:
                return error
            return info

        answers = await gather(found, range(len(plan)), AT_ONCE)
        return _sorted(context.cluster, [(plan[index], row) for index, row in answers.items()])


def _sorted(cluster: Cluster, rows: list[tuple[Place, DiskInfo | errors.GanetiError]]) -> list[Any]:
    trouble: dict[str, str] = {}
    down: dict[str, None] = {}
    missing: dict[str, list[list[str]]] = {}
    for place, answer in rows:
        node, name = cluster.nodes[place.node].name, place.instance.name
        if isinstance(answer, errors.GanetiError):
            trouble[node] = answer.message
        elif answer.path is None and place.disk.dev_type == "drbd":
            # Its volumes may well be there: activating tells, and is what the client does next.
            down[name] = None
        elif answer.path is None:
            missing.setdefault(name, []).append([node, str(place.disk.logical_id[-1])])
    return [trouble, list(down), missing]


def _instances(cluster: Cluster, group: str) -> list[Instance]:
    found = (cluster.instances[uuid] for node in cluster.members(group)
             for uuid in cluster.indexes.primaries.get(node.uuid, ()))  # fmt: skip
    return sorted(found, key=lambda one: one.name)


def _nodes_of(cluster: Cluster, instance: Instance, disk: Disk) -> list[str]:
    """Return where *disk* must be: shared storage is looked at from the primary alone."""
    return cluster.nodes_of(instance) if disk.dev_type == "drbd" else [instance.primary_node]
