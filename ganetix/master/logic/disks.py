"""Disks of instances: what a request may say, where a disk will be, and the steps on nodes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model import schema
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.paths import Paths
from ganetix.rpc.calls import (
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

MAX_DISKS: Final = 16
MODES: Final = ("ro", "rw")
SUPPORTED: Final = ("diskless", "file", "sharedfile")
FILE_BASED: Final = ("file", "sharedfile")
MIRRORED: Final = ("sharedfile", "diskless")
"""Templates whose disks every node sees: such instances can change nodes."""
GROWABLE: Final = ("file", "sharedfile")

_KEYS: Final = frozenset({
    "access", "adopt", "dev_type", "metavg", "mode", "name", "provider", "size", "spindles", "vg",
})  # fmt: skip
_MODIFIABLE: Final = frozenset({"mode", "name"})
_FOREIGN: Final = frozenset({"access", "adopt", "metavg", "provider", "vg"})


@attrs.frozen
class Wanted:
    """One disk as it was asked for; *size* in MiB."""

    size: int
    mode: str = "rw"
    name: str | None = None
    spindles: int | None = None


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
        if key not in _KEYS or key in _FOREIGN:
            raise errors.OpPrereqError(
                f"Disk {index} has the parameter '{key}', which a disk of template {template} "
                "does not take.",
                errors.INVAL,
            )
    if "size" not in given:
        raise errors.OpPrereqError(f"Disk {index} has no size; give one.", errors.INVAL)
    spindles = given.get("spindles")
    return Wanted(
        _size(index, given["size"]),
        disk_mode(index, given.get("mode", "rw")),
        disk_name(given.get("name")),
        None if spindles is None else int(spindles),
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


def new_disk(
    template: str,
    wanted: Wanted,
    index: int,
    place: tuple[str, str],
    node: str,
    randomness: Randomness,
) -> Disk:
    """Return the disk *index* of *template*; *place* is (driver, directory of the instance)."""
    driver, directory = place
    path = f"{directory}/{randomness.uuid()}.{template}.disk{index}"
    return Disk(
        uuid=randomness.uuid(),
        dev_type=template,
        logical_id=[driver, path],
        size=wanted.size,
        iv_name=f"disk/{index}",
        mode=wanted.mode,
        name=wanted.name,
        spindles=wanted.spindles,
        nodes=[node],
    )


def removals(node: str, owner: str, disks: Sequence[Disk], *, directory: bool) -> list[UndoAction]:
    """Return the undo actions of making *disks* (and, with *directory*, their directory)."""
    actions = []
    place = instance_dir(disks)
    if directory and place is not None:
        actions.append(
            UndoAction(
                f"The directory {place}", node, FILE_STORAGE_DIR_REMOVE.name, {"path": place}
            )
        )
    for disk in disks:
        request = msgspec.to_builtins(DiskRequest(disk, owner))
        actions.append(
            UndoAction(f"{disk.iv_name} of {owner}", node, BLOCKDEV_REMOVE.name, request)
        )
    return actions


async def create(context: Context, node: str, owner: str, disks: Sequence[Disk]) -> None:
    """Make *disks* on *node*, their directory first."""
    place = instance_dir(disks)
    if place is not None:
        await context.call(node, FILE_STORAGE_DIR_CREATE, DirRequest(place))
    for disk in disks:
        await context.call(node, BLOCKDEV_CREATE, DiskRequest(disk, owner))


async def remove(
    context: Context, node: str, owner: str, disks: Sequence[Disk], *, directory: bool = True
) -> None:
    """Remove *disks* on *node*, and then their *directory*."""
    for disk in disks:
        await context.call(node, BLOCKDEV_REMOVE, DiskRequest(disk, owner))
    place = instance_dir(disks)
    if directory and place is not None:
        await context.call(node, FILE_STORAGE_DIR_REMOVE, DirRequest(place))


async def assemble(context: Context, instance: Instance, node: str | None = None) -> list[DiskInfo]:
    """Assemble the disks of *instance* on *node* (its primary), in order; undo if one fails."""
    where = node or instance.primary_node
    ready: list[Disk] = []
    found: list[DiskInfo] = []
    try:
        for disk in context.cluster.disks_of(instance):
            ready.append(disk)
            request = DiskRequest(disk, instance.name)
            found.append(await context.call(where, BLOCKDEV_ASSEMBLE, request))
    except errors.GanetiError:
        await _take_down(context, instance, where, ready)
        raise
    return found


async def _take_down(
    context: Context, instance: Instance, node: str, disks: Sequence[Disk]
) -> None:
    """Shut *disks* down after a failure; what fails here too is only told."""
    for disk in disks:
        try:
            await context.call(node, BLOCKDEV_SHUTDOWN, DiskRequest(disk, instance.name))
        except errors.GanetiError as error:
            context.log(f"WARNING: {disk.iv_name} could not be shut down: {error.message}")


async def shutdown(context: Context, instance: Instance, *, node: str | None = None) -> None:
    """Shut the disks of *instance* down on *node* (its primary)."""
    where = node or instance.primary_node
    for disk in context.cluster.disks_of(instance):
        await context.call(where, BLOCKDEV_SHUTDOWN, DiskRequest(disk, instance.name))


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
