"""Which driver serves which disk type.

``diskless`` has no disks, so there is nothing that a driver could serve; `driver` says so.
"""

from collections.abc import Mapping
from typing import Final

import attrs

from ganetix import errors
from ganetix.process.command import ProcessRunner
from ganetix.storage.blockdev_disk import GivenDisks
from ganetix.storage.drbd import DrbdDisks
from ganetix.storage.file_disk import FileDisks
from ganetix.storage.file_paths import AllowedPaths
from ganetix.storage.interface import IBlockDevice
from ganetix.storage.lvm import Lvm
from ganetix.storage.plain import PlainDisks
from ganetix.storage.programs import Programs
from ganetix.toolkit.interfaces import IFileSystem, IWorker

FILE_TYPES: Final = ("file", "sharedfile")
_UDEV: Final = "/run/udev/control"


@attrs.frozen
class Drivers:
    """A driver for every disk type that this node serves; *mirrors* can do more."""

    by_type: Mapping[str, IBlockDevice]
    mirrors: DrbdDisks
    volumes: Lvm
    programs: Programs


def drivers(
    files: IFileSystem, worker: IWorker, allowed: AllowedPaths, runner: ProcessRunner
) -> Drivers:
    """Return the drivers of this node."""
    # Where no udev answers, LVM makes the device nodes itself.
    env = {} if files.exists(_UDEV) else {"DM_DISABLE_UDEV": "1"}
    programs = Programs(runner, env)
    lvm = Lvm(programs)
    plain = PlainDisks(lvm)
    mirrors = DrbdDisks(allowed.paths.hostname, plain, programs, files, worker)
    by_type: dict[str, IBlockDevice] = {
        name: FileDisks(name, files, worker, allowed) for name in FILE_TYPES
    }
    given = GivenDisks(programs, files, worker)
    for one in (plain, mirrors, given):
        by_type[one.dev_type] = one
    return Drivers(by_type, mirrors, lvm, programs)


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
