"""OP_NODE_QUERY_STORAGE, OP_NODE_MODIFY_STORAGE, OP_REPAIR_NODE_STORAGE and OP_NODE_QUERYVOLS."""

from collections.abc import Sequence
from typing import Any, Final

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import names, wants
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.opcodes.node_storage import (
    OpNodeModifyStorage,
    OpNodeQueryStorage,
    OpNodeQueryvols,
    OpRepairNodeStorage,
)
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.blockdev import BLOCKDEV_FIND, DiskRequest
from ganetix.rpc.tables.node_care import (
    NODE_VOLUMES,
    STORAGE_EXECUTE,
    STORAGE_LIST,
    STORAGE_MODIFY,
    PlacedVolume,
    PlacedVolumes,
    StorageChange,
    StorageName,
    StorageQuery,
    StorageUnitInfo,
    StorageUnits,
)

STORAGE_FIELDS: Final = ("allocatable", "free", "name", "node", "size", "type", "used")
VOLUME_FIELDS: Final = ("instance", "name", "node", "phys", "size", "vg")
TYPE_OF: Final = {"plain": "lvm-vg", "drbd": "lvm-vg", "file": "file", "sharedfile": "sharedfile"}
"""Disk template to the type of the storage units that its disks are in."""

_LVM: Final = ("plain", "drbd")
_TEMPLATES: Final = {
    "lvm-vg": _LVM, "lvm-pv": _LVM, "file": ("file",), "sharedfile": ("sharedfile",),
}  # fmt: skip
"""Type of storage units to the disk templates that use it."""
REPORTABLE: Final = ("file", "sharedfile", "lvm-pv", "lvm-vg")


def _readers(cluster: Cluster, given: Sequence[str]) -> list[Want]:
    if not given:
        return [BGL_SHARED, Want("node", (ALL,), "shared")]
    uuids = (names.node_of(cluster, name).uuid for name in given)
    return [BGL_SHARED, wants.nodes(uuids, "shared")]


def _online(cluster: Cluster, given: Sequence[str]) -> list[Node]:
    rows = [names.node_of(cluster, name) for name in given] or list(cluster.nodes.values())
    return sorted((node for node in rows if not node.offline), key=lambda node: node.name)


def _check_fields(given: Sequence[str], known: Sequence[str]) -> None:
    for field in given:
        if field not in known:
            raise errors.OpPrereqError(
                f"There is no field '{field}'; there are: {', '.join(known)}.", errors.INVAL
            )


@implementer(IUnit)
class NodeQueryStorage:
    """Lists storage units."""

    resumable = True

    def locks(self, op: OpNodeQueryStorage, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return _readers(cluster, op.nodes)

    async def check(self, op: OpNodeQueryStorage, context: Context) -> str:
        """See `IUnit`: the type that is asked for, else that of the first enabled template."""
        _check_fields(op.output_fields, STORAGE_FIELDS)
        kind = op.storage_type or _usual(context.cluster)
        if kind not in REPORTABLE:
            raise errors.OpPrereqError(
                f"Storage units of type {kind} can't be listed; those of {', '.join(REPORTABLE)} "
                "can.",
                errors.INVAL,
            )
        _check_used(context.cluster, kind)
        return kind

    def hooks(self, op: OpNodeQueryStorage, plan: str, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpNodeQueryStorage, plan: str, context: Context) -> list[list[Any]]:
        """Return a row of the wanted fields for each unit."""
        cluster = context.cluster
        request = StorageQuery(plan, op.name or "", _places(cluster, plan))
        rows: list[list[Any]] = []
        nodes = _online(cluster, op.nodes)
        answers = await context.call_each([n.uuid for n in nodes], STORAGE_LIST, request)
        for node in nodes:
            answer: StorageUnits | errors.GanetiError = answers[node.uuid]
            if isinstance(answer, errors.GanetiError):
                context.log(f"WARNING: Node {node.name}: {answer.message}")
                continue
            rows += [_unit_row(node.name, plan, unit, op.output_fields) for unit in answer.units]
        return rows


def _check_used(cluster: Cluster, kind: str) -> None:
    """Raise `OpPrereqError` unless an enabled disk template uses storage of type *kind*."""
    enabled = cluster.cluster.enabled_disk_templates
    if not set(_TEMPLATES[kind]) & set(enabled):
        raise errors.OpPrereqError(
            f"No enabled disk template uses storage of type {kind}; those are enabled: "
            f"{', '.join(enabled)} (see gnt-cluster modify --enabled-disk-templates).",
            errors.INVAL,
        )


def _usual(cluster: Cluster) -> str:
    for template in cluster.cluster.enabled_disk_templates:
        if template in TYPE_OF:
            return TYPE_OF[template]
    raise errors.OpPrereqError(
        "No enabled disk template has storage units; say which with --storage-type.", errors.INVAL
    )


def _places(cluster: Cluster, kind: str) -> list[str]:
    own = cluster.cluster
    named = {"file": own.file_storage_dir, "sharedfile": own.shared_file_storage_dir}
    return [place] if (place := named.get(kind)) else []


def _unit_row(node: str, kind: str, unit: StorageUnitInfo, fields: Sequence[str]) -> list[Any]:
    values = {
        "node": node, "type": kind, "name": unit.name, "size": unit.size, "free": unit.free,
        "used": unit.used, "allocatable": unit.allocatable,
    }  # fmt: skip
    return [values[field] for field in fields]


@implementer(IUnit)
class NodeModifyStorage:
    """Says whether new volumes may be put on a physical volume."""

    resumable = True

    def locks(self, op: OpNodeModifyStorage, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [
            BGL_SHARED, wants.nodes([names.node_of(cluster, op.node_name, op.node_uuid).uuid])
        ]  # fmt: skip

    async def check(self, op: OpNodeModifyStorage, context: Context) -> StorageChange:
        """See `IUnit`."""
        node = names.node_of(context.cluster, op.node_name, op.node_uuid)
        names.require_online(node, "changing its storage")
        if op.storage_type != "lvm-pv":
            raise errors.OpPrereqError(
                f"Storage units of type {op.storage_type} can't be changed, only those of lvm-pv.",
                errors.INVAL,
            )
        _check_used(context.cluster, op.storage_type)
        allocatable = op.changes.get("allocatable")
        if list(op.changes) != ["allocatable"] or not isinstance(allocatable, bool) or not op.name:
            raise errors.OpPrereqError(
                "Of a physical volume that is named, 'allocatable' can be made yes or no, and "
                "nothing else.",
                errors.INVAL,
            )
        return StorageChange(op.name, allocatable)

    def hooks(self, op: OpNodeModifyStorage, plan: StorageChange, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpNodeModifyStorage, plan: StorageChange, context: Context) -> None:
        """Change it."""
        node = names.node_of(context.cluster, op.node_name, op.node_uuid)
        await context.call(node.uuid, STORAGE_MODIFY, plan)


@implementer(IUnit)
class RepairNodeStorage:
    """Makes a volume group consistent again; what was on lost physical volumes is gone."""

    resumable = True

    def locks(self, op: OpRepairNodeStorage, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [
            BGL_SHARED, wants.nodes([names.node_of(cluster, op.node_name, op.node_uuid).uuid])
        ]  # fmt: skip

    async def check(self, op: OpRepairNodeStorage, context: Context) -> Node:
        """See `IUnit`: the other nodes' copies of what is here must be well."""
        node = names.node_of(context.cluster, op.node_name, op.node_uuid)
        names.require_online(node, "repairing its storage")
        if op.storage_type != "lvm-vg" or not op.name:
            raise errors.OpPrereqError(
                "Only a volume group (lvm-vg) that is named can be repaired.", errors.INVAL
            )
        _check_used(context.cluster, op.storage_type)
        if not op.ignore_consistency:
            await _check_copies(node, context)
        return node

    def hooks(self, op: OpRepairNodeStorage, plan: Node, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpRepairNodeStorage, plan: Node, context: Context) -> None:
        """Repair it."""
        context.log(f"Repairing volume group {op.name} on {plan.name} ...")
        await context.call(plan.uuid, STORAGE_EXECUTE, StorageName(op.name or ""))


async def _check_copies(node: Node, context: Context) -> None:
    cluster, index = context.cluster, context.cluster.indexes
    here = {*index.primaries.get(node.uuid, ()), *index.secondaries.get(node.uuid, ())}
    for instance in sorted((cluster.instances[uuid] for uuid in here), key=lambda one: one.name):
        if not instance.disks_active:
            continue
        for disk in cluster.disks_of(instance):
            for other in cluster.nodes_of(instance):
                if other == node.uuid:
                    continue
                request = DiskRequest(disk, instance.name, other == instance.primary_node)
                found = await context.call(other, BLOCKDEV_FIND, request)
                if found.path is None:
                    raise errors.OpPrereqError(
                        f"{disk.iv_name} of instance {instance.name} is not whole on "
                        f"{cluster.nodes[other].name}, so {node.name} may hold the only copy. "
                        "Mend that first, or insist with --ignore-consistency.",
                        errors.STATE,
                    )


@implementer(IUnit)
class NodeQueryvols:
    """Lists logical volumes with the instances to which they belong."""

    resumable = True

    def locks(self, op: OpNodeQueryvols, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return _readers(cluster, op.nodes)

    async def check(self, op: OpNodeQueryvols, context: Context) -> list[Node]:
        """See `IUnit`: the online nodes, by name."""
        _check_fields(op.output_fields, VOLUME_FIELDS)
        return _online(context.cluster, op.nodes)

    def hooks(self, op: OpNodeQueryvols, plan: list[Node], cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpNodeQueryvols, plan: list[Node], context: Context
    ) -> list[list[Any]]:
        """Return a row of the wanted fields for each volume."""
        owners = volume_owners(context.cluster)
        answers = await context.call_each([node.uuid for node in plan], NODE_VOLUMES, Nothing())
        rows: list[list[Any]] = []
        for node in plan:
            answer: PlacedVolumes | errors.GanetiError = answers[node.uuid]
            if isinstance(answer, errors.GanetiError):
                context.log(f"WARNING: Node {node.name}: {answer.message}")
                continue
            rows += [
                _volume_row(node, row, owners, op.output_fields)
                for row in sorted(answer.volumes, key=lambda one: (one.group, one.name))
            ]
        return rows


def volume_owners(cluster: Cluster) -> dict[tuple[str, str, str], str]:
    """Return (node uuid, group, volume) to the name of the instance that uses it."""
    owners: dict[tuple[str, str, str], str] = {}
    for instance in cluster.instances.values():
        for disk in cluster.disks_of(instance):
            for part in (disk, *(disk.children or ())):
                if part.dev_type == "plain":
                    group, name = part.logical_id[:2]
                    for node in cluster.nodes_of(instance):
                        owners[node, str(group), str(name)] = instance.name
    return owners


def _volume_row(
    node: Node, row: PlacedVolume, owners: dict[tuple[str, str, str], str], fields: Sequence[str]
) -> list[Any]:
    values = {
        "node": node.name, "phys": row.physical, "vg": row.group, "name": row.name,
        "size": row.size, "instance": owners.get((node.uuid, row.group, row.name), "-"),
    }  # fmt: skip
    return [values[field] for field in fields]
