"""The fake hypervisor: a file for each guest, which anybody may remove."""

import os

from twisted.internet.task import Clock as FakeTime
from twisted.trial.unittest import SynchronousTestCase

from ganetix.errors import HypervisorError
from ganetix.hypervisor import host, table
from ganetix.hypervisor.fake import FakeHypervisor
from ganetix.hypervisor.interface import IHypervisor
from ganetix.paths import Paths
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.hypervisors import HypervisorFixture, guest, make_hypervisor_tests
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem

NOW = 1_700_000_000.0


class KnownMachine(FileSystem):
    """Real files on a machine whose memory nobody else uses: 4096 MiB, 3072 of them free."""

    def read(self, path: str) -> bytes:
        """Return what is there, or what the kernel of such a machine says."""
        if path == host.MEMINFO:
            return b"MemTotal: 4194304 kB\nMemFree: 3145728 kB\nBuffers: 0 kB\nCached: 0 kB\n"
        return super().read(path)


def fake(case: SynchronousTestCase, name: str) -> FakeHypervisor:
    """Return a fake hypervisor on real files below the test's own directory."""
    root = os.path.abspath(f"{case.mktemp()}/{name}")
    paths = Paths(root, name)
    return FakeHypervisor(paths, KnownMachine(), InlineWorker(), Clock(FakeTime(), lambda: NOW))


def virtual_nodes(case: SynchronousTestCase) -> HypervisorFixture:
    """Return the drivers of two virtual nodes."""
    return HypervisorFixture(fake(case, "node1.example.com"), fake(case, "node2.example.com"))


def from_table(case: SynchronousTestCase) -> HypervisorFixture:
    """Return drivers as a node takes them from the table."""
    made: list[IHypervisor] = []
    for name in ("node1.example.com", "node2.example.com"):
        one = fake(case, name)
        around = table.Surroundings(one.paths, one.files, one.worker, one.clock)
        made.append(table.driver(table.drivers(around), "fake"))
    return HypervisorFixture(made[0], made[1])


class FakeHypervisorTests(make_hypervisor_tests(virtual_nodes)):  # type: ignore[misc]  # made by a function
    """Two nodes of a virtual cluster."""


class TableHypervisorTests(make_hypervisor_tests(from_table)):  # type: ignore[misc]  # made by a function
    """The driver as the table of hypervisors makes it."""


class FileTests(AwaitingTestCase):
    """What the file of a guest means."""

    def setUp(self) -> None:
        """Make a fake hypervisor."""
        self.fake = fake(self, "node1.example.com")

    def write(self, text: str) -> None:
        """Make *text* the file of vm1."""
        os.makedirs(self.fake.directory, exist_ok=True)
        with open(f"{self.fake.directory}/vm1.example.com", "w", encoding="utf-8") as target:
            target.write(text)

    def test_removed_file(self) -> None:
        """Whoever removes the file has stopped the guest."""
        self.awaited(self.fake.create(guest(), False))
        os.remove(f"{self.fake.directory}/vm1.example.com")
        self.assertEqual(self.awaited(self.fake.all_domains()), [])

    def test_uptime(self) -> None:
        """A guest's processor time is that since its start."""
        self.write(f"memory=128\nvcpus=1\nstate=running\nstarted={NOW - 90}\n")
        state = self.awaited(self.fake.lookup("vm1.example.com"))
        self.assertEqual(state and state.cpu_seconds, 90)

    def test_shut_itself_down(self) -> None:
        """A guest that shut itself down is told so, uses no memory, and can be started again."""
        free = self.awaited(self.fake.figures()).memory_total
        self.write(f"memory={free * 2}\nvcpus=1\nstate=shutdown\n")
        state = self.awaited(self.fake.lookup("vm1.example.com"))
        self.assertEqual(state and state.state, "shutdown")
        self.assertGreater(self.awaited(self.fake.figures()).memory_free, 0)
        self.awaited(self.fake.create(guest(), False))
        state = self.awaited(self.fake.lookup("vm1.example.com"))
        self.assertEqual(state and state.state, "running")

    def test_received_guest_takes_memory(self) -> None:
        """A guest that is being received is not there yet, but its memory is taken."""
        total = self.awaited(self.fake.figures()).memory_total
        self.awaited(self.fake.accept(guest(memory=total), "192.0.2.1"))
        self.assertIsNone(self.awaited(self.fake.lookup("vm1.example.com")))
        self.assertEqual(self.awaited(self.fake.figures()).memory_free, 0)

    def test_foreign_file(self) -> None:
        """A file that is not ours is named, with what mends it."""
        for text in ("", "memory=lots\nvcpus=1\n", "memory=1\nvcpus=1\nstate=asleep\n"):
            self.write(text)
            error = self.refusal(self.fake.all_domains(), HypervisorError)
            self.assertIn("vm1.example.com", error.message)
            self.assertIn("gnt-instance start", error.message)


class TableTests(SynchronousTestCase):
    """The names that a node knows."""

    def test_unknown_name(self) -> None:
        """A hypervisor that the node does not have is refused with the ones that it has."""
        error = self.assertRaises(HypervisorError, table.driver, {"fake": object()}, "xen-pvm")
        self.assertIn("xen-pvm", error.message)
        self.assertIn("fake", error.message)
