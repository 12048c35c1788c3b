"""Disks that are logical volumes: template ``plain``, and the two halves of ``drbd``."""

from collections.abc import Sequence

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.model import volume_names
from ganetix.model.objects import Disk
from ganetix.storage import lvm_parse
from ganetix.storage.interface import Found, IBlockDevice, Space, Sync
from ganetix.storage.lvm import Lvm
from ganetix.storage.lvm_parse import Volume


@implementer(IBlockDevice)
@attrs.frozen
class PlainDisks:
    """``logical_id`` is ``[volume group, logical volume]``.

    What is on a new volume is whatever was there before: it is not wiped. Volumes stay active when
    they are shut down, as nothing is gained by taking them from the kernel.
    """

    lvm: Lvm
    dev_type: str = "plain"

    async def create(self, disk: Disk) -> None:
        """See `IBlockDevice`; parameters: *stripes*, and *exclusive* with *spindles*."""
        group, name = place_of(disk)
        wrong = volume_names.wrong_name(name)
        if wrong:
            raise errors.BlockDeviceError(f"'{name}' can't be a logical volume's name: {wrong}.")
        places = await self._own_places(disk) if disk.params.get("exclusive") else ()
        stripes = int(disk.params.get("stripes", 1))
        if stripes > 1:
            stripes = min(stripes, len(places) or (await self.lvm.group(group)).devices)
        await self.lvm.create(group, name, disk.size, stripes, places)

    async def remove(self, disk: Disk) -> None:
        """See `IBlockDevice`."""
        await self.remove_all([disk])

    async def remove_all(self, disks: Sequence[Disk]) -> None:
        """Do as `remove` for each of *disks*."""
        for volume in await self._volumes(disks):
            if volume is not None:
                await self.lvm.remove(volume)

    async def assemble(self, disk: Disk, primary: bool, fresh: bool = False) -> Found:
        """See `IBlockDevice`."""
        [found] = await self.assemble_all([disk])
        return found

    async def assemble_all(self, disks: Sequence[Disk]) -> list[Found]:
        """Do as `assemble` for each of *disks*."""
        volumes = await self._volumes(disks)
        there = [_existing(disk, one) for disk, one in zip(disks, volumes, strict=True)]
        for volume in there:
            if not volume.active:
                await self.lvm.activate(volume)
        return [Found(volume.path, volume.size) for volume in there]

    async def shutdown(self, disk: Disk) -> None:
        """See `IBlockDevice`."""

    async def find(self, disk: Disk) -> Found | None:
        """See `IBlockDevice`."""
        [found] = await self.find_all([disk])
        return found

    async def find_all(self, disks: Sequence[Disk]) -> list[Found | None]:
        """Do as `find` for each of *disks*."""
        found = await self._volumes(disks)
        return [None if one is None else Found(one.path, one.size) for one in found]

    async def grow(self, disk: Disk, amount: int, dry_run: bool) -> None:
        """See `IBlockDevice`."""
        volume = _existing(disk, await self._volume(disk))
        if amount < 0:
            raise errors.BlockDeviceError(f"{volume.path} can't be made smaller.")
        size = disk.size + amount
        if volume.size < size:
            await self.lvm.extend(volume, size, dry_run=dry_run)

    async def rename(self, disk: Disk, new: Disk) -> None:
        """See `IBlockDevice`; the volume group stays."""
        (group, old), (other, name) = place_of(disk), place_of(new)
        wrong = volume_names.wrong_name(name)
        if wrong or group != other:
            why = wrong or "a volume can't change its group"
            raise errors.BlockDeviceError(f"{group}/{old} can't become {other}/{name}: {why}.")
        if await self._volume(disk) is None and await self._volume(new) is not None:
            return
        await self.lvm.rename(group, old, name)

    async def snapshot(self, disk: Disk, name: str) -> Disk:
        """See `IBlockDevice`: room for all of the disk to change."""
        volume = _existing(disk, await self._volume(disk))
        await self.lvm.snapshot(volume, name, volume.size)
        return msgspec.structs.replace(disk, logical_id=[volume.group, name])

    async def sync(self, disk: Disk) -> Sync | None:
        """See `IBlockDevice`: there is no mirror."""
        return None

    async def space(self, unit: str) -> Space:
        """See `IBlockDevice`: *unit* is a volume group."""
        group = await self.lvm.group(unit)
        return Space(group.free, group.size)

    async def _volume(self, disk: Disk) -> Volume | None:
        [volume] = await self._volumes([disk])
        return volume

    async def _volumes(self, disks: Sequence[Disk]) -> list[Volume | None]:
        """Return the volume of each of *disks*; each volume group is asked once."""
        places = [place_of(disk) for disk in disks]
        known: dict[tuple[str, str], Volume] = {}
        for group in dict.fromkeys(group for group, _ in places):
            names = [name for place, name in places if place == group]
            known |= {(group, one.name): one for one in await self.lvm.volumes(group, *names)}
        return [known.get(place) for place in places]

    async def _own_places(self, disk: Disk) -> Sequence[str]:
        """Return empty physical volumes for *disk* alone: as many as its spindles, or its size."""
        group, name = place_of(disk)
        empty = [one for one in await self.lvm.physicals(group) if _is_empty(one)]
        empty.sort(key=lambda one: (one.free, one.path))
        chosen: list[lvm_parse.Physical] = []
        for one in empty:
            if _enough(chosen, disk):
                break
            chosen.append(one)
        if not _enough(chosen, disk):
            raise errors.BlockDeviceError(
                f"Volume group {group} has {len(empty)} empty physical volumes, which are too few "
                f"for {name} of {disk.size} MiB on storage of its own."
            )
        return [one.path for one in chosen]


def _is_empty(one: lvm_parse.Physical) -> bool:
    return one.allocatable and one.free == one.size


def _enough(chosen: Sequence[lvm_parse.Physical], disk: Disk) -> bool:
    """Tell whether *chosen* are as many as *disk* asks for and have its size."""
    return len(chosen) >= (disk.spindles or 1) and sum(one.free for one in chosen) >= disk.size


def _existing(disk: Disk, volume: Volume | None) -> Volume:
    """Return *volume*, which was found for *disk*; raise `errors.BlockDeviceError` without one."""
    if volume is None:
        group, name = place_of(disk)
        raise errors.BlockDeviceError(
            f"Logical volume {group}/{name} is not there; 'gnt-instance recreate-disks' makes "
            "missing disks anew."
        )
    return volume


def path_of(disk: Disk) -> str:
    """Return the device of *disk* on a node that has activated it."""
    return lvm_parse.path_of(*place_of(disk))


def place_of(disk: Disk) -> tuple[str, str]:
    """Return volume group and name of *disk*."""
    group, name = disk.logical_id
    return str(group), str(name)
