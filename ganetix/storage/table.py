"""Which driver serves which disk type.

``diskless`` has no disks, so there is nothing that a driver could serve; `driver` says so.
"""

from collections.abc import Mapping
from typing import Final

from ganetix import errors
from ganetix.storage.file_disk import FileDisks
from ganetix.storage.file_paths import AllowedPaths
from ganetix.storage.interface import IBlockDevice
from ganetix.toolkit.interfaces import IFileSystem, IWorker

FILE_TYPES: Final = ("file", "sharedfile")


def drivers(files: IFileSystem, worker: IWorker, allowed: AllowedPaths) -> dict[str, IBlockDevice]:
    """Return a driver for every disk type that this node serves."""
    return {name: FileDisks(name, files, worker, allowed) for name in FILE_TYPES}


def driver(made: Mapping[str, IBlockDevice], dev_type: str) -> IBlockDevice:
    """Return the driver for disks of *dev_type*; raise `errors.BlockDeviceError` without one."""
    found = made.get(dev_type)
    if found is not None:
        return found
    if dev_type == "diskless":
        raise errors.BlockDeviceError("A diskless instance has no disks that could be made.")
    known = ", ".join(sorted(made))
    raise errors.BlockDeviceError(
        f"Disks of type '{dev_type}' are not supported by this node; it has: {known}."
    )
