"""What every block device driver promises, as one set of tests."""

from collections.abc import Callable

import attrs
import msgspec
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from ganetix.errors import BlockDeviceError
from ganetix.model.objects import Disk
from ganetix.storage.interface import IBlockDevice
from ganetix.testing.cases import AwaitingTestCase


@attrs.frozen
class BlockDeviceFixture:
    """A driver to test, a *disk* of 4 MiB that it can make, and a storage *unit* for `space`."""

    driver: IBlockDevice
    disk: Disk
    unit: str


class BlockDevicePromises(AwaitingTestCase):
    """The driver keeps `IBlockDevice`."""

    fixture: Callable[[SynchronousTestCase], BlockDeviceFixture]

    def setUp(self) -> None:
        """Make a driver and a disk."""
        made = type(self).fixture(self)
        self.driver, self.disk, self.unit = made.driver, made.disk, made.unit

    def size(self) -> int | None:
        """Return the disk's real size, MiB; None when it is not there."""
        found = self.awaited(self.driver.find(self.disk))
        return None if found is None else found.size

    def test_interface(self) -> None:
        """The driver has every method of the interface."""
        self.assertTrue(verifyObject(IBlockDevice, self.driver))

    def test_create(self) -> None:
        """A disk is there with its size once it is created, and was not before."""
        self.assertIsNone(self.size())
        self.awaited(self.driver.create(self.disk))
        self.assertEqual(self.size(), 4)

    def test_create_twice(self) -> None:
        """What is in the place of a new disk is never overwritten."""
        self.awaited(self.driver.create(self.disk))
        error = self.refusal(self.driver.create(self.disk), BlockDeviceError)
        self.assertIn("already exists", error.message)
        self.assertEqual(self.size(), 4)

    def test_remove(self) -> None:
        """A removed disk is gone; removing it again is fine."""
        self.awaited(self.driver.create(self.disk))
        self.awaited(self.driver.remove(self.disk))
        self.awaited(self.driver.remove(self.disk))
        self.assertIsNone(self.size())

    def test_assemble(self) -> None:
        """An assembled disk has the path where it is found; a missing one is refused."""
        self.refusal(self.driver.assemble(self.disk, True), BlockDeviceError)
        self.awaited(self.driver.create(self.disk))
        ready = self.awaited(self.driver.assemble(self.disk, True))
        self.assertEqual(ready, self.awaited(self.driver.find(self.disk)))
        self.awaited(self.driver.shutdown(self.disk))
        self.awaited(self.driver.shutdown(self.disk))

    def test_grow(self) -> None:
        """A disk grows by the amount, once, however often it is asked; a trial does nothing."""
        self.awaited(self.driver.create(self.disk))
        self.awaited(self.driver.grow(self.disk, 2, True))
        self.assertEqual(self.size(), 4)
        self.awaited(self.driver.grow(self.disk, 2, False))
        self.awaited(self.driver.grow(self.disk, 2, False))
        self.assertEqual(self.size(), 6)

    def test_grow_missing(self) -> None:
        """A disk that is not there can't grow, also not for a trial."""
        self.refusal(self.driver.grow(self.disk, 2, True), BlockDeviceError)

    def test_shrink(self) -> None:
        """A disk never gets smaller."""
        self.awaited(self.driver.create(self.disk))
        self.refusal(self.driver.grow(self.disk, -2, False), BlockDeviceError)
        self.assertEqual(self.size(), 4)

    def test_rename(self) -> None:
        """A disk that is renamed is in its new place alone; asking again changes nothing."""
        self.awaited(self.driver.create(self.disk))
        new = _moved(self.disk)
        self.awaited(self.driver.rename(self.disk, new))
        self.awaited(self.driver.rename(self.disk, new))
        self.assertIsNone(self.size())
        self.disk = new
        self.assertEqual(self.size(), 4)

    def test_rename_over(self) -> None:
        """A disk never takes the place of another one."""
        other = _moved(self.disk)
        for one in (self.disk, other):
            self.awaited(self.driver.create(one))
        self.refusal(self.driver.rename(self.disk, other), BlockDeviceError)
        self.assertEqual(self.size(), 4)

    def test_sync(self) -> None:
        """A disk without a mirror has none to tell of."""
        self.awaited(self.driver.create(self.disk))
        self.assertIsNone(self.awaited(self.driver.sync(self.disk)))

    def test_space(self) -> None:
        """A storage unit has room, and not more free than it has in all."""
        space = self.awaited(self.driver.space(self.unit))
        self.assertGreater(space.free, 0)
        self.assertGreaterEqual(space.total, space.free)


def _moved(disk: Disk) -> Disk:
    """Return *disk* in a place beside its own."""
    head, place = disk.logical_id
    return msgspec.structs.replace(disk, logical_id=[head, f"{place}.new"])


def make_block_device_tests(
    fixture: Callable[[SynchronousTestCase], BlockDeviceFixture],
) -> type[SynchronousTestCase]:
    """Return the tests of `IBlockDevice` for what *fixture* makes."""
    return type("BlockDeviceTests", (BlockDevicePromises,), {"fixture": staticmethod(fixture)})
