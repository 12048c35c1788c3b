"""Disks of instances: the steps on nodes, and what undoes them."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.master.logic.disk_records import sent
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model.cluster import Cluster, mirror_nodes
from ganetix.model.objects import Disk, Instance
from ganetix.rpc.tables.blockdev import (
    BLOCKDEV_ASSEMBLE,
    BLOCKDEV_CREATE,
    BLOCKDEV_REMOVE,
    BLOCKDEV_SHUTDOWN,
    FILE_STORAGE_DIR_CREATE,
    FILE_STORAGE_DIR_REMOVE,
    DirRequest,
    DiskInfo,
    DiskRequest,
)
from ganetix.rpc.tables.checks import NODE_INFO, NodeInfo, NodeInfoRequest, StorageUnit
from ganetix.toolkit.gather import gather

FILE_BASED: Final = ("file", "sharedfile")
EVERYWHERE: Final = ("sharedfile", "diskless", "blockdev")
"""Templates whose disks every node sees: such instances can go to any node."""
MIRRORED: Final = (*EVERYWHERE, "drbd")
"""Templates whose disks are on more than one node: such instances can change nodes."""
GROWABLE: Final = ("drbd", "file", "plain", "sharedfile")


def instance_dir(disks: Sequence[Disk]) -> str | None:
    """Return the directory of file disks *disks*, None without any."""
    for disk in disks:
        if disk.dev_type in FILE_BASED:
            return str(disk.logical_id[1]).rpartition("/")[0]
    return None


def removals(
    cluster: Cluster, nodes: Sequence[str], owner: str, disks: Sequence[Disk], *, directory: bool
) -> list[UndoAction]:
    """Return the undo actions of making *disks* (and, with *directory*, their directory)."""
    actions = []
    place = instance_dir(disks)
    if directory and place is not None:
        request: Any = {"path": place}
        what = f"The directory {place}"
        actions.append(UndoAction(what, nodes[0], FILE_STORAGE_DIR_REMOVE.name, request))
    for disk in disks:
        for node in nodes:
            request = msgspec.to_builtins(DiskRequest(sent(cluster, disk), owner))
            actions.append(
                UndoAction(f"{disk.iv_name} of {owner}", node, BLOCKDEV_REMOVE.name, request)
            )
    return actions


def undo_assembly(
    cluster: Cluster, nodes: Sequence[str], owner: str, disks: Sequence[Disk]
) -> list[UndoAction]:
    """Return what takes assembled *disks* down again on those of *nodes* that are online."""
    return [
        UndoAction(
            f"Assembling {disk.iv_name} of {owner}",
            node,
            BLOCKDEV_SHUTDOWN.name,
            msgspec.to_builtins(DiskRequest(sent(cluster, disk), owner)),
        )
        for disk in disks
        for node in nodes
        if not cluster.nodes[node].offline
    ]


async def require_space(context: Context, node: str, group: str, size: int) -> None:
    """Raise `errors.OpPrereqError` unless *node* has *size* MiB free in volume group *group*."""
    request = NodeInfoRequest([StorageUnit("lvm-vg", group)])
    info: NodeInfo = await context.call(node, NODE_INFO, request)
    free = info.storage[0].free if info.storage else None
    name = context.cluster.nodes[node].name
    if free is None:
        raise errors.OpPrereqError(
            f"Node {name} has no volume group {group}; 'vgs' there shows the known ones.",
            errors.ENVIRON,
        )
    if free < size:
        raise errors.OpPrereqError(
            f"Node {name} has {free} MiB free in volume group {group}, and {size} MiB are needed; "
            "remove volumes there, or choose another node.",
            errors.NORES,
        )


async def create(context: Context, nodes: Sequence[str], owner: str, disks: Sequence[Disk]) -> None:
    """Make *disks* on *nodes*, their directory first; each on all nodes at the same time."""
    place = instance_dir(disks)
    if place is not None:
        await context.call(nodes[0], FILE_STORAGE_DIR_CREATE, DirRequest(place))
    for disk in disks:
        request = DiskRequest(sent(context.cluster, disk), owner)
        make = partial(context.call, call=BLOCKDEV_CREATE, request=request)
        await gather(make, nodes, len(nodes))


async def remove(
    context: Context, node: str, owner: str, disks: Sequence[Disk], *, directory: bool = True
) -> None:
    """Remove *disks* on *node*, and then their *directory* if nothing else is in it."""
    for disk in disks:
        await context.call(node, BLOCKDEV_REMOVE, DiskRequest(sent(context.cluster, disk), owner))
    for place in directories_of(context.cluster, disks) if directory else ():
        await context.call(node, FILE_STORAGE_DIR_REMOVE, DirRequest(place))


def directories_of(cluster: Cluster, removed: Sequence[Disk]) -> list[str]:
    """Return the directories of file disks *removed* in which no other disk is."""
    places = dict.fromkeys(place for disk in removed if (place := instance_dir([disk])))
    if not places:
        return []
    gone = {disk.uuid for disk in removed}
    left = {instance_dir([disk]) for disk in cluster.disks.values() if disk.uuid not in gone}
    return [place for place in places if place not in left]


async def assemble(
    context: Context,
    instance: Instance,
    node: str | None = None,
    *,
    ignore_secondaries: bool = False,
    fresh: bool = False,
    only: Sequence[Disk] | None = None,
) -> list[DiskInfo]:
    """Assemble the disks of *instance*, or *only* some, on *node* (its primary), in order.

    If one fails, those before it are taken down again. Mirrors are assembled on the other node
    first; with *ignore_secondaries* a failure there is only told, as it always is for a node that
    is marked offline. *fresh* disks were just made: they are assembled on all nodes at once.
    """
    where = node or instance.primary_node
    ready: list[Disk] = []
    found: list[DiskInfo] = []
    try:
        for disk in context.cluster.disks_of(instance) if only is None else only:
            ready.append(disk)
            mirrors = partial(
                _assemble_mirror, context, instance, disk, where, ignore=ignore_secondaries
            )
            request = DiskRequest(sent(context.cluster, disk), instance.name, True, fresh)
            here = partial(context.call, where, BLOCKDEV_ASSEMBLE, request)
            # What is on an older disk counts: the mirrors have to tell of theirs first.
            at_once = 2 if fresh else 1
            both: dict[Any, Any] = await gather(lambda call: call(), (mirrors, here), at_once)
            found.append(both[here])
    except errors.GanetiError:
        await _take_down(context, instance, where, ready)
        raise
    return found


async def _assemble_mirror(
    context: Context, instance: Instance, disk: Disk, where: str, *, ignore: bool
) -> None:
    for uuid in mirror_nodes(disk):
        node = context.cluster.nodes[uuid]
        if uuid == where:
            continue
        if node.offline:
            context.log(f"WARNING: {disk.iv_name} has no mirror now: {node.name} is offline.")
            continue
        request = DiskRequest(sent(context.cluster, disk), instance.name, False)
        try:
            await context.call(uuid, BLOCKDEV_ASSEMBLE, request)
        except errors.GanetiError as error:
            if not ignore:
                raise
            context.log(f"WARNING: {disk.iv_name} has no mirror now: {error.message}")


async def _take_down(
    context: Context, instance: Instance, node: str, disks: Sequence[Disk]
) -> None:
    """Shut *disks* down after a failure; what fails here too is only told."""
    for disk in disks:
        request = DiskRequest(sent(context.cluster, disk), instance.name)
        for where in (node, *(uuid for uuid in mirror_nodes(disk) if uuid != node)):
            await _try_shutdown(context, where, request)


async def _try_shutdown(context: Context, node: str, request: DiskRequest) -> None:
    """Shut a disk down on *node*; what fails is only told, an offline node is left alone."""
    if context.cluster.nodes[node].offline:
        return
    try:
        await context.call(node, BLOCKDEV_SHUTDOWN, request)
    except errors.GanetiError as error:
        context.log(f"WARNING: {request.disk.iv_name} could not be shut down: {error.message}")


async def shutdown(
    context: Context,
    instance: Instance,
    *,
    node: str | None = None,
    only: Sequence[Disk] | None = None,
) -> None:
    """Shut the disks of *instance* down on *node*, or on its primary and then on the mirrors.

    These are all, or *only* some. What fails on a mirror is only told.
    """
    where = node or instance.primary_node
    for disk in context.cluster.disks_of(instance) if only is None else only:
        request = DiskRequest(sent(context.cluster, disk), instance.name)
        await context.call(where, BLOCKDEV_SHUTDOWN, request)
        if node is None:
            for uuid in mirror_nodes(disk):
                if uuid != where:
                    await _try_shutdown(context, uuid, request)


async def undo_if_inactive(context: Context, instance: Instance, own: Sequence[Disk]) -> None:
    """Have *own* disks shut down if the opcode fails or the master dies, unless they are active."""
    if not instance.disks_active:
        nodes = context.cluster.nodes_of(instance)
        await context.undo(*undo_assembly(context.cluster, nodes, instance.name, own))


async def assemble_inactive(
    context: Context, instance: Instance, *, ignore_secondaries: bool = False
) -> None:
    """Assemble the disks of *instance* unless they are active; see `undo_if_inactive`."""
    if not instance.disks_active:
        await undo_if_inactive(context, instance, context.cluster.disks_of(instance))
        await assemble(context, instance, ignore_secondaries=ignore_secondaries)


async def while_assembled(
    context: Context, instance: Instance, work: Callable[[], Awaitable[None]]
) -> None:
    """Do *work* with the disks of *instance* assembled; afterwards they are as they were."""
    await assemble_inactive(context, instance)
    try:
        await work()
    except errors.GanetiError:
        if not instance.disks_active:
            own = context.cluster.disks_of(instance)
            await _take_down(context, instance, instance.primary_node, own)
        raise
    if not instance.disks_active:
        await shutdown(context, instance)
