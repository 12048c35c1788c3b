"""What a block device driver does with one disk. Sizes are MiB."""

from collections.abc import Awaitable

import attrs
from zope.interface import Attribute, Interface

from ganetix.model.objects import Disk


@attrs.frozen
class Found:
    """A disk that is on this node: its local *path* and its *size* in MiB.

    *in_use*: something else on the node has it, such as a mounted file system.
    """

    path: str
    size: int
    in_use: bool = False


@attrs.frozen
class Space:
    """Room in a storage unit, MiB."""

    free: int
    total: int


@attrs.frozen
class Sync:
    """How a mirrored disk is: *percent* and *seconds* (left) are known while it syncs.

    *degraded*: there are not two good copies. *local* is this node's copy as the reference counts
    it: ``ok``, ``syncing``, ``unknown`` or ``faulty``.
    """

    degraded: bool
    local: str
    percent: float | None = None
    seconds: int | None = None


class IBlockDevice(Interface):
    """The disks of one type on this node.

    Refusals and failures are `errors.BlockDeviceError` (or `errors.FileStoragePathError`)
    sentences that name the disk's place.
    """

    dev_type: str = Attribute("The ``dev_type`` of the disks that it serves.")

    def create(disk: Disk) -> Awaitable[None]:
        """Make the disk; refuse if something is in its place. Only a file is all zeros."""

    def remove(disk: Disk) -> Awaitable[None]:
        """Remove the disk; nothing if it is not there."""

    def assemble(disk: Disk, primary: bool, fresh: bool = False) -> Awaitable[Found]:
        """Make the disk usable by the node that runs the instance; raise if it is not there.

        Not *primary*: ready to be mirrored to. *fresh*: the disk was just made, and what is on this
        node counts, whatever that is.
        """

    def shutdown(disk: Disk) -> Awaitable[None]:
        """Undo `assemble`; nothing if it was not assembled."""

    def find(disk: Disk) -> Awaitable[Found | None]:
        """Return where the disk is and its real size, None if it is not there."""

    def grow(disk: Disk, amount: int, dry_run: bool) -> Awaitable[None]:
        """Make the disk *amount* MiB larger than ``disk.size``; with *dry_run* only check.

        Growing again to the same size changes nothing.
        """

    def rename(disk: Disk, new: Disk) -> Awaitable[None]:
        """Move *disk* to the place of *new*; nothing if it is there already."""

    def snapshot(disk: Disk, name: str) -> Awaitable[Disk]:
        """Keep what is on the disk now as *name*, and return that as a disk of its own."""

    def sync(disk: Disk) -> Awaitable[Sync | None]:
        """Return how the disk's mirror is, None for a disk without one."""

    def space(unit: str) -> Awaitable[Space]:
        """Return the room in storage unit *unit* (a directory, a volume group)."""
