"""Images of disks that are files of a node."""

from collections.abc import Awaitable

from ganetix import errors
from ganetix.rpc.call import Done
from ganetix.rpc.tables.blockdev import DiskRequest
from ganetix.rpc.tables.images import DiskImage, FileQuery
from ganetix.testing.cases import AwaitingTestCase
from ganetix_test.node.made import CONTEXT, disk, ending, make

IMAGE = "/srv/zero.img"


class ImageTests(AwaitingTestCase):
    """A node with a file disk and an image, below its own root."""

    def setUp(self) -> None:
        """Make them."""
        self.node = make(self)
        self.images = self.node.services.images
        self.node.write(self.node.paths.at(IMAGE), "x" * 1000)

    def write(self, status: int) -> Awaitable[Done]:
        """Write the image onto the disk, by a program that ends with *status*."""
        self.node.processes.programs["/usr/bin/dd"] = ending(status)
        return self.images.write(DiskImage(disk(), IMAGE), CONTEXT)

    def test_size(self) -> None:
        """A file has a size in bytes; what is no file has none."""
        for path, size in ((IMAGE, 1000), ("/srv", None), ("/srv/other.img", None)):
            found = self.awaited(self.images.info(FileQuery(path), CONTEXT))
            self.assertEqual(found.size, size, path)

    def test_write(self) -> None:
        """The image is copied over the disk's beginning, and is on the disk when that is done."""
        self.awaited(self.node.services.disks.create(DiskRequest(disk(), "vm1"), CONTEXT))
        self.awaited(self.write(0))
        [ran] = self.node.processes.ran
        self.assertIn(f"if={self.node.paths.at(IMAGE)}", ran.argv)
        self.assertTrue(any(word.endswith("disk0") for word in ran.argv), ran.argv)
        self.assertIn("conv=notrunc,fsync", ran.argv)

    def test_fails(self) -> None:
        """A copy that breaks off, and a disk that is not there, are told."""
        told = self.refusal(self.write(0), errors.BlockDeviceError)
        self.assertIn("not on this node", told.message)
        self.awaited(self.node.services.disks.create(DiskRequest(disk(), "vm1"), CONTEXT))
        self.assertIn(IMAGE, self.refusal(self.write(1), errors.BlockDeviceError).message)
