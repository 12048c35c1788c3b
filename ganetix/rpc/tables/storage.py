"""Calls about disks beyond making and assembling them: mirrors, copies, volume groups."""

from typing import Any, Final

import msgspec

from ganetix.model.objects import Disk
from ganetix.rpc.call import Call, Done


class MirrorQuery(msgspec.Struct, frozen=True):
    """Asks how the mirrors of *disks* are."""

    disks: list[Disk]


class MirrorState(msgspec.Struct, frozen=True):
    """One disk's mirror: *percent* and *seconds* (left) are known while it syncs.

    *local* is the node's own copy: ``ok``, ``syncing``, ``unknown`` or ``faulty``.
    """

    degraded: bool
    local: str
    percent: float | None = None
    seconds: int | None = None


class MirrorStates(msgspec.Struct, frozen=True):
    """In the order of the question; None for a disk without a mirror."""

    rows: list[MirrorState | None]


class DiskPart(msgspec.Struct, frozen=True):
    """*size* MiB of *disk* from *offset* MiB."""

    disk: Disk
    offset: int
    size: int


class DiskPair(msgspec.Struct, frozen=True):
    """Two disks: the one that is there, and the one that it becomes or is copied to."""

    disk: Disk
    other: Disk


class DiskSnapshot(msgspec.Struct, frozen=True):
    """Keep *disk* as it is now, as *name*."""

    disk: Disk
    name: str


class DiskMade(msgspec.Struct, frozen=True):
    """A disk that the call has made."""

    disk: Disk


class DiskSwitch(msgspec.Struct, frozen=True):
    """Switch something of *disk* on or off."""

    disk: Disk
    on: bool


class OneDisk(msgspec.Struct, frozen=True):
    """Do it to *disk*."""

    disk: Disk


class VolumeQuery(msgspec.Struct, frozen=True):
    """Asks for the logical volumes of *groups*."""

    groups: list[str]


class LogicalVolume(msgspec.Struct, frozen=True):
    """A logical volume; *size* MiB."""

    group: str
    name: str
    size: int
    active: bool
    in_use: bool


class Volumes(msgspec.Struct, frozen=True):
    """All volumes of the groups that were asked for."""

    volumes: list[LogicalVolume]


MIRROR_STATUS: Final = Call("blockdev_getmirrorstatus", MirrorQuery, MirrorStates, "fast", True)
BLOCKDEV_RENAME: Final = Call("blockdev_rename", DiskPair, Done, "normal", True)
BLOCKDEV_SNAPSHOT: Final = Call("blockdev_snapshot", DiskSnapshot, DiskMade, "normal")
BLOCKDEV_WIPE: Final = Call("blockdev_wipe", DiskPart, Done, "slow", True)
BLOCKDEV_CONVERT: Final = Call("blockdev_convert", DiskPair, Done, "1day", True)
BLOCKDEV_RESIZE: Final = Call("blockdev_resize", OneDisk, Done, "normal", True)
"""A mirrored disk, on its primary, takes the size that its volumes have grown to."""

BLOCKDEV_CLOSE: Final = Call("blockdev_close", OneDisk, Done, "normal", True)
"""The node is secondary for the disk from now on."""

BLOCKDEV_PAUSE: Final = Call("blockdev_pause_resume_sync", DiskSwitch, Done, "normal", True)
BLOCKDEV_REMOVECHILDREN: Final = Call("blockdev_removechildren", OneDisk, Done, "normal", True)
BLOCKDEV_ADDCHILDREN: Final = Call("blockdev_addchildren", OneDisk, Done, "normal")
DRBD_DISCONNECT: Final = Call("drbd_disconnect_net", OneDisk, Done, "normal", True)
DRBD_TWO_PRIMARIES: Final = Call("drbd_attach_net", DiskSwitch, Done, "normal", True)
LV_LIST: Final = Call("lv_list", VolumeQuery, Volumes, "urgent", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    MIRROR_STATUS,
    BLOCKDEV_RENAME,
    BLOCKDEV_SNAPSHOT,
    BLOCKDEV_WIPE,
    BLOCKDEV_CONVERT,
    BLOCKDEV_RESIZE,
    BLOCKDEV_CLOSE,
    BLOCKDEV_PAUSE,
    BLOCKDEV_REMOVECHILDREN,
    BLOCKDEV_ADDCHILDREN,
    DRBD_DISCONNECT,
    DRBD_TWO_PRIMARIES,
    LV_LIST,
)
