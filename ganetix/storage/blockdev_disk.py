"""Disks that are there already, made by somebody else: template ``blockdev``."""

import posixpath
from typing import Final, NoReturn

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.model.objects import Disk
from ganetix.storage.interface import Found, IBlockDevice, Space, Sync
from ganetix.storage.programs import Programs
from ganetix.toolkit.interfaces import IFileSystem, IWorker

_BLOCKDEV: Final = "/usr/sbin/blockdev"
_LSBLK: Final = "/usr/bin/lsblk"
_PARTS: Final = ("disk", "part")
"""What may be below a device that nothing uses."""
_MIB: Final = 1024 * 1024


@implementer(IBlockDevice)
@attrs.frozen
class GivenDisks:
    """``logical_id`` is ``["manual", path]``; the path is below ``/dev``, the same on all nodes.

    Such a disk is adopted, and neither made nor removed, grown nor renamed.
    """

    programs: Programs
    files: IFileSystem
    worker: IWorker
    dev_type: str = "blockdev"

    async def create(self, disk: Disk) -> None:
        """See `IBlockDevice`: the device must be there already."""
        await self.assemble(disk, False)

    async def remove(self, disk: Disk) -> None:
        """See `IBlockDevice`: it was not made here, and stays."""

    async def assemble(self, disk: Disk, primary: bool, fresh: bool = False) -> Found:
        """See `IBlockDevice`."""
        found = await self.find(disk)
        if found is None:
            raise errors.BlockDeviceError(
                f"Block device {path_of(disk)} is not on this node; connect the storage that has "
                "it."
            )
        return found

    async def shutdown(self, disk: Disk) -> None:
        """See `IBlockDevice`."""

    async def find(self, disk: Disk) -> Found | None:
        """See `IBlockDevice`."""
        path = path_of(disk)
        if not await self.worker.run(self.files.exists, path):
            return None
        text = await self.programs.must(f"measure {path}", _BLOCKDEV, "--getsize64", path)
        return Found(path, int(text) // _MIB, await self._in_use(path))

    async def _in_use(self, path: str) -> bool:
        """Tell whether the device, or a part of it, is mounted or below another device."""
        words = (_LSBLK, "-nr", "-o", "TYPE,MOUNTPOINT", path)
        text = await self.programs.must(f"list {path}", *words)
        rows = [row.split() for row in text.splitlines() if row.strip()]
        return any(len(row) > 1 for row in rows) or any(row[0] not in _PARTS for row in rows[1:])

    async def grow(self, disk: Disk, amount: int, dry_run: bool) -> None:
        """See `IBlockDevice`: that is up to whoever made it."""
        _refuse(disk, "grown")

    async def rename(self, disk: Disk, new: Disk) -> None:
        """See `IBlockDevice`: that is up to whoever made it."""
        _refuse(disk, "renamed")

    async def snapshot(self, disk: Disk, name: str) -> Disk:
        """See `IBlockDevice`: that is up to whoever made it."""
        _refuse(disk, "kept as it is now")

    async def sync(self, disk: Disk) -> Sync | None:
        """See `IBlockDevice`: nothing is known of a mirror."""
        return None

    async def space(self, unit: str) -> Space:
        """See `IBlockDevice`: nothing is made there, so there is no room."""
        return Space(0, 0)


def path_of(disk: Disk) -> str:
    """Return the path of *disk*; raise `errors.BlockDeviceError` unless it is below ``/dev``."""
    path = str(disk.logical_id[1])
    if posixpath.normpath(path) != path or not path.startswith("/dev/"):
        raise errors.BlockDeviceError(f"'{path}' is no block device's path: it must be below /dev.")
    return path


def _refuse(disk: Disk, what: str) -> NoReturn:
    raise errors.BlockDeviceError(
        f"{path_of(disk)} can't be {what}: it belongs to the storage that it comes from."
    )
