"""What opcodes on disks still have to do while they wait, so that a restart goes on with it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from ganetix import errors
from ganetix.master.logic import disks
from ganetix.master.logic.disk_records import sent
from ganetix.master.logic.unit import Context
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk
from ganetix.rpc.call import Call
from ganetix.rpc.tables.blockdev import (
    BLOCKDEV_REMOVE,
    FILE_STORAGE_DIR_REMOVE,
    DirRequest,
    DiskRequest,
)


class Left(msgspec.Struct, frozen=True):
    """A disk (as nodes get it) that is to be removed from *node*, or a volume of one."""

    node: str
    disk: Disk


class Rest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is left to do.

    *made* are new disks (uuids) that are waited for, *dirty* those that are still to be wiped, from
    so many MiB on; *plug* are devices (uuids) that a running guest gets after that; *left* is what
    is removed at the end; *told* is what the opcode will answer.
    """

    made: list[str] = []
    dirty: dict[str, int] = {}
    plug: list[str] = []
    left: list[Left] = []
    told: list[tuple[str, Any]] = []


def of(context: Context, begun: Rest) -> Rest:
    """Return what a restart goes on with; *begun* where there was none."""
    return begun if context.resumed is None else msgspec.convert(context.resumed, Rest)


def lefts(cluster: Cluster, node: str, old: Iterable[Disk]) -> list[Left]:
    """Return what removes *old* disks from *node*."""
    return [Left(node, sent(cluster, disk)) for disk in old]


def tell(context: Context, owner: str, left: Iterable[Left]) -> None:
    """Say what of *owner* stays until the end: whatever happens meanwhile, somebody can find it."""
    for one in left:
        name = context.cluster.nodes[one.node].name
        context.log(f"{name} keeps {_place(one.disk)} of {owner} until all is in sync.")


async def remove(context: Context, owner: str, left: Iterable[Left]) -> None:
    """Remove what is *left*; what stays is told with what removes it, and verify names it.

    A directory in which no other disk of the cluster is goes, too.
    """
    removed: dict[str, list[Disk]] = {}
    for one in left:
        request = DiskRequest(one.disk, owner)
        what = f"{_place(one.disk)} of {owner}"
        remedy = f"{_remedy(one.disk)} there removes that."
        if await _done(context, one.node, BLOCKDEV_REMOVE, request, (what, remedy)):
            removed.setdefault(one.node, []).append(one.disk)
    for node, gone in removed.items():
        for place in disks.directories_of(context.cluster, gone):
            words = f"directory {place}", f"'rmdir {place}' there removes it."
            await _done(context, node, FILE_STORAGE_DIR_REMOVE, DirRequest(place), words)


async def _done(
    context: Context, node: str, call: Call[Any, Any], request: Any, words: tuple[str, str]
) -> bool:
    """Make *call*, which removes something; if it fails say so in *words*, what and the remedy."""
    where = context.cluster.nodes[node]
    why = "The node is offline."
    if not where.offline:
        try:
            await context.call(node, call, request)
        except errors.GanetiError as error:
            why = error.message
        else:
            return True
    what, remedy = words
    context.log(f"WARNING: {where.name} keeps {what}: {why} {remedy}")
    return False


def _place(disk: Disk) -> str:
    volumes = disk.children or [disk]
    if volumes[0].dev_type == "plain":
        return " and ".join(f"{one.logical_id[0]}/{one.logical_id[1]}" for one in volumes)
    return str(disk.logical_id[1])


def _remedy(disk: Disk) -> str:
    program = "lvremove" if (disk.children or [disk])[0].dev_type == "plain" else "rm"
    return f"'{program} {_place(disk).replace(' and ', ' ')}'"
