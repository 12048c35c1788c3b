"""Disks that are logical volumes."""

import msgspec
from twisted.internet.task import Clock as FakeReactor
from twisted.trial.unittest import SynchronousTestCase

from ganetix.errors import BlockDeviceError
from ganetix.model.objects import Disk
from ganetix.storage.lvm import Lvm
from ganetix.storage.plain import PlainDisks
from ganetix.storage.programs import Programs
from ganetix.testing.blockdevs import BlockDeviceFixture, make_block_device_tests
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.lvm_programs import FakeLvm
from ganetix.testing.processes import FakeRunner
from ganetix.toolkit.clock import Clock

DISK = Disk("uuid", "plain", ["xenvg", "uuid.disk0"], 4, "disk/0")


def plain_on(lvm: FakeLvm) -> PlainDisks:
    """Return the driver on a machine with the volumes of *lvm*."""
    runner = FakeRunner(Clock(FakeReactor(), lambda: 0.0), lvm.programs())
    return PlainDisks(Lvm(Programs(runner)))


def fixture(_: SynchronousTestCase) -> BlockDeviceFixture:
    """Return the driver with an empty volume group."""
    return BlockDeviceFixture(plain_on(FakeLvm()), DISK, "xenvg")


class SharedTests(make_block_device_tests(fixture)):  # type: ignore[misc]  # made by a function
    """What every driver promises."""


class PlainTests(AwaitingTestCase):
    """What is LVM's own."""

    def setUp(self) -> None:
        """An empty volume group."""
        self.lvm = FakeLvm()
        self.driver = plain_on(self.lvm)

    def test_missing_group(self) -> None:
        """A volume group that is not there is named, and nothing is made."""
        lost = msgspec.structs.replace(DISK, logical_id=["novg", "uuid.disk0"])
        error = self.refusal(self.driver.create(lost), BlockDeviceError)
        self.assertIn("Volume group novg is not on this node", error.message)
        self.assertEqual(self.lvm.volumes, {})

    def test_bad_name(self) -> None:
        """A name that LVM would refuse is refused before LVM is asked."""
        odd = msgspec.structs.replace(DISK, logical_id=["xenvg", "a b"])
        error = self.refusal(self.driver.create(odd), BlockDeviceError)
        self.assertIn("'a b' can't be a logical volume's name", error.message)

    def test_no_room(self) -> None:
        """A full group is told with what LVM said."""
        big = msgspec.structs.replace(DISK, size=4096)
        error = self.refusal(self.driver.create(big), BlockDeviceError)
        self.assertIn("make logical volume xenvg/uuid.disk0 of 4096 MiB", error.message)
        self.assertIn("insufficient free space", error.message)

    def test_in_use(self) -> None:
        """A volume that is in use stays, and the reason is told."""
        self.awaited(self.driver.create(DISK))
        self.lvm.busy.add(("xenvg", "uuid.disk0"))
        error = self.refusal(self.driver.remove(DISK), BlockDeviceError)
        self.assertIn("in use", error.message)

    def test_activated(self) -> None:
        """After a boot the volume is not active: assembling it makes it so."""
        self.awaited(self.driver.create(DISK))
        self.lvm.inactive.add(("xenvg", "uuid.disk0"))
        self.awaited(self.driver.assemble(DISK, True))
        self.assertEqual(self.lvm.inactive, set())

    def test_snapshot(self) -> None:
        """A snapshot is a disk of its own beside the first."""
        self.awaited(self.driver.create(DISK))
        kept = self.awaited(self.driver.snapshot(DISK, "uuid.snap"))
        self.assertEqual(kept.logical_id, ["xenvg", "uuid.snap"])
        self.assertIn(("xenvg", "uuid.snap"), self.lvm.volumes)

    def test_other_group(self) -> None:
        """A volume can't move to another group by a new name."""
        self.awaited(self.driver.create(DISK))
        other = msgspec.structs.replace(DISK, logical_id=["othervg", "uuid.disk0"])
        error = self.refusal(self.driver.rename(DISK, other), BlockDeviceError)
        self.assertIn("can't change its group", error.message)

    def test_exclusive(self) -> None:
        """With storage of its own a disk takes empty physical volumes, or is refused."""
        self.lvm.physical = 2
        own = msgspec.structs.replace(DISK, params={"exclusive": True}, spindles=2)
        self.awaited(self.driver.create(own))
        error = self.refusal(
            self.driver.create(msgspec.structs.replace(own, logical_id=["xenvg", "other"])),
            BlockDeviceError,
        )
        self.assertIn("has 1 empty physical volumes", error.message)
