"""Calls about images of disks that are files of a node."""

from typing import Any, Final

import msgspec

from ganetix.model.objects import Disk
from ganetix.rpc.call import Call, Done


class FileQuery(msgspec.Struct, frozen=True):
    """Asks for the file *path* (as the configuration has it)."""

    path: str


class FileFound(msgspec.Struct, frozen=True):
    """The *size* of a file in bytes, None where there is no such file."""

    size: int | None


class DiskImage(msgspec.Struct, frozen=True):
    """Copy the file *image* onto *disk* from its beginning."""

    disk: Disk
    image: str


GET_FILE_INFO: Final = Call("get_file_info", FileQuery, FileFound, "fast", True)
BLOCKDEV_IMAGE: Final = Call("blockdev_image", DiskImage, Done, "slow", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    GET_FILE_INFO,
    BLOCKDEV_IMAGE,
)
