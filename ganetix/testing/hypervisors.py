"""What every hypervisor driver promises, as one set of tests."""

import zlib
from collections.abc import Callable

import attrs
from twisted.trial.unittest import SkipTest, SynchronousTestCase
from zope.interface.verify import verifyObject

from ganetix.errors import HypervisorError
from ganetix.hypervisor.interface import Guest, GuestDisk, IHypervisor
from ganetix.model import schema
from ganetix.model.hypervisors import KVM
from ganetix.testing.cases import AwaitingTestCase


def guest(name: str = "vm1.example.com", memory: int = 128) -> Guest:
    """Return a guest that any driver can start; *memory* in MiB."""
    uuid = f"{zlib.crc32(name.encode()):08x}-0000-4000-8000-000000000000"
    hvparams = {**schema.defaults(KVM), "kernel_path": ""}
    return Guest(name, uuid, memory, 1, hvparams)


@attrs.frozen
class HypervisorFixture:
    """Drivers to test: *source* and *target* on two nodes that migrate to each other.

    *apart* says why they can't migrate, where they can't; *fixed_devices*, why a running guest
    can't be given a disk.
    """

    source: IHypervisor
    target: IHypervisor
    apart: str = ""
    fixed_devices: str = ""


class HypervisorPromises(AwaitingTestCase):
    """The driver keeps `IHypervisor`."""

    fixture: Callable[[SynchronousTestCase], HypervisorFixture]

    def setUp(self) -> None:
        """Make two drivers."""
        made = type(self).fixture(self)
        self.source, self.target, self.apart = made.source, made.target, made.apart
        self.fixed_devices = made.fixed_devices

    def states(self, driver: IHypervisor) -> list[tuple[str, str]]:
        """Return name and state of the guests that *driver* has."""
        found = self.awaited(driver.all_domains())
        return [(state.name, state.state) for state in found]

    def test_interface(self) -> None:
        """The driver has every method of the interface."""
        self.assertTrue(verifyObject(IHypervisor, self.source))

    def test_create(self) -> None:
        """A created guest runs with its memory, and is in the list."""
        self.awaited(self.source.create(guest(), False))
        state = self.awaited(self.source.lookup("vm1.example.com"))
        self.assertIsNotNone(state)
        self.assertEqual((state and state.memory, state and state.vcpus), (128, 1))
        self.assertEqual(self.states(self.source), [("vm1.example.com", "running")])

    def test_create_paused(self) -> None:
        """A guest can be started without running yet."""
        self.awaited(self.source.create(guest(), True))
        self.assertEqual(self.states(self.source), [("vm1.example.com", "paused")])

    def test_resume(self) -> None:
        """A paused guest is let run; one that runs, or is not there, is left alone."""
        self.awaited(self.source.create(guest(), True))
        for _ in range(2):
            self.awaited(self.source.resume("vm1.example.com"))
            self.assertEqual(self.states(self.source), [("vm1.example.com", "running")])
        self.awaited(self.source.resume("vm2.example.com"))

    def test_create_twice(self) -> None:
        """A guest that runs is not started again, in words that name it."""
        self.awaited(self.source.create(guest(), False))
        error = self.refusal(self.source.create(guest(), False), HypervisorError)
        self.assertIn("vm1.example.com", error.message)

    def test_destroy(self) -> None:
        """A destroyed guest is gone at once; destroying it again is fine."""
        self.awaited(self.source.create(guest(), False))
        self.awaited(self.source.destroy("vm1.example.com"))
        self.awaited(self.source.destroy("vm1.example.com"))
        self.assertEqual(self.states(self.source), [])

    def test_shutdown_of_nothing(self) -> None:
        """Asking a guest that is not there to shut down is fine."""
        self.awaited(self.source.shutdown("vm1.example.com"))

    def test_reboot(self) -> None:
        """A rebooted guest runs; one that is not there is refused by name."""
        error = self.refusal(self.source.reboot(guest()), HypervisorError)
        self.assertIn("vm1.example.com", error.message)
        self.awaited(self.source.create(guest(), False))
        self.awaited(self.source.reboot(guest()))
        self.assertEqual(self.states(self.source), [("vm1.example.com", "running")])

    def test_balloon(self) -> None:
        """A running guest gets other memory; one that is not there is refused by name."""
        error = self.refusal(self.source.balloon("vm1.example.com", 16), HypervisorError)
        self.assertIn("vm1.example.com", error.message)
        self.awaited(self.source.create(guest(memory=32), False))
        self.awaited(self.source.balloon("vm1.example.com", 16))
        [found] = self.awaited(self.source.all_domains())
        self.assertEqual((found.memory, found.state), (16, "running"))

    def require_neighbours(self) -> None:
        """Skip the test where the two nodes can't migrate guests to each other."""
        if self.apart:
            raise SkipTest(self.apart)

    def test_migrate(self) -> None:
        """A migrated guest runs on the target alone, and never on both."""
        self.require_neighbours()
        self.awaited(self.source.create(guest(), False))
        self.awaited(self.target.accept(guest(), "192.0.2.1"))
        self.assertEqual(self.states(self.target), [])
        self.awaited(self.source.migrate(guest(), "192.0.2.2", True))
        self.awaited(self.target.finish_incoming(guest(), True))
        self.awaited(self.source.finish_outgoing(guest(), True))
        self.assertEqual(self.states(self.source), [])
        self.assertEqual(self.states(self.target), [("vm1.example.com", "running")])

    def test_migration_taken_back(self) -> None:
        """After a failed migration the guest runs at the source, and the target has nothing."""
        self.require_neighbours()
        self.awaited(self.source.create(guest(), False))
        self.awaited(self.target.accept(guest(), "192.0.2.1"))
        self.awaited(self.target.finish_incoming(guest(), False))
        self.awaited(self.source.finish_outgoing(guest(), False))
        self.assertEqual(self.states(self.source), [("vm1.example.com", "running")])
        self.assertEqual(self.states(self.target), [])

    def test_accept_running(self) -> None:
        """A node on which the guest runs does not receive it once more."""
        self.awaited(self.target.create(guest(), False))
        error = self.refusal(self.target.accept(guest(), "192.0.2.1"), HypervisorError)
        self.assertIn("vm1.example.com", error.message)

    def test_figures(self) -> None:
        """A guest's memory is missing from the free memory, which the fixture keeps still."""
        before = self.awaited(self.source.figures())
        self.awaited(self.source.create(guest(memory=32), False))
        after = self.awaited(self.source.figures())
        self.assertGreater(before.memory_total, before.memory_free)
        self.assertGreaterEqual(before.cpu_total, 1)
        self.assertEqual(after.memory_free, before.memory_free - 32)

    def test_devices(self) -> None:
        """A running guest takes a disk and lets it go; one that does not run has none to take."""
        bigger = attrs.evolve(guest(), disks=(GuestDisk("/srv/disk0", uuid="d0", template="file"),))
        if self.fixed_devices:
            raise SkipTest(self.fixed_devices)
        self.awaited(self.source.create(guest(), False))
        self.awaited(self.source.attach(bigger, "disk", 0))
        self.awaited(self.source.detach(bigger, "disk", 0))

    def test_addresses(self) -> None:
        """A guest without an agent, or one that is not there, says nothing of its addresses."""
        self.awaited(self.source.create(guest(), False))
        for name in ("vm1.example.com", "vm2.example.com"):
            self.assertEqual(self.awaited(self.source.addresses(name)), {})

    def test_verify(self) -> None:
        """A working hypervisor has nothing to complain of, and says in a sentence what it is."""
        self.assertEqual(self.awaited(self.source.verify()), "")
        self.assertRegex(self.awaited(self.source.describe()), r"^[A-Z].+\.$")


def make_hypervisor_tests(
    fixture: Callable[[SynchronousTestCase], HypervisorFixture],
) -> type[SynchronousTestCase]:
    """Return the tests of `IHypervisor` for what *fixture* makes."""
    return type("HypervisorTests", (HypervisorPromises,), {"fixture": staticmethod(fixture)})
