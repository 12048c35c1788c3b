"""What nodes of the test world answer about mirrors, volumes and copies."""

from collections.abc import Callable
from typing import Any

import attrs
import msgspec

from ganetix import errors
from ganetix.model.objects import Disk
from ganetix.rpc.call import Done
from ganetix.rpc.tables.images import DiskImage, FileFound, FileQuery
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
    VolumeQuery,
    Volumes,
)

Disks = dict[tuple[str, str], int]
IN_SYNC = MirrorState(False, "ok")


def key_of(disk: Disk) -> str:
    """Return what a disk is known by on a node: the place of its data."""
    return str((disk.children[0] if disk.children else disk).logical_id[1])


@attrs.define(eq=False)
class Mirrors:
    """*ahead* are the states that the next questions get; then all is in sync.

    *done* keeps (node, call, what it was about) of everything that was switched, *wiped* the parts.
    *volumes* are volumes that no instance has, by node. *images* are files of every node, with
    their sizes in bytes.
    """

    disks: Disks
    ahead: list[MirrorState] = attrs.field(factory=list)
    done: list[tuple[str, str, Any]] = attrs.field(factory=list)
    wiped: list[tuple[str, int, int]] = attrs.field(factory=list)
    volumes: dict[str, list[LogicalVolume]] = attrs.field(factory=dict)
    images: dict[str, int] = attrs.field(factory=dict)

    def answers(self) -> dict[str, Callable[[str, Any], Any]]:
        """Return an answer for every call."""
        return {
            "blockdev_getmirrorstatus": self._status,
            "blockdev_rename": self._rename,
            "blockdev_snapshot": self._snapshot,
            "blockdev_wipe": self._wipe,
            "blockdev_convert": self._convert,
            "blockdev_image": self._image,
            "get_file_info": self._file_info,
            "blockdev_pause_resume_sync": self._switch("pause"),
            "drbd_attach_net": self._switch("two primaries"),
            "blockdev_resize": self._one("resize"),
            "blockdev_close": self._one("close"),
            "blockdev_removechildren": self._one("detach"),
            "blockdev_addchildren": self._one("renew"),
            "drbd_disconnect_net": self._one("disconnect"),
            "lv_list": self._volumes,
        }

    def _status(self, node: str, request: MirrorQuery) -> MirrorStates:
        state = self.ahead.pop(0) if self.ahead else IN_SYNC
        rows = [state if disk.dev_type == "drbd" else None for disk in request.disks]
        return MirrorStates(rows)

    def _rename(self, node: str, request: DiskPair) -> Done:
        old, new = key_of(request.disk), key_of(request.other)
        known = [one for one in self.volumes.get(node, []) if one.name == old]
        if known:
            self.volumes[node].remove(known[0])
            self.disks[node, new] = known[0].size
        elif (node, old) in self.disks:
            self.disks[node, new] = self.disks.pop((node, old))
        else:
            raise errors.BlockDeviceError(f"{old} is missing.")
        return Done()

    def _snapshot(self, node: str, request: DiskSnapshot) -> DiskMade:
        volume = (request.disk.children or [request.disk])[0]
        if (node, key_of(volume)) not in self.disks:
            raise errors.BlockDeviceError(f"{key_of(volume)} is missing.")
        self.disks[node, request.name] = volume.size
        place = [volume.logical_id[0], request.name]
        return DiskMade(msgspec.structs.replace(volume, logical_id=place))

    def _wipe(self, node: str, request: DiskPart) -> Done:
        self.wiped.append((node, request.offset, request.size))
        return Done()

    def _convert(self, node: str, request: DiskPair) -> Done:
        for disk in (request.disk, request.other):
            if (node, key_of(disk)) not in self.disks:
                raise errors.BlockDeviceError(f"{key_of(disk)} is missing.")
        self.done.append((node, "copy", (request.disk.dev_type, request.other.dev_type)))
        return Done()

    def _image(self, node: str, request: DiskImage) -> Done:
        where = (node, key_of(request.disk))
        if self.images[request.image] > self.disks[where] * 1024 * 1024:
            raise errors.BlockDeviceError(f"{where[1]} is too small.")
        self.done.append((node, "image", request.image))
        return Done()

    def _file_info(self, node: str, request: FileQuery) -> FileFound:
        return FileFound(self.images.get(request.path))

    def _switch(self, what: str) -> Callable[[str, DiskSwitch], Done]:
        def answer(node: str, request: DiskSwitch) -> Done:
            self.done.append((node, what, request.on))
            return Done()

        return answer

    def _one(self, what: str) -> Callable[[str, Any], Done]:
        def answer(node: str, request: Any) -> Done:
            self.done.append((node, what, request.disk.iv_name))
            return Done()

        return answer

    def _volumes(self, node: str, request: VolumeQuery) -> Volumes:
        rows = [one for one in self.volumes.get(node, []) if one.group in request.groups]
        for where, name in self.disks:
            if where == node and "/" not in name:
                size = self.disks[where, name]
                rows.append(LogicalVolume(request.groups[0], name, size, active=True, in_use=False))
        return Volumes(rows)
