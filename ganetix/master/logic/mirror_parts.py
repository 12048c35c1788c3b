"""New volumes for one node's half of a mirrored disk, in the place of the old ones."""

from collections.abc import Iterable

import msgspec

from ganetix.master.logic.disk_records import sent
from ganetix.master.logic.disk_rest import Left
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model.objects import Disk
from ganetix.rpc.tables.blockdev import (
    BLOCKDEV_ASSEMBLE,
    BLOCKDEV_CREATE,
    BLOCKDEV_FIND,
    BLOCKDEV_REMOVE,
    DiskInfo,
    DiskRequest,
)
from ganetix.rpc.tables.storage import (
    BLOCKDEV_ADDCHILDREN,
    BLOCKDEV_REMOVECHILDREN,
    BLOCKDEV_RENAME,
    DiskPair,
    OneDisk,
)


async def replace(
    context: Context, node: str, owner: str, disk: Disk, *, primary: bool
) -> list[Left]:
    """Give *disk* new volumes on *node*; return the old ones, which have other names now.

    Each step is undone if a later one fails: the old volumes come back under their names. Volumes
    that were lost are only made anew.
    """
    ready = sent(context.cluster, disk)
    stamp = int(context.clock.wall())
    fresh = [_named(child, f"{child.logical_id[1]}.new") for child in ready.children]
    old = [_named(child, f"{child.logical_id[1]}_replaced-{stamp}") for child in ready.children]
    await _create(context, node, owner, fresh)
    again = DiskRequest(ready, owner, primary)
    what = f"Attaching the volumes of {disk.iv_name} of {owner}"
    await context.undo(_action(what, node, BLOCKDEV_ASSEMBLE.name, again))
    await context.call(node, BLOCKDEV_REMOVECHILDREN, OneDisk(ready))
    lost = [one for one in ready.children if not await _is_there(context, node, owner, one)]
    for child, kept in zip(ready.children, old, strict=True):
        if child not in lost:
            await _rename(context, node, child, kept)
    for new, child in zip(fresh, ready.children, strict=True):
        await _rename(context, node, new, child)
    await context.call(node, BLOCKDEV_ADDCHILDREN, OneDisk(ready))
    pairs = zip(ready.children, old, strict=True)
    return [Left(node, kept) for child, kept in pairs if child not in lost]


async def _is_there(context: Context, node: str, owner: str, volume: Disk) -> bool:
    found: DiskInfo = await context.call(node, BLOCKDEV_FIND, DiskRequest(volume, owner))
    return found.path is not None


async def _create(context: Context, node: str, owner: str, fresh: Iterable[Disk]) -> None:
    for volume in fresh:
        request = DiskRequest(volume, owner)
        what = f"The new volume {volume.logical_id[1]}"
        await context.undo(_action(what, node, BLOCKDEV_REMOVE.name, request))
        await context.call(node, BLOCKDEV_CREATE, request)


async def _rename(context: Context, node: str, old: Disk, new: Disk) -> None:
    """Rename a volume.

    Its undo is journalled when every rename before it is done: taken back too early it would move
    the wrong volume.
    """
    what = f"Renaming {old.logical_id[1]}"
    await context.undo(_action(what, node, BLOCKDEV_RENAME.name, DiskPair(new, old)))
    await context.call(node, BLOCKDEV_RENAME, DiskPair(old, new))


def _named(disk: Disk, name: str) -> Disk:
    return msgspec.structs.replace(disk, logical_id=[disk.logical_id[0], name])


def _action(what: str, node: str, call: str, request: msgspec.Struct) -> UndoAction:
    return UndoAction(what, node, call, msgspec.to_builtins(request))
