"""Calls that make, assemble and remove disks, and the directories that they are in."""

from typing import Any, Final

import msgspec

from ganetix.model.objects import Disk
from ganetix.rpc.call import Call, Done


class DiskRequest(msgspec.Struct, frozen=True):
    """One disk of *owner* (instance name).

    *fresh*: it was just made; what is on this node counts, whatever that is.
    """

    disk: Disk
    owner: str
    primary: bool = True
    fresh: bool = False


class DiskResize(msgspec.Struct, frozen=True):
    """Grow *disk* by *amount* MiB; *dry_run* only checks."""

    disk: Disk
    owner: str
    amount: int
    dry_run: bool


class DiskInfo(msgspec.Struct, frozen=True):
    """Where a disk is on the node, None if it is not there; size in MiB.

    *in_use*: something else on the node has it.
    """

    path: str | None
    size: int | None = None
    in_use: bool = False


class DirRequest(msgspec.Struct, frozen=True):
    """A file storage directory (virtual path)."""

    path: str


class DirRename(msgspec.Struct, frozen=True):
    """Rename a file storage directory (virtual paths)."""

    old: str
    new: str


BLOCKDEV_CREATE: Final = Call("blockdev_create", DiskRequest, Done, "normal")
BLOCKDEV_REMOVE: Final = Call("blockdev_remove", DiskRequest, Done, "normal", True)
BLOCKDEV_ASSEMBLE: Final = Call("blockdev_assemble", DiskRequest, DiskInfo, "normal", True)
BLOCKDEV_SHUTDOWN: Final = Call("blockdev_shutdown", DiskRequest, Done, "normal", True)
BLOCKDEV_FIND: Final = Call("blockdev_find", DiskRequest, DiskInfo, "normal", True)
BLOCKDEV_GROW: Final = Call("blockdev_grow", DiskResize, Done, "normal")
FILE_STORAGE_DIR_CREATE: Final = Call("file_storage_dir_create", DirRequest, Done, "fast", True)
FILE_STORAGE_DIR_REMOVE: Final = Call("file_storage_dir_remove", DirRequest, Done, "fast", True)
FILE_STORAGE_DIR_RENAME: Final = Call("file_storage_dir_rename", DirRename, Done, "fast")

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    BLOCKDEV_CREATE,
    BLOCKDEV_REMOVE,
    BLOCKDEV_ASSEMBLE,
    BLOCKDEV_SHUTDOWN,
    BLOCKDEV_FIND,
    BLOCKDEV_GROW,
    FILE_STORAGE_DIR_CREATE,
    FILE_STORAGE_DIR_REMOVE,
    FILE_STORAGE_DIR_RENAME,
)
