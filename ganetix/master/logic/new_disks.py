"""Making the disks of an instance: new ones or adopted ones, wiped and synced where asked."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.master.logic import disk_sync, disks
from ganetix.master.logic.disk_records import Wanted, sent
from ganetix.master.logic.disk_rest import Rest
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Node
from ganetix.rpc.tables.blockdev import BLOCKDEV_FIND, DiskInfo, DiskRequest
from ganetix.rpc.tables.storage import (
    BLOCKDEV_RENAME,
    BLOCKDEV_WIPE,
    LV_LIST,
    DiskPair,
    DiskPart,
    VolumeQuery,
    Volumes,
)
from ganetix.toolkit.gather import gather

_LARGEST_PART: Final = 1024
_PARTS: Final = 10
"""A disk is wiped in this many parts, or in parts of at most so many MiB."""


def require_all_or_none(wanted: Sequence[Wanted]) -> None:
    """Raise `errors.OpPrereqError` when some disks are to be adopted and others made."""
    adopted = [one for one in wanted if one.adopt is not None]
    if adopted and len(adopted) != len(wanted):
        raise errors.OpPrereqError(
            "Some disks were to be adopted and others not; adopt all of them, or none.",
            errors.INVAL,
        )
    names = [(one.vg, one.adopt) for one in adopted]
    if len(set(names)) != len(names):
        raise errors.OpPrereqError("A volume was given for two disks.", errors.INVAL)


def require_exclusive(cluster: Cluster, template: str, nodes: Sequence[Node]) -> None:
    """Raise `errors.OpPrereqError` for a template that can't be on storage of its own there."""
    for node in nodes:
        if template == "drbd" and params.node(cluster, node)["exclusive_storage"]:
            raise errors.OpPrereqError(
                f"Node {node.name} has exclusive storage, where disks of template {template} "
                "can't be; use plain.",
                errors.STATE,
            )


async def require_room(
    context: Context, nodes: Sequence[Node], made: Sequence[Disk], wanted: Sequence[Wanted]
) -> None:
    """Raise `errors.OpPrereqError` unless *nodes* have room for what is not adopted."""
    fresh = [disk for disk, one in zip(made, wanted, strict=True) if one.adopt is None]
    await require_room_for(context, nodes, fresh)


async def require_room_for(context: Context, nodes: Sequence[Node], made: Sequence[Disk]) -> None:
    """Raise `errors.OpPrereqError` unless *nodes* have the volume groups, and room in them."""
    needed: dict[str, int] = {}
    for disk in made:
        for volume in disk.children or [disk]:
            if volume.dev_type == "plain":
                group = str(volume.logical_id[0])
                needed[group] = needed.get(group, 0) + volume.size

    async def require(place: tuple[str, str]) -> None:
        node, group = place
        await disks.require_space(context, node, group, needed[group])

    places = [(node.uuid, group) for node in nodes for group in needed]
    await gather(require, places, len(places))


async def with_sizes(
    context: Context, node: str, made: Sequence[Disk], wanted: Sequence[Wanted]
) -> list[Disk]:
    """Return *made* with the sizes of what they adopt; raise if that can't be adopted."""
    if all(one.adopt is None for one in wanted):
        return list(made)
    return [
        await _measured(context, node, disk, str(one.adopt))
        for disk, one in zip(made, wanted, strict=True)
    ]


async def _measured(context: Context, node: str, disk: Disk, name: str) -> Disk:
    if disk.dev_type == "blockdev":
        info: DiskInfo = await context.call(node, BLOCKDEV_FIND, DiskRequest(disk, ""))
        if info.path is None or info.size is None:
            raise _not_adoptable(context, node, name, "it is not there")
        others = (one for one in context.cluster.disks.values() if one.dev_type == "blockdev")
        if any(one.logical_id[1] == name for one in others):
            raise _not_adoptable(context, node, name, "an instance has it already")
        if info.in_use:
            raise _not_adoptable(context, node, name, "it is in use")
        return msgspec.structs.replace(disk, size=info.size)
    group = str(disk.logical_id[0])
    found: Volumes = await context.call(node, LV_LIST, VolumeQuery([group]))
    volume = next((one for one in found.volumes if one.name == name), None)
    if volume is None:
        raise _not_adoptable(context, node, f"{group}/{name}", "it is not there")
    if volume.in_use:
        raise _not_adoptable(context, node, f"{group}/{name}", "it is in use")
    if [group, name] in _volumes_of(context.cluster, node):
        raise _not_adoptable(context, node, f"{group}/{name}", "an instance has it already")
    if f"{group}/{name}" in context.cluster.cluster.reserved_lvs:
        raise _not_adoptable(context, node, f"{group}/{name}", "the cluster has reserved it")
    return msgspec.structs.replace(disk, size=volume.size)


def _not_adoptable(context: Context, node: str, what: str, why: str) -> errors.OpPrereqError:
    name = context.cluster.nodes[node].name
    return errors.OpPrereqError(f"{what} on {name} can't be adopted: {why}.", errors.STATE)


def _volumes_of(cluster: Cluster, node: str) -> list[list[Any]]:
    """Return the logical volumes of the cluster's disks on *node*."""
    return [
        volume.logical_id
        for disk in cluster.disks.values()
        if node in disk.nodes
        for volume in disk.children or [disk]
    ]


def undo_of(
    cluster: Cluster,
    nodes: Sequence[str],
    owner: str,
    made: Sequence[Disk],
    wanted: Sequence[Wanted],
) -> list[UndoAction]:
    """Return what takes *made* disks of *owner* away again, or gives adopted ones back."""
    actions = []
    for disk, one in zip(made, wanted, strict=True):
        if one.adopt is None:
            first = disk is made[0]
            actions += disks.removals(cluster, nodes, owner, [disk], directory=first)
        elif disk.dev_type == "plain":
            pair = DiskPair(disk, _named(disk, one.adopt))
            group, name = disk.logical_id
            what = f"Adopting {group}/{one.adopt} for {owner} (lvrename {group} {name} {one.adopt})"
            request = msgspec.to_builtins(pair)
            actions.append(UndoAction(what, nodes[0], BLOCKDEV_RENAME.name, request))
    return actions


async def make(
    context: Context,
    nodes: Sequence[str],
    owner: str,
    made: Sequence[Disk],
    wanted: Sequence[Wanted],
) -> None:
    """Make or adopt the disks."""
    fresh = [disk for disk, one in zip(made, wanted, strict=True) if one.adopt is None]
    await disks.create(context, nodes, owner, fresh)
    for disk, one in zip(made, wanted, strict=True):
        if one.adopt is not None and disk.dev_type == "plain":
            request = DiskPair(_named(disk, one.adopt), disk)
            await context.call(nodes[0], BLOCKDEV_RENAME, request)


def _named(disk: Disk, name: str) -> Disk:
    return msgspec.structs.replace(disk, logical_id=[disk.logical_id[0], name])


async def settle(
    context: Context, instance: Instance, made: Sequence[Disk], rest: Rest, *, wait: bool
) -> None:
    """Wipe what is dirty of assembled disks, and *wait* for their mirrors.

    A restart of the master daemon goes on with what is left of *rest* then.
    """
    rest = await wipe(context, instance, made, rest)
    if wait:
        await disk_sync.wait(context, instance, made, rest)


def to_wipe(cluster: Cluster, made: Iterable[Disk], begin: int = 0) -> dict[str, int]:
    """Return those of the new disks *made* that the cluster wants wiped, from *begin* MiB on.

    A new file is all zeros; a given block device is somebody's, with what is on it.
    """
    if not cluster.cluster.prealloc_wipe_disks:
        return {}
    kept = (*disks.FILE_BASED, "blockdev")
    return {disk.uuid: begin for disk in made if disk.dev_type not in kept}


async def wipe(
    context: Context,
    instance: Instance,
    made: Sequence[Disk],
    rest: Rest,
    *,
    resumable: bool = True,
) -> Rest:
    """Write zeros over what is dirty of assembled disks, their mirrors being paused.

    Return what is left to do then.
    """
    dirty = [disk for disk in made if disk.uuid in rest.dirty]
    if dirty:
        await disk_sync.pause(context, instance, dirty, on=True)
        for disk in dirty:
            rest = await _wipe(context, instance, disk, rest, resumable=resumable)
        await disk_sync.pause(context, instance, dirty, on=False)
    return rest


async def _wipe(
    context: Context, instance: Instance, disk: Disk, rest: Rest, *, resumable: bool
) -> Rest:
    """Wipe *disk* from where *rest* says to its end, telling how far that is."""
    context.log(f"Wiping {disk.iv_name} of instance {instance.name}...")
    begin = done = rest.dirty[disk.uuid]
    part = max(1, min(_LARGEST_PART, (disk.size - begin) // _PARTS))
    started = context.clock.monotonic()
    while done < disk.size:
        size = min(part, disk.size - done)
        request = DiskPart(sent(context.cluster, disk), done, size)
        step = partial(context.call, instance.primary_node, BLOCKDEV_WIPE, request)
        await (context.rest(msgspec.to_builtins(rest), step) if resumable else step())
        done += size
        rest = msgspec.structs.replace(rest, dirty={**rest.dirty, disk.uuid: done})
        spent = context.clock.monotonic() - started
        left = spent * (disk.size - done) / (done - begin)
        share = 100 * done / disk.size
        context.log(f"{disk.iv_name} is wiped to {share:.0f}%, about {left:.0f} s left")
    clean = {uuid: start for uuid, start in rest.dirty.items() if uuid != disk.uuid}
    return msgspec.structs.replace(rest, dirty=clean)
