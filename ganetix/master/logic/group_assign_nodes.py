"""OP_GROUP_ASSIGN_NODES: move nodes into a group."""

from collections.abc import Collection, Iterable

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import group_values, names, nic_addresses, wants
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Node, NodeGroup
from ganetix.opcodes.group import OpGroupAssignNodes


@attrs.frozen
class Plan:
    """Where the nodes *moving* go, and what is to be warned of."""

    group: NodeGroup
    moving: tuple[str, ...]
    warnings: tuple[str, ...]


@implementer(IUnit)
class GroupAssignNodes:
    """Moves nodes between groups; no instance is touched."""

    resumable = False

    def locks(self, op: OpGroupAssignNodes, cluster: Cluster) -> list[Want]:
        """See `IUnit`: the nodes, and every group that one of them leaves or enters."""
        nodes = _nodes(op, cluster)
        groups = {cluster.group_named(op.group_name).uuid, *(node.group for node in nodes)}
        return [
            BGL_SHARED,
            Want("nodegroup", tuple(sorted(groups))),
            wants.nodes(node.uuid for node in nodes),
        ]

    async def check(self, op: OpGroupAssignNodes, context: Context) -> Plan:
        """See `IUnit`; raise `errors.OpExecError` when an instance would be split."""
        cluster = context.cluster
        group = cluster.group_named(op.group_name)
        moving = [node for node in _nodes(op, cluster) if node.group != group.uuid]
        uuids = tuple(dict.fromkeys(node.uuid for node in moving))
        fresh, still = _splits(cluster, uuids, group.uuid)
        if fresh and not op.force:
            raise errors.OpExecError(_told(fresh, still))
        warnings = [
            *_split_warnings(fresh, still),
            *_policy_warnings(cluster, uuids, group),
            *_network_warnings(cluster, uuids, group),
        ]
        return Plan(group, uuids, tuple(warnings))

    def hooks(self, op: OpGroupAssignNodes, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`: this operation has none."""
        return None

    async def execute(self, op: OpGroupAssignNodes, plan: Plan, context: Context) -> None:
        """Write the group of the nodes down."""
        for line in plan.warnings:
            context.log(line)
        if not plan.moving:
            context.log(f"All of these nodes are in group {plan.group.name} already.")
            return

        def change(cluster: Cluster) -> Change:
            rows = (cluster.nodes[uuid] for uuid in plan.moving)
            group = plan.group.uuid
            return Change(nodes=tuple(msgspec.structs.replace(row, group=group) for row in rows))

        await context.commit(change)


def _nodes(op: OpGroupAssignNodes, cluster: Cluster) -> list[Node]:
    if op.node_uuids is None:
        return [cluster.node_named(name) for name in op.nodes]
    if len(op.node_uuids) != len(op.nodes):
        raise errors.OpPrereqError(
            f"There are {len(op.nodes)} node names and {len(op.node_uuids)} uuids; give one uuid "
            "for each name, or names alone.",
            errors.INVAL,
        )
    pairs = zip(op.nodes, op.node_uuids, strict=True)
    return [names.node_of(cluster, name, uuid) for name, uuid in pairs]


def _splits(
    cluster: Cluster, moving: Collection[str], group: str
) -> tuple[list[Instance], list[Instance]]:
    """Return the mirrored instances that the move splits over groups, and those that stay split.

    Of the latter only those with a node among *moving*.
    """
    fresh: list[Instance] = []
    still: list[Instance] = []
    index = cluster.indexes
    concerned: set[str] = set()
    for uuid in moving:
        concerned |= index.primaries.get(uuid, frozenset())
        concerned |= index.secondaries.get(uuid, frozenset())
    rows = (cluster.instances[uuid] for uuid in concerned)
    for row in sorted(rows, key=lambda row: row.name):
        own = cluster.nodes_of(row)
        before = {cluster.nodes[uuid].group for uuid in own}
        after = {group if uuid in moving else cluster.nodes[uuid].group for uuid in own}
        if len(after) > 1:
            (still if len(before) > 1 else fresh).append(row)
    return fresh, still


def _told(fresh: Iterable[Instance], still: Collection[Instance]) -> str:
    sentence = (
        f"The mirrored instances {_named(fresh)} would be split over two groups; move their other "
        "nodes too, or insist with --force."
    )
    return f"{sentence} Split already, and still so: {_named(still)}." if still else sentence


def _split_warnings(fresh: Collection[Instance], still: Collection[Instance]) -> Iterable[str]:
    if fresh:
        yield f"WARNING: Split over two groups by this: {_named(fresh)}."
    if still:
        yield f"WARNING: Split over two groups already, and still so: {_named(still)}."


def _policy_warnings(cluster: Cluster, moving: Iterable[str], group: NodeGroup) -> Iterable[str]:
    for uuid in moving:
        before = cluster.nodegroups[cluster.nodes[uuid].group]
        rows = _primaries(cluster, uuid)
        yield from group_values.new_violations(cluster, rows, before, group)


def _network_warnings(cluster: Cluster, moving: Iterable[str], group: NodeGroup) -> Iterable[str]:
    """Name the instances whose networks are not connected where they are going to be."""
    for uuid in moving:
        for row in _primaries(cluster, uuid):
            if missing := nic_addresses.missing_networks(cluster, row, group):
                yield (
                    f"WARNING: Instance {row.name} has NICs in networks that are not connected to "
                    f"node group {group.name} ({', '.join(missing)}); 'gnt-network connect "
                    f"{missing[0]} {group.name}' does that."
                )


def _primaries(cluster: Cluster, node: str) -> list[Instance]:
    held = cluster.indexes.primaries.get(node, frozenset())
    return sorted((cluster.instances[one] for one in held), key=lambda row: row.name)


def _named(instances: Iterable[Instance]) -> str:
    return ", ".join(row.name for row in instances)
