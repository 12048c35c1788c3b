"""Images of disks that are files of a node: how large they are, and onto a disk with them."""

from typing import Final

from ganetix import errors
from ganetix.master.logic.disk_records import sent
from ganetix.master.logic.unit import Context
from ganetix.model.objects import Disk
from ganetix.rpc.tables.images import (
    BLOCKDEV_IMAGE,
    GET_FILE_INFO,
    DiskImage,
    FileFound,
    FileQuery,
)

_MIB: Final = 1024 * 1024


async def size_of(context: Context, node: str, image: str, whose: str) -> int:
    """Return the size of file *image* of *node* in MiB, rounded up.

    Raise `errors.OpPrereqError`, saying *whose* image it is, if it is not there or empty.
    """
    found: FileFound = await context.call(node, GET_FILE_INFO, FileQuery(image))
    if not found.size:
        name = context.cluster.nodes[node].name
        why = "is empty" if found.size == 0 else "is not there"
        raise errors.OpPrereqError(
            f"The image of {whose}, {image}, {why} on node {name}; "
            "'gnt-cluster copyfile' copies it to all nodes.",
            errors.ENVIRON,
        )
    return -(-found.size // _MIB)


async def write(context: Context, node: str, image: str, disk: Disk) -> None:
    """Copy file *image* of *node* onto *disk*, which is assembled there and not smaller."""
    await context.call(node, BLOCKDEV_IMAGE, DiskImage(sent(context.cluster, disk), image))
