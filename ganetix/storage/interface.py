"""What a block device driver does with one disk. Sizes are MiB."""

from collections.abc import Awaitable

import attrs
from zope.interface import Attribute, Interface

from ganetix.model.objects import Disk


@attrs.frozen
class Found:
    """A disk that is on this node: its local *path* and its *size* in MiB."""

    path: str
    size: int


@attrs.frozen
class Space:
    """Room in a storage unit, MiB."""

    free: int
    total: int


class IBlockDevice(Interface):
    """The disks of one type on this node.

    Refusals and failures are `errors.BlockDeviceError` (or `errors.FileStoragePathError`)
    sentences that name the disk's place.
    """

    dev_type: str = Attribute("The ``dev_type`` of the disks that it serves.")

    def create(disk: Disk) -> Awaitable[None]:
        """Make the disk, all zeros; refuse if something is in its place."""

    def remove(disk: Disk) -> Awaitable[None]:
        """Remove the disk; nothing if it is not there."""

    def assemble(disk: Disk, primary: bool) -> Awaitable[Found]:
        """Make the disk usable by the node that runs the instance; raise if it is not there."""

    def shutdown(disk: Disk) -> Awaitable[None]:
        """Undo `assemble`; nothing if it was not assembled."""

    def find(disk: Disk) -> Awaitable[Found | None]:
        """Return where the disk is and its real size, None if it is not there."""

    def grow(disk: Disk, amount: int, dry_run: bool) -> Awaitable[None]:
        """Make the disk *amount* MiB larger than ``disk.size``; with *dry_run* only check.

        Growing again to the same size changes nothing.
        """

    def space(unit: str) -> Awaitable[Space]:
        """Return the room in storage unit *unit* (a directory, a volume group)."""
