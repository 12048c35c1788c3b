"""Waiting until mirrored disks are in sync, with what is left to do in the job's log."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from ganetix import errors
from ganetix.master.logic import disk_records
from ganetix.master.logic.disk_rest import Rest
from ganetix.master.logic.unit import Context
from ganetix.model.objects import Disk, Instance
from ganetix.rpc.tables.storage import (
    BLOCKDEV_PAUSE,
    MIRROR_STATUS,
    DiskSwitch,
    MirrorQuery,
    MirrorState,
    MirrorStates,
)

SHORTEST: Final = 1.0
LONGEST: Final = 20.0
"""Seconds between two looks: a tenth of what is left, within these."""

TRIES: Final = 10
"""How often in a row the node may not answer."""

_BAR: Final = 20


async def states(
    context: Context, node: str, disks: Sequence[Disk]
) -> list[tuple[Disk, MirrorState]]:
    """Return how the mirrors of *disks* are in the eyes of *node*; only those with a mirror."""
    asked = [disk_records.sent(context.cluster, disk) for disk in disks]
    found: MirrorStates = await context.call(node, MIRROR_STATUS, MirrorQuery(asked))
    rows = zip(disks, found.rows, strict=True)
    return [(disk, state) for disk, state in rows if state is not None]


async def wait(
    context: Context, instance: Instance, disks: Sequence[Disk], rest: Rest | None = None
) -> None:
    """Return when *disks* of *instance* are in sync; raise `errors.OpExecError` if they won't be.

    A node that does not answer is asked again, at most `TRIES` times in a row. A restart of the
    master daemon goes on from here with *rest*.
    """
    mirrored = [disk for disk in disks if disk.dev_type == "drbd"]
    if not mirrored:
        return
    context.log(f"Waiting for the disks of instance {instance.name} to sync...")
    watch = partial(_watched, context, instance, mirrored)
    await context.rest(msgspec.to_builtins(rest or Rest()), watch)


async def _watched(context: Context, instance: Instance, mirrored: Sequence[Disk]) -> None:
    while True:
        found = await _patiently(context, instance.primary_node, mirrored)
        running = [(disk, state) for disk, state in found if state.percent is not None]
        if not running:
            if not any(state.degraded for _, state in found):
                context.log(f"The disks of instance {instance.name} are in sync.")
                return
            if await _stays_degraded(context, instance.primary_node, mirrored):
                raise _degraded(instance, found)
            continue
        for disk, state in running:
            context.log(_progress(disk, state))
        left = max(state.seconds or 0 for _, state in running)
        await context.clock.sleep(min(max(left / 10, SHORTEST), LONGEST))


async def _stays_degraded(context: Context, node: str, disks: Sequence[Disk]) -> bool:
    """Tell whether the mirrors neither sync nor are whole for some seconds: they may just meet."""
    for _ in range(TRIES):
        await context.clock.sleep(SHORTEST)
        found = await _patiently(context, node, disks)
        if any(state.percent is not None for _, state in found):
            return False
        if not any(state.degraded for _, state in found):
            return False
    return True


async def _patiently(
    context: Context, node: str, disks: Sequence[Disk]
) -> list[tuple[Disk, MirrorState]]:
    for _ in range(TRIES):
        try:
            return await states(context, node, disks)
        except errors.GanetiError as error:
            context.log(f"WARNING: The sync can't be watched: {error.message}")
            await context.clock.sleep(SHORTEST)
    return await states(context, node, disks)


def _progress(disk: Disk, state: MirrorState) -> str:
    """Return a line with a bar: how much is done, and how long the rest will take."""
    percent = state.percent or 0.0
    full = int(percent * _BAR / 100)
    bar = f"[{'#' * full}{'.' * (_BAR - full)}]"
    if state.seconds is None:
        return f"{disk.iv_name} {bar} {percent:5.1f}%, time left unknown"
    minutes, seconds = divmod(state.seconds, 60)
    left = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{disk.iv_name} {bar} {percent:5.1f}%, {left} left"


def _degraded(instance: Instance, found: Sequence[tuple[Disk, MirrorState]]) -> errors.OpExecError:
    names = ", ".join(disk.iv_name for disk, state in found if state.degraded)
    return errors.OpExecError(
        f"Disks of instance {instance.name} are degraded and do not sync: {names}. "
        f"'gnt-instance info {instance.name}' shows them, 'gnt-instance activate-disks "
        f"{instance.name}' connects them again, 'gnt-instance replace-disks' makes lost parts anew."
    )


async def require_good(context: Context, instance: Instance, node: str, what: str) -> None:
    """Raise `errors.OpExecError` unless *node* has good copies of the disks of *instance*."""
    own = [disk for disk in context.cluster.disks_of(instance) if disk.dev_type == "drbd"]
    if not own:
        return
    found = await states(context, node, own)
    bad = [disk.iv_name for disk, state in found if state.local != "ok"]
    if bad:
        raise errors.OpExecError(
            f"{context.cluster.nodes[node].name} has no good copy of {', '.join(bad)} of instance "
            f"{instance.name}: {what} would lose data. --ignore-consistency does it all the same."
        )


async def pause(context: Context, instance: Instance, disks: Sequence[Disk], *, on: bool) -> None:
    """Pause the sync of *disks*, or let it go on; a failure is only told."""
    for disk in disks:
        if disk.dev_type == "drbd":
            request = DiskSwitch(disk_records.sent(context.cluster, disk), on)
            try:
                await context.call(instance.primary_node, BLOCKDEV_PAUSE, request)
            except errors.GanetiError as error:
                context.log(f"WARNING: {error.message}")
