"""Another disk template for an instance: kept volumes where that goes, copies where not."""

from collections.abc import Sequence

import attrs
import msgspec

from ganetix import errors
from ganetix.master import allocator as allocators
from ganetix.master.allocator import Allocator
from ganetix.master.logic import disk_requests, disk_rest, disks, names, new_disks, nic_addresses
from ganetix.master.logic.disk_records import Wanted, Where, mirrored, new_disk, sent
from ganetix.master.logic.disk_rest import Left, Rest
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model import mirrors, params
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster, holders
from ganetix.model.objects import Disk, Instance, Node
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.rpc.tables.blockdev import (
    BLOCKDEV_CREATE,
    BLOCKDEV_REMOVE,
    DiskRequest,
)
from ganetix.rpc.tables.storage import (
    BLOCKDEV_ADDCHILDREN,
    BLOCKDEV_CONVERT,
    DiskPair,
    OneDisk,
)

_TARGETS = ("drbd", "file", "plain", "sharedfile")


@attrs.frozen
class Conversion:
    """The disks of *instance* as they are and as they will be, on *nodes*, the primary first."""

    instance: Instance
    old: tuple[Disk, ...]
    new: tuple[Disk, ...]
    nodes: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, str]:
        """The templates."""
        return self.old[0].dev_type, self.new[0].dev_type


async def planned(
    op: OpInstanceSetParams, instance: Instance, context: Context, allocator: Allocator
) -> Conversion | None:
    """Return what *op* asks for, None if it is no conversion; raise `errors.OpPrereqError`."""
    if op.disk_template is None:
        return None
    cluster = context.cluster
    old = cluster.disks_of(instance)
    _require_possible(op, instance, old, cluster)
    await names.require_stopped(context, instance, "converting its disks")
    nodes = [instance.primary_node]
    if op.disk_template == "drbd":
        nodes.append((await _secondary(op, instance, context, allocator)).uuid)
    found = [cluster.nodes[uuid] for uuid in nodes]
    new_disks.require_exclusive(cluster, op.disk_template, found)
    fresh = _fresh(op, instance, old, nodes, context)
    kept = {"plain", "drbd"} == {old[0].dev_type, op.disk_template}
    if not (kept and op.disk_template == "plain"):
        where = found[1:] if kept else found
        await new_disks.require_room_for(context, where, fresh)
    return Conversion(instance, tuple(old), tuple(fresh), tuple(nodes))


async def _secondary(
    op: OpInstanceSetParams, instance: Instance, context: Context, allocator: Allocator
) -> Node:
    """Return the node for the mirror, given or chosen; the others' locks are given back."""
    cluster = context.cluster
    if op.iallocator is not None:
        name = allocators.required(cluster, op.iallocator, "the secondary node")
        found = cluster.node_named(await allocator.allocate_secondary(context, instance, name))
    else:
        found = names.node_of(cluster, op.remote_node or "", op.remote_node_uuid)
    names.require_usable(found)
    if found.uuid == instance.primary_node:
        raise errors.OpPrereqError(
            f"Node {found.name} is the primary node already; a mirror needs another one.",
            errors.INVAL,
        )
    nic_addresses.require_connected(cluster, instance, cluster.nodegroups[found.group])
    for level in ("node", "node-res"):
        context.release(level, context.owned(level) - {instance.primary_node, found.uuid})
    return found


def _require_possible(
    op: OpInstanceSetParams, instance: Instance, old: Sequence[Disk], cluster: Cluster
) -> None:
    wanted, present = str(op.disk_template), params.template_of(list(old))
    disk_requests.require_template(cluster, wanted)
    if wanted == present:
        raise errors.OpPrereqError(
            f"Instance {instance.name} has disks of template {wanted} already.", errors.INVAL
        )
    if not old or wanted not in _TARGETS or present in ("mixed", "blockdev"):
        raise errors.OpPrereqError(
            f"Disks of template {present} can't become disks of template {wanted}; possible are "
            f"{', '.join(_TARGETS)}, from each to each.",
            errors.INVAL,
        )
    if op.disks:
        raise errors.OpPrereqError(
            "Disks can't be changed and converted at once; use two commands.", errors.INVAL
        )
    if wanted == "drbd" and (op.remote_node is None) == (op.iallocator is None):
        raise errors.OpPrereqError(
            "Disks of template drbd need a secondary node; give it with -n NODE, or let an "
            "allocator choose with -I ALLOCATOR.",
            errors.INVAL,
        )


def _fresh(
    op: OpInstanceSetParams,
    instance: Instance,
    old: Sequence[Disk],
    nodes: Sequence[str],
    context: Context,
) -> list[Disk]:
    cluster, template = context.cluster, str(op.disk_template)
    directory = f"{disk_requests.file_dir(cluster, context.paths, template, op.file_storage_dir)}"
    place = (op.file_driver or "loop", f"{directory}/{instance.name}")
    where = Where(cluster, template, tuple(nodes), place, context.randomness)
    fresh: list[Disk] = []
    for index, disk in enumerate(old):
        fresh.append(_one(where, disk, index, fresh))
    return fresh


def _one(where: Where, disk: Disk, index: int, others: Sequence[Disk]) -> Disk:
    """Return *disk* converted; it keeps its uuid, name and number."""
    if disk.dev_type == "plain" and where.template == "drbd":
        data = msgspec.structs.replace(disk, uuid=where.randomness.uuid(), iv_name="", name=None)
        return mirrored(where, disk, data, None, others)
    if disk.dev_type == "drbd" and where.template == "plain":
        place = disk.children[0].logical_id
        return msgspec.structs.replace(
            disk, dev_type="plain", logical_id=place, children=[], nodes=list(where.nodes)
        )
    wanted = Wanted(disk.size, disk.mode, disk.name, disk.spindles)
    made = new_disk(where, wanted, index, others)
    return msgspec.structs.replace(made, uuid=disk.uuid)


async def convert(plan: Conversion, context: Context) -> Rest:
    """Make what is new, copy what has to be copied, and commit; return what is left to do then."""
    if plan.kinds == ("plain", "drbd"):
        await _add_mirror(plan, context)
    elif plan.kinds != ("drbd", "plain"):
        await _copy(plan, context)
    left = _left(plan, context.cluster)
    await context.commit(lambda cluster: _change(cluster, plan), settles=True)
    disk_rest.tell(context, plan.instance.name, left)
    made = [disk.uuid for disk in plan.new if disk.dev_type == "drbd"]
    return Rest(made, left=left)


def _change(cluster: Cluster, plan: Conversion) -> Change:
    change = Change(disks=plan.new)
    freed = mirrors.with_freed(cluster, change, mirrors.ports_of(plan.old))
    return mirrors.with_ports(cluster, freed)


async def _add_mirror(plan: Conversion, context: Context) -> None:
    """Make metadata beside the data, and both on the secondary."""
    primary, secondary = plan.nodes
    name = plan.instance.name
    for disk in plan.new:
        ready = sent(context.cluster, disk)
        rows = [(primary, ready.children[1]), *((secondary, one) for one in ready.children)]
        for node, volume in rows:
            request = DiskRequest(volume, name)
            what = f"Volume {volume.logical_id[1]} of {name}"
            action = UndoAction(what, node, BLOCKDEV_REMOVE.name, msgspec.to_builtins(request))
            await context.undo(action)
            await context.call(node, BLOCKDEV_CREATE, request)
        for node in plan.nodes:
            await context.call(node, BLOCKDEV_ADDCHILDREN, OneDisk(ready))


async def _copy(plan: Conversion, context: Context) -> None:
    """Make new disks, and copy the old ones onto them on the primary node."""
    name, cluster = plan.instance.name, context.cluster
    await context.undo(*disks.removals(cluster, plan.nodes, name, plan.new, directory=True))
    await disks.create(context, plan.nodes, name, plan.new)
    for old, new in zip(plan.old, plan.new, strict=True):
        context.log(f"Copying {old.iv_name} of instance {name}...")
        pair = DiskPair(_data(sent(cluster, old)), _data(sent(cluster, new)))
        await context.call(plan.nodes[0], BLOCKDEV_CONVERT, pair)


def _data(disk: Disk) -> Disk:
    """Return the disk that has the data of *disk*: of a mirror, its volume."""
    return disk.children[0] if disk.children else disk


def _left(plan: Conversion, cluster: Cluster) -> list[Left]:
    """Return what is not needed any more."""
    return [
        Left(node, part)
        for disk in plan.old
        for node, part in _leftovers(plan, sent(cluster, disk))
    ]


def _leftovers(plan: Conversion, disk: Disk) -> list[tuple[str, Disk]]:
    if plan.kinds == ("plain", "drbd"):
        return []
    where = holders(disk, plan.instance)
    if plan.kinds == ("drbd", "plain"):
        primary = plan.instance.primary_node
        [other] = [uuid for uuid in where if uuid != primary]
        return [(primary, disk.children[1]), *((other, child) for child in disk.children)]
    return [(node, disk) for node in where]
