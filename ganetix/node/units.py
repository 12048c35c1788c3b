"""The storage units of this node: directories of file disks, LVM's groups and physical volumes."""

from typing import Final

import attrs

from ganetix import errors
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.node_care import (
    PlacedVolume,
    PlacedVolumes,
    StorageChange,
    StorageName,
    StorageQuery,
    StorageUnitInfo,
    StorageUnits,
)
from ganetix.storage.table import Drivers

FILES: Final = ("file", "sharedfile")
_PVCHANGE: Final = "/usr/sbin/pvchange"
_VGREDUCE: Final = "/usr/sbin/vgreduce"


@attrs.frozen
class Units:
    """The calls about storage units, by the drivers of this node."""

    drivers: Drivers

    async def list(self, request: StorageQuery, context: CallContext) -> StorageUnits:
        """``storage_list``; raise `errors.StorageError` for a type without units here."""
        if request.type in FILES:
            found = [await self._directory(request.type, place) for place in request.places]
        elif request.type == "lvm-vg":
            found = [
                StorageUnitInfo(one.name, one.size, one.free, one.size - one.free)
                for one in await self.drivers.volumes.groups()
            ]
        elif request.type == "lvm-pv":
            found = [
                StorageUnitInfo(one.path, one.size, one.free, one.size - one.free, one.allocatable)
                for one in await self.drivers.volumes.all_physicals()
            ]
        else:
            raise errors.StorageError(f"There are no storage units of type {request.type}.")
        return StorageUnits([unit for unit in found if request.name in ("", unit.name)])

    async def _directory(self, kind: str, place: str) -> StorageUnitInfo:
        room = await self.drivers.by_type[kind].space(place)
        return StorageUnitInfo(place, room.total, room.free, room.total - room.free)

    async def modify(self, request: StorageChange, context: CallContext) -> Done:
        """``storage_modify``: whether new volumes may be put on a physical volume."""
        word = "y" if request.allocatable else "n"
        await self.drivers.programs.must(
            f"change physical volume {request.name}",
            _PVCHANGE, "--allocatable", word, request.name,
        )  # fmt: skip
        return Done()

    async def repair(self, request: StorageName, context: CallContext) -> Done:
        """``storage_execute``: make a volume group consistent that has lost physical volumes."""
        await self.drivers.programs.must(
            f"repair volume group {request.name}",
            _VGREDUCE, "--removemissing", request.name,
        )  # fmt: skip
        return Done()

    async def volumes(self, request: Nothing, context: CallContext) -> PlacedVolumes:
        """``node_volumes``."""
        return PlacedVolumes(
            [
                PlacedVolume(one.physical, one.group, one.name, one.size)
                for one in await self.drivers.volumes.placed()
            ]
        )
