"""Block devices that are there already."""

from typing import Final

from twisted.internet.task import Clock as FakeReactor

from ganetix.errors import BlockDeviceError
from ganetix.model.objects import Disk
from ganetix.process.command import Command, Result
from ganetix.storage.blockdev_disk import GivenDisks
from ganetix.storage.interface import Found
from ganetix.storage.programs import Programs
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.processes import FakeRunner, Program
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock

DISK: Final = Disk("uuid", "blockdev", ["manual", "/dev/sdb"], 4, "disk/0")


def saying(text: bytes) -> Program:
    """Return a program that ends well and says *text*."""

    async def program(command: Command) -> Result:
        return Result(command, 0, text)

    return program


class GivenTests(AwaitingTestCase):
    """A machine with the device /dev/sdb of 2 GiB."""

    def setUp(self) -> None:
        """Nobody uses it."""
        self.files = FakeFileSystem(lambda: 0.5)
        self.files.make_dirs("/dev", 0o755)
        self.files.replace("/dev/sdb", b"", 0o600, False)
        self.runner = FakeRunner(Clock(FakeReactor(), lambda: 0.0))
        self.runner.programs["/usr/sbin/blockdev"] = saying(b"2147483648\n")
        self.lists(b"disk \n")
        self.driver = GivenDisks(Programs(self.runner), self.files, InlineWorker())

    def lists(self, text: bytes) -> None:
        """Let lsblk say *text*."""
        self.runner.programs["/usr/bin/lsblk"] = saying(text)

    def found(self) -> Found | None:
        """Return what the driver finds."""
        found: Found | None = self.awaited(self.driver.find(DISK))
        return found

    def test_free(self) -> None:
        """A device without anything on it, or with bare partitions, is free."""
        self.assertEqual(self.found(), Found("/dev/sdb", 2048, False))
        self.lists(b"disk \npart \npart \n")
        self.assertEqual(self.found(), Found("/dev/sdb", 2048, False))

    def test_in_use(self) -> None:
        """One that is mounted, swapped to, or below LVM or a RAID is not."""
        for text in (b"disk /srv\n", b"disk \npart [SWAP]\n", b"disk \nlvm \n",
                     b"disk \npart \nraid1 \n"):  # fmt: skip
            self.lists(text)
            self.assertEqual(self.found(), Found("/dev/sdb", 2048, True))

    def test_not_there(self) -> None:
        """A device that is not there is not found, and can't be assembled."""
        self.files.remove("/dev/sdb")
        self.assertIsNone(self.found())
        self.assertIn("not on this node", self.refusal(self.driver.assemble(DISK, True),
                                                       BlockDeviceError).message)  # fmt: skip
