"""What is done to disks beyond making and assembling them: mirrors, copies, volume groups."""

from typing import Final

import attrs

from ganetix import errors
from ganetix.model.objects import Disk
from ganetix.rpc.call import Done
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.storage import (
    DiskMade,
    DiskPair,
    DiskPart,
    DiskSnapshot,
    DiskSwitch,
    LogicalVolume,
    MirrorQuery,
    MirrorState,
    MirrorStates,
    OneDisk,
    VolumeQuery,
    Volumes,
)
from ganetix.storage import table
from ganetix.storage.interface import IBlockDevice
from ganetix.storage.table import Drivers

_DD: Final = "/usr/bin/dd"
_WIPE_TIME: Final = 3000.0
_COPY_TIME: Final = 86000.0


@attrs.frozen
class Storage:
    """The calls of `ganetix.rpc.tables.storage`, by the drivers of this node."""

    drivers: Drivers

    def _driver(self, disk: Disk) -> IBlockDevice:
        return table.driver(self.drivers.by_type, disk.dev_type)

    async def mirror_status(self, request: MirrorQuery, context: CallContext) -> MirrorStates:
        """``blockdev_getmirrorstatus``."""
        found = [await self._driver(disk).sync(disk) for disk in request.disks]
        return MirrorStates(
            [
                None if one is None else MirrorState(*attrs.astuple(one))
                for one in found
            ]
        )  # fmt: skip

    async def rename(self, request: DiskPair, context: CallContext) -> Done:
        """``blockdev_rename``."""
        await self._driver(request.disk).rename(request.disk, request.other)
        return Done()

    async def snapshot(self, request: DiskSnapshot, context: CallContext) -> DiskMade:
        """``blockdev_snapshot``."""
        return DiskMade(await self._driver(request.disk).snapshot(request.disk, request.name))

    async def wipe(self, request: DiskPart, context: CallContext) -> Done:
        """``blockdev_wipe``: zeros over a part of an assembled disk."""
        path = await self._path(request.disk)
        await self.drivers.programs.must(
            f"wipe {path}",
            _DD, "if=/dev/zero", f"of={path}", "bs=1M", f"seek={request.offset}",
            f"count={request.size}", "conv=notrunc,fsync", "status=none",
            timeout=_WIPE_TIME,
        )  # fmt: skip
        return Done()

    async def convert(self, request: DiskPair, context: CallContext) -> Done:
        """``blockdev_convert``: copy one disk onto another that is not smaller."""
        source = await self._driver(request.disk).assemble(request.disk, True)
        target = await self._driver(request.other).assemble(request.other, True)
        await self.drivers.programs.must(
            f"copy {source.path} to {target.path}",
            _DD, f"if={source.path}", f"of={target.path}", "bs=1M", "conv=notrunc,fsync",
            "status=none",
            timeout=_COPY_TIME,
        )  # fmt: skip
        return Done()

    async def resize(self, request: OneDisk, context: CallContext) -> Done:
        """``blockdev_resize``."""
        await self.drivers.mirrors.resize(request.disk)
        return Done()

    async def close(self, request: OneDisk, context: CallContext) -> Done:
        """``blockdev_close``."""
        await self.drivers.mirrors.demote(request.disk)
        return Done()

    async def pause(self, request: DiskSwitch, context: CallContext) -> Done:
        """``blockdev_pause_resume_sync``."""
        await self.drivers.mirrors.pause(request.disk, paused=request.on)
        return Done()

    async def remove_children(self, request: OneDisk, context: CallContext) -> Done:
        """``blockdev_removechildren``."""
        await self.drivers.mirrors.detach(request.disk)
        return Done()

    async def add_children(self, request: OneDisk, context: CallContext) -> Done:
        """``blockdev_addchildren``."""
        await self.drivers.mirrors.renew(request.disk)
        return Done()

    async def disconnect(self, request: OneDisk, context: CallContext) -> Done:
        """``drbd_disconnect_net``."""
        await self.drivers.mirrors.disconnect(request.disk)
        return Done()

    async def two_primaries(self, request: DiskSwitch, context: CallContext) -> Done:
        """``drbd_attach_net``."""
        await self.drivers.mirrors.allow_two_primaries(request.disk, allowed=request.on)
        return Done()

    async def volumes(self, request: VolumeQuery, context: CallContext) -> Volumes:
        """``lv_list``."""
        found = [
            LogicalVolume(one.group, one.name, one.size, one.active, one.in_use)
            for group in request.groups
            for one in await self.drivers.volumes.volumes(group)
        ]
        return Volumes(found)

    async def _path(self, disk: Disk) -> str:
        found = await self._driver(disk).find(disk)
        if found is None:
            raise errors.BlockDeviceError(
                f"{disk.iv_name} ({disk.uuid}) is not on this node; 'gnt-instance recreate-disks' "
                "makes missing disks anew."
            )
        return found.path
