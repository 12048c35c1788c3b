"""Disks of instances: what a request may say, where a disk will be, and the steps on nodes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.master.logic import disk_records
from ganetix.master.logic.disk_records import Wanted, sent
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model import schema, volume_names
from ganetix.model.cluster import Cluster, mirror_nodes
from ganetix.model.objects import Disk, Instance
from ganetix.paths import Paths
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

MAX_DISKS: Final = 16
MODES: Final = ("ro", "rw")
SUPPORTED: Final = ("blockdev", "diskless", "drbd", "file", "plain", "sharedfile")
FILE_BASED: Final = ("file", "sharedfile")
EVERYWHERE: Final = ("sharedfile", "diskless", "blockdev")
"""Templates whose disks every node sees: such instances can go to any node."""
MIRRORED: Final = (*EVERYWHERE, "drbd")
"""Templates whose disks are on more than one node: such instances can change nodes."""
GROWABLE: Final = ("drbd", "file", "plain", "sharedfile")
ADOPTABLE: Final = ("blockdev", "plain")

_KEYS: Final = frozenset({
    "access", "adopt", "dev_type", "metavg", "mode", "name", "provider", "size", "spindles", "vg",
})  # fmt: skip
_MODIFIABLE: Final = frozenset({"mode", "name"})
_FOREIGN: Final[Mapping[str, tuple[str, ...]]] = {
    "access": (), "provider": (), "adopt": ADOPTABLE, "vg": disk_records.LVM, "metavg": ("drbd",),
}  # fmt: skip
"""Parameters that only disks of these templates have."""


def require_template(cluster: Cluster, template: str) -> None:
    """Raise `errors.OpPrereqError` unless *template* is enabled and available here."""
    if template not in cluster.cluster.enabled_disk_templates:
        enabled = ", ".join(cluster.cluster.enabled_disk_templates)
        raise errors.OpPrereqError(
            f"Disk template {template} is not enabled in this cluster (enabled: {enabled}); "
            "'gnt-cluster modify --enabled-disk-templates' enables it.",
            errors.INVAL,
        )
    if template not in SUPPORTED:
        raise errors.OpPrereqError(
            f"Disk template {template} is not available in this release; available are "
            f"{', '.join(SUPPORTED)}.",
            errors.INVAL,
        )


def wanted_disks(template: str, given: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """Return the disks that *given* asks for with *template*; raise `errors.OpPrereqError`."""
    if template == "diskless" and given:
        raise errors.OpPrereqError(
            "A diskless instance has no disks, but disks were given; leave them out or choose "
            "another disk template.",
            errors.INVAL,
        )
    if len(given) > MAX_DISKS:
        raise errors.OpPrereqError(
            f"{len(given)} disks were given; an instance has at most {MAX_DISKS}.", errors.INVAL
        )
    return [wanted_disk(template, index, row) for index, row in enumerate(given)]


def wanted_disk(template: str, index: int, given: Mapping[str, Any]) -> Wanted:
    """Return disk *index* as *given* asks for it; raise `errors.OpPrereqError`."""
    for key in given:
        if key not in _KEYS or template not in _FOREIGN.get(key, (template,)):
            raise errors.OpPrereqError(
                f"Disk {index} has the parameter '{key}', which a disk of template {template} "
                "does not take.",
                errors.INVAL,
            )
    adopt = _adopted(template, index, given)
    if "size" not in given and adopt is None:
        raise errors.OpPrereqError(f"Disk {index} has no size; give one.", errors.INVAL)
    spindles = given.get("spindles")
    return Wanted(
        _size(index, given["size"]) if adopt is None else 0,
        disk_mode(index, given.get("mode", "rw")),
        disk_name(given.get("name")),
        None if spindles is None else int(spindles),
        _volume_group(index, given, "vg"),
        _volume_group(index, given, "metavg"),
        adopt,
    )


def _adopted(template: str, index: int, given: Mapping[str, Any]) -> str | None:
    """Return what is to become disk *index* instead of a new volume, None if one is made."""
    adopt = given.get("adopt")
    if adopt is None:
        if template == "blockdev":
            raise errors.OpPrereqError(
                f"Disk {index}: block devices are not made but adopted; give adopt=/dev/...",
                errors.INVAL,
            )
        return None
    name = str(adopt)
    if template == "blockdev":
        if not name.startswith("/dev/") or "/../" in name:
            raise errors.OpPrereqError(
                f"Disk {index} can't adopt '{name}': a block device's path is below /dev.",
                errors.INVAL,
            )
        return name
    _require_volume_name(index, name)
    return name


def _volume_group(index: int, given: Mapping[str, Any], key: str) -> str | None:
    if given.get(key) is None:
        return None
    _require_volume_name(index, str(given[key]))
    return str(given[key])


def _require_volume_name(index: int, name: str) -> None:
    wrong = volume_names.wrong_name(name)
    if wrong:
        raise errors.OpPrereqError(
            f"Disk {index}: '{name}' can't be a name for LVM: {wrong}.", errors.INVAL
        )


def _size(index: int, given: Any) -> int:
    try:
        size = schema.parse_size(given) if isinstance(given, str) else int(given)
    except errors.UnitParseError as error:
        raise errors.OpPrereqError(f"Disk {index}: {error.message}", errors.INVAL) from error
    if size <= 0:
        raise errors.OpPrereqError(
            f"Disk {index} has size {size} MiB; it must be more than nothing.", errors.INVAL
        )
    return size


def disk_mode(index: int, mode: Any) -> str:
    """Return *mode* if disks have it; raise `errors.OpPrereqError`."""
    if mode not in MODES:
        raise errors.OpPrereqError(
            f"Disk {index} has mode '{mode}'; it may be one of {', '.join(MODES)}.", errors.INVAL
        )
    return str(mode)


def disk_name(given: Any) -> str | None:
    """Return *given* as a device's name: nothing for null or ``none``."""
    if given is None or str(given).lower() == schema.NONE:
        return None
    name = str(given)
    if name.isdecimal():
        raise errors.OpPrereqError(
            f"'{name}' can't be a device's name: it would be taken for an index.", errors.INVAL
        )
    return name


def require_modifiable(index: int, given: Mapping[str, Any]) -> None:
    """Raise `errors.OpPrereqError` if *given* has what can't be changed of an existing disk."""
    refused = sorted(set(given) - _MODIFIABLE)
    if refused:
        raise errors.OpPrereqError(
            f"Disk {index}: {', '.join(refused)} can't be changed; only name and mode can. "
            "'gnt-instance grow-disk' makes a disk larger.",
            errors.INVAL,
        )


def file_dir(cluster: Cluster, paths: Paths, template: str, sub: str | None) -> str:
    """Return the directory (a path without any node's root) below which instances' disks are.

    *sub* is the relative directory that the request names, or None.
    """
    settings = cluster.cluster
    base = (
        settings.shared_file_storage_dir if template == "sharedfile" else settings.file_storage_dir
    )
    if paths.root and base.startswith(f"{paths.root}/"):
        base = base.removeprefix(paths.root)
    if sub is None:
        return base
    if sub.startswith("/") or ".." in sub.split("/"):
        raise errors.OpPrereqError(
            f"The file storage directory '{sub}' must be relative, and may not leave {base}.",
            errors.INVAL,
        )
    return f"{base}/{sub}"


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
    """Make *disks* on *nodes*, their directory first."""
    place = instance_dir(disks)
    if place is not None:
        await context.call(nodes[0], FILE_STORAGE_DIR_CREATE, DirRequest(place))
    for disk in disks:
        request = DiskRequest(sent(context.cluster, disk), owner)
        for node in nodes:
            await context.call(node, BLOCKDEV_CREATE, request)


async def remove(
    context: Context, node: str, owner: str, disks: Sequence[Disk], *, directory: bool = True
) -> None:
    """Remove *disks* on *node*, and then their *directory* if nothing else is in it."""
    for disk in disks:
        await context.call(node, BLOCKDEV_REMOVE, DiskRequest(sent(context.cluster, disk), owner))
    for place in _directories(context.cluster, disks) if directory else ():
        await context.call(node, FILE_STORAGE_DIR_REMOVE, DirRequest(place))


def _directories(cluster: Cluster, removed: Sequence[Disk]) -> list[str]:
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
    is marked offline. *fresh* disks were just made.
    """
    where = node or instance.primary_node
    ready: list[Disk] = []
    found: list[DiskInfo] = []
    try:
        for disk in context.cluster.disks_of(instance) if only is None else only:
            ready.append(disk)
            await _assemble_mirror(context, instance, disk, where, ignore=ignore_secondaries)
            request = DiskRequest(sent(context.cluster, disk), instance.name, True, fresh)
            found.append(await context.call(where, BLOCKDEV_ASSEMBLE, request))
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


async def while_assembled(
    context: Context, instance: Instance, work: Callable[[], Awaitable[None]]
) -> None:
    """Do *work* with the disks of *instance* assembled; afterwards they are shut down again."""
    await assemble(context, instance)
    try:
        await work()
    except errors.GanetiError:
        await _take_down(
            context, instance, instance.primary_node, context.cluster.disks_of(instance)
        )
        raise
    await shutdown(context, instance)
