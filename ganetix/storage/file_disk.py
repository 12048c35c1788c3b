"""Disks that are sparse files: templates ``file`` and ``sharedfile``."""

from typing import Final

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.model.objects import Disk
from ganetix.storage.file_paths import AllowedPaths
from ganetix.storage.interface import Found, IBlockDevice, Space, Sync
from ganetix.toolkit.interfaces import IFileSystem, IWorker

MIB: Final = 1024 * 1024
_MODE: Final = 0o600


@implementer(IBlockDevice)
@attrs.frozen
class FileDisks:
    """Disks of type *dev_type*; ``logical_id`` is ``[driver, path]``. Blocking work on *worker*."""

    dev_type: str
    files: IFileSystem
    worker: IWorker
    allowed: AllowedPaths

    async def create(self, disk: Disk) -> None:
        """See `IBlockDevice`."""
        await self.worker.run(self._thd_create, disk)

    async def remove(self, disk: Disk) -> None:
        """See `IBlockDevice`."""
        await self.worker.run(self._thd_remove, disk)

    async def assemble(self, disk: Disk, primary: bool, fresh: bool = False) -> Found:
        """See `IBlockDevice`: a file is always ready."""
        found = await self.find(disk)
        if found is None:
            raise self._missing(self._path(disk))
        return found

    async def shutdown(self, disk: Disk) -> None:
        """See `IBlockDevice`: there is nothing to undo."""

    async def find(self, disk: Disk) -> Found | None:
        """See `IBlockDevice`."""
        found: Found | None = await self.worker.run(self._thd_find, disk)
        return found

    async def grow(self, disk: Disk, amount: int, dry_run: bool) -> None:
        """See `IBlockDevice`."""
        await self.worker.run(self._thd_grow, disk, amount, dry_run)

    async def rename(self, disk: Disk, new: Disk) -> None:
        """See `IBlockDevice`."""
        await self.worker.run(self._thd_rename, self._path(disk), self._path(new))

    async def snapshot(self, disk: Disk, name: str) -> Disk:
        """See `IBlockDevice`: files have none."""
        raise errors.BlockDeviceError(
            f"File {self._path(disk)} can't be kept as it is now: files have no snapshots."
        )

    async def sync(self, disk: Disk) -> Sync | None:
        """See `IBlockDevice`: there is no mirror."""
        return None

    async def space(self, unit: str) -> Space:
        """See `IBlockDevice`."""
        room: Space = await self.worker.run(self._thd_space, unit)
        return room

    def _path(self, disk: Disk) -> str:
        return self.allowed.local(str(disk.logical_id[1]))

    def _thd_create(self, disk: Disk) -> None:
        path = self._path(disk)
        try:
            self.files.allocate(path, disk.size * MIB, _MODE)
        except FileExistsError:
            raise errors.BlockDeviceError(
                f"File {path} already exists; move it away if no instance uses it."
            ) from None
        except OSError as error:
            raise errors.BlockDeviceError(
                f"File {path} of {disk.size} MiB can't be created: {error.strerror}."
            ) from error

    def _thd_remove(self, disk: Disk) -> None:
        path = self._path(disk)
        try:
            self.files.remove(path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise errors.BlockDeviceError(
                f"File {path} can't be removed: {error.strerror}."
            ) from error

    def _thd_find(self, disk: Disk) -> Found | None:
        path = self._path(disk)
        try:
            return Found(path, self.files.size(path) // MIB)
        except FileNotFoundError:
            return None

    def _thd_rename(self, old: str, new: str) -> None:
        if not self.files.exists(old):
            if self.files.exists(new):
                return
            raise self._missing(old)
        if self.files.exists(new):
            raise errors.BlockDeviceError(f"File {new} already exists; {old} can't become it.")
        self.files.rename(old, new)

    def _thd_grow(self, disk: Disk, amount: int, dry_run: bool) -> None:
        path = self._path(disk)
        if amount < 0:
            raise errors.BlockDeviceError(f"File {path} can't be made smaller.")
        if self._thd_find(disk) is None:
            raise self._missing(path)
        if dry_run:
            return
        try:
            self.files.extend(path, (disk.size + amount) * MIB)
        except OSError as error:
            raise errors.BlockDeviceError(
                f"File {path} can't be grown by {amount} MiB: {error.strerror}."
            ) from error

    def _thd_space(self, unit: str) -> Space:
        trouble = self.allowed.usable(unit)
        if trouble:
            raise errors.FileStoragePathError(trouble)
        try:
            free, total = self.files.space(self.allowed.paths.incoming(unit))
        except OSError as error:
            raise errors.StorageError(
                f"The room in {unit} can't be measured: {error.strerror}."
            ) from error
        return Space(free // MIB, total // MIB)

    @staticmethod
    def _missing(path: str) -> errors.BlockDeviceError:
        return errors.BlockDeviceError(
            f"File {path} is not there; 'gnt-instance recreate-disks' makes missing disks anew."
        )
