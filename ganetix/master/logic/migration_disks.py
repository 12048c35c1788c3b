"""The disks of an instance while it migrates: usable on both nodes for a while, then on one."""

from typing import Any

import msgspec

from ganetix.master.logic import disks
from ganetix.master.logic.disk_records import sent
from ganetix.master.logic.relocation import Move
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk
from ganetix.rpc.tables.blockdev import BLOCKDEV_ASSEMBLE, BLOCKDEV_SHUTDOWN, DiskRequest
from ganetix.rpc.tables.storage import BLOCKDEV_CLOSE, DRBD_TWO_PRIMARIES, DiskSwitch, OneDisk


def undo_of(cluster: Cluster, move: Move) -> list[UndoAction]:
    """Return what makes the disks the source's alone again."""
    actions = []
    for disk in cluster.disks_of(move.instance):
        ready = sent(cluster, disk)
        what = f"Opening {disk.iv_name} of {move.instance.name} on both nodes"
        rows: list[tuple[str, str, Any]] = [
            (move.target, BLOCKDEV_SHUTDOWN.name, DiskRequest(ready, move.instance.name))
        ]
        if disk.dev_type == "drbd":
            off = DiskSwitch(ready, False)
            rows = [
                (move.source, DRBD_TWO_PRIMARIES.name, off),
                (move.target, DRBD_TWO_PRIMARIES.name, off),
                (move.target, BLOCKDEV_CLOSE.name, OneDisk(ready)),
            ]
        actions += [
            UndoAction(what, node, call, msgspec.to_builtins(request))
            for node, call, request in rows
        ]
    return actions


async def open_on_both(context: Context, move: Move) -> None:
    """Make the disks usable on the target as well."""
    own = context.cluster.disks_of(move.instance)
    await _allow_both(context, move, own, on=True)
    for disk in own:
        request = DiskRequest(sent(context.cluster, disk), move.instance.name)
        await context.call(move.target, BLOCKDEV_ASSEMBLE, request)


async def close_source(context: Context, move: Move) -> None:
    """Leave the disks to the target."""
    own = context.cluster.disks_of(move.instance)
    for disk in own:
        if disk.dev_type == "drbd":
            request = OneDisk(sent(context.cluster, disk))
            await context.call(move.source, BLOCKDEV_CLOSE, request)
    await _allow_both(context, move, own, on=False)
    if not any(disk.dev_type == "drbd" for disk in own):
        await disks.shutdown(context, move.instance, node=move.source)


async def _allow_both(context: Context, move: Move, own: list[Disk], *, on: bool) -> None:
    for disk in own:
        if disk.dev_type == "drbd":
            request = DiskSwitch(sent(context.cluster, disk), on)
            for node in move.nodes:
                await context.call(node, DRBD_TWO_PRIMARIES, request)
