"""Disks of instances on this node."""

from collections.abc import Mapping

import attrs

from ganetix.model.objects import Disk
from ganetix.paths import Paths
from ganetix.rpc.call import Done
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.blockdev import DirRename, DirRequest, DiskInfo, DiskRequest, DiskResize
from ganetix.storage import table
from ganetix.storage.file_dirs import FileDirs
from ganetix.storage.interface import Found, IBlockDevice
from ganetix.toolkit.interfaces import IFileSystem, IWorker


@attrs.frozen
class Disks:
    """The block device calls, by the drivers of this node."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    drivers: Mapping[str, IBlockDevice]
    directories: FileDirs

    def driver(self, disk: Disk) -> IBlockDevice:
        """Return the driver of *disk*; raise `errors.BlockDeviceError` without one."""
        return table.driver(self.drivers, disk.dev_type)

    def link(self, owner: str, disk: Disk) -> str:
        """Return the link to *disk* of instance *owner*, made on its primary node."""
        index = disk.iv_name.rpartition("/")[2] or disk.uuid
        return f"{self.paths.run_dir}/instance-disks/{owner}:{index}"

    async def show(self, owner: str, disk: Disk, found: Found) -> None:
        """Let the link of *owner* to *disk* lead to where it was *found*."""
        await self.worker.run(self._thd_link, self.link(owner, disk), found.path)

    async def located(self, disk: Disk) -> Found | None:
        """Return where *disk* is on this node, None if it is not."""
        return await self.driver(disk).find(disk)

    async def create(self, request: DiskRequest, context: CallContext) -> Done:
        """``blockdev_create``."""
        await self.driver(request.disk).create(request.disk)
        return Done()

    async def remove(self, request: DiskRequest, context: CallContext) -> Done:
        """``blockdev_remove``."""
        await self.driver(request.disk).remove(request.disk)
        return Done()

    async def assemble(self, request: DiskRequest, context: CallContext) -> DiskInfo:
        """``blockdev_assemble``; on the primary the instance's link to the disk is made."""
        found = await self.driver(request.disk).assemble(
            request.disk, request.primary, request.fresh
        )
        if request.primary:
            await self.show(request.owner, request.disk, found)
        return DiskInfo(found.path, found.size)

    async def shutdown(self, request: DiskRequest, context: CallContext) -> Done:
        """``blockdev_shutdown``."""
        await self.worker.run(self._thd_unlink, self.link(request.owner, request.disk))
        await self.driver(request.disk).shutdown(request.disk)
        return Done()

    async def find(self, request: DiskRequest, context: CallContext) -> DiskInfo:
        """``blockdev_find``."""
        found = await self.located(request.disk)
        if found is None:
            return DiskInfo(None)
        return DiskInfo(found.path, found.size, found.in_use)

    async def grow(self, request: DiskResize, context: CallContext) -> Done:
        """``blockdev_grow``."""
        await self.driver(request.disk).grow(request.disk, request.amount, request.dry_run)
        return Done()

    async def dir_create(self, request: DirRequest, context: CallContext) -> Done:
        """``file_storage_dir_create``."""
        await self.directories.create(request.path)
        return Done()

    async def dir_remove(self, request: DirRequest, context: CallContext) -> Done:
        """``file_storage_dir_remove``."""
        await self.directories.remove(request.path)
        return Done()

    async def dir_rename(self, request: DirRename, context: CallContext) -> Done:
        """``file_storage_dir_rename``."""
        await self.directories.rename(request.old, request.new)
        return Done()

    def _thd_link(self, link: str, path: str) -> None:
        self.files.make_dirs(f"{self.paths.run_dir}/instance-disks", 0o755)
        self.files.link(path, link)

    def _thd_unlink(self, link: str) -> None:
        if self.files.exists(link):
            self.files.remove(link)
