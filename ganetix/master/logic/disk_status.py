"""How disks are: what ``gnt-instance info`` shows of them."""

from collections.abc import Mapping
from typing import Any, Final

from ganetix import errors
from ganetix.master.logic import disk_records, disk_sync
from ganetix.master.logic.unit import Context
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.rpc.tables.blockdev import BLOCKDEV_FIND, DiskInfo, DiskRequest

Data = dict[str, Any]
Status = list[Any]
"""Path, major, minor, percent in sync, seconds to go, degraded, state of the node's own data."""

STATES: Final[Mapping[str, int]] = {"ok": 1, "syncing": 2, "unknown": 3, "faulty": 4}
MAJOR: Final = 147
"""The kernel's number for DRBD devices."""


async def described(disk: Disk, instance: Instance, context: Context, *, ask: bool) -> Data:
    """Describe *disk* of *instance*; with *ask* its nodes tell how it is."""
    primary, secondary, mirror = None, None, None
    if disk.dev_type == "drbd":
        (one, minor), (other, other_minor) = _sides(disk, instance)
        mirror = _mirror(context.cluster, disk, (one, minor), (other, other_minor))
        if ask:
            primary = await _mirrored(disk, one, minor, context)
            secondary = await _mirrored(disk, other, other_minor, context)
    elif ask:
        primary = await _alone(disk, instance, context)
    return {
        "iv_name": disk.iv_name,
        "dev_type": disk.dev_type,
        "drbd_info": mirror,
        "logical_id": _without_secret(disk),
        "children": [
            await described(child, instance, context, ask=False) for child in disk.children
        ],
        "pstatus": primary,
        "sstatus": secondary,
        "mode": disk.mode,
        "size": disk.size,
        "spindles": disk.spindles,
        "name": disk.name,
        "uuid": disk.uuid,
    }


def _sides(disk: Disk, instance: Instance) -> list[tuple[str, int]]:
    """Return node and minor of both sides, the primary's first."""
    one, other, _, minor, other_minor = disk.logical_id[:5]
    sides = [(str(one), int(minor)), (str(other), int(other_minor))]
    return sorted(sides, key=lambda side: side[0] != instance.primary_node)


def _mirror(
    cluster: Cluster, disk: Disk, primary: tuple[str, int], secondary: tuple[str, int]
) -> Data:
    return {
        "primary_node": cluster.nodes[primary[0]].name,
        "primary_minor": primary[1],
        "secondary_node": cluster.nodes[secondary[0]].name,
        "secondary_minor": secondary[1],
        "port": disk.logical_id[2],
    }


def _without_secret(disk: Disk) -> list[Any]:
    """Return where the disk is; results of jobs are kept, and read by many."""
    return [*disk.logical_id[:5], None] if disk.dev_type == "drbd" else disk.logical_id


async def _alone(disk: Disk, instance: Instance, context: Context) -> Status | None:
    request = DiskRequest(disk_records.sent(context.cluster, disk), instance.name)
    try:
        found: DiskInfo = await context.call(instance.primary_node, BLOCKDEV_FIND, request)
    except errors.GanetiError as error:
        context.log(f"WARNING: {error.message}")
        return None
    if found.path is None:
        return None
    return [found.path, None, None, None, None, False, STATES["ok"]]


async def _mirrored(disk: Disk, node: str, minor: int, context: Context) -> Status | None:
    """Return how *disk* is in the eyes of *node*, None if it is not up there."""
    if context.cluster.nodes[node].offline:
        return None
    try:
        [(_, state)] = await disk_sync.states(context, node, [disk])
    except errors.GanetiError as error:
        context.log(f"WARNING: {error.message}")
        return None
    if state.local == "unknown":
        return None
    return [
        f"/dev/drbd{minor}", MAJOR, minor, state.percent, state.seconds, state.degraded,
        STATES[state.local],
    ]  # fmt: skip
