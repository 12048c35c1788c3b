"""The libvirt drivers on libvirt's own test driver: its daemon's words without a daemon."""

import os
import unittest

from twisted.internet.task import Clock as FakeTime
from twisted.trial.unittest import SynchronousTestCase

from ganetix.errors import HypervisorError
from ganetix.hypervisor import host
from ganetix.hypervisor.libvirt import library
from ganetix.hypervisor.libvirt.driver import LibvirtHypervisor
from ganetix.hypervisor.libvirt.migration import Migrations
from ganetix.hypervisor.libvirt.threads import EventLoop
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.hypervisors import HypervisorFixture, guest, make_hypervisor_tests
from ganetix.testing.libvirts import OneConnection, TestKind, deliver, inline_threads
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem


class KnownMachine(FileSystem):
    """Real files on a machine with 4096 MiB, 3072 of them free."""

    def read(self, path: str) -> bytes:
        """Return what is there, or what the kernel of such a machine says."""
        if path == host.MEMINFO:
            return b"MemTotal: 4194304 kB\nMemFree: 3145728 kB\nBuffers: 0 kB\nCached: 0 kB\n"
        return super().read(path)


def driver(case: SynchronousTestCase, name: str, time: FakeTime) -> LibvirtHypervisor:
    """Return a driver on a machine of libvirt's test driver that nobody else sees."""
    if library.library is None:
        raise unittest.SkipTest("libvirt-python is not installed here")
    path = os.path.abspath(case.mktemp())
    with open(path, "w", encoding="utf-8") as file:
        file.write("<node/>")
    threads = inline_threads()
    link = OneConnection(f"test://{path}", Clock(time, lambda: 0.0), threads, EventLoop(threads))
    return LibvirtHypervisor(
        TestKind(), name, link, KnownMachine(), InlineWorker(), Migrations(link, None)
    )


def machines(case: SynchronousTestCase) -> HypervisorFixture:
    """Return drivers on two machines."""
    return HypervisorFixture(
        driver(case, "node1.example.com", FakeTime()),
        driver(case, "node2.example.com", FakeTime()),
        "libvirt's test driver does not migrate; the lab does",
        "libvirt's test driver plugs no disks; the lab does",
    )


class LibvirtHypervisorTests(make_hypervisor_tests(machines)):  # type: ignore[misc]  # made by a function
    """Two machines of the test driver."""


class LibvirtTests(AwaitingTestCase):
    """What is peculiar to guests through libvirt."""

    def setUp(self) -> None:
        """Make a driver that counts what it is told."""
        self.time = FakeTime()
        self.driver = driver(self, "node1.example.com", self.time)
        self.changes: list[int] = []
        self.assertTrue(self.driver.listen(lambda: self.changes.append(1)))

    def state(self) -> str | None:
        """Return the state of the guest, None when it is not there."""
        found = self.awaited(self.driver.lookup("vm1.example.com"))
        return None if found is None else found.state

    def test_events(self) -> None:
        """A guest that stops is told of as soon as libvirt's events are read."""
        self.awaited(self.driver.create(guest(), False))
        deliver()
        self.changes.clear()
        self.awaited(self.driver.shutdown("vm1.example.com"))
        self.assertEqual(self.changes, [])
        deliver()
        self.assertEqual(self.changes, [1])

    def test_guest_that_shut_itself_down(self) -> None:
        """It is known as such until it is cleaned up, and can be started again at once."""
        self.awaited(self.driver.create(guest(), False))
        self.awaited(self.driver.shutdown("vm1.example.com"))
        self.assertEqual(self.state(), "shutdown")
        self.awaited(self.driver.create(guest(), False))
        self.assertEqual(self.state(), "running")
        self.awaited(self.driver.shutdown("vm1.example.com"))
        self.awaited(self.driver.destroy("vm1.example.com"))
        self.assertIsNone(self.state())

    def test_no_definition_stays(self) -> None:
        """A guest that was stopped leaves nothing in libvirt."""
        self.awaited(self.driver.create(guest(), False))
        self.awaited(self.driver.destroy("vm1.example.com"))
        known = self.awaited(self.driver.link.run(lambda connection: connection.listAllDomains()))
        self.assertEqual(known, [])

    def test_bad_guest(self) -> None:
        """What libvirt refuses is said with the guest's and the node's name and libvirt's words."""
        error = self.refusal(self.driver.create(guest("vm/1"), False), HypervisorError)
        self.assertRegex(error.message, "^Instance vm/1 does not start on node1.example.com: ")
        self.assertEqual(self.awaited(self.driver.all_domains()), [])

    def test_unreachable(self) -> None:
        """Without a daemon every call says so, and so does the node; it tries again and again."""
        threads = inline_threads()
        clock = Clock(self.time, lambda: 0.0)
        path = os.path.abspath(self.mktemp())
        link = OneConnection(f"test://{path}", clock, threads, EventLoop(threads))
        lost = LibvirtHypervisor(
            TestKind(), "node1", link, KnownMachine(), InlineWorker(), Migrations(link, None)
        )
        lost.listen(lambda: self.changes.append(1))
        error = self.refusal(lost.all_domains(), HypervisorError)
        self.assertIn(f"libvirt at test://{path} can't be reached", error.message)
        self.assertIn("can't be reached", self.awaited(lost.describe()))
        self.assertIn("can't be reached", self.awaited(lost.verify()))
        with open(path, "w", encoding="utf-8") as file:
            file.write("<node/>")
        self.changes.clear()
        for seconds in (0.5, 1, 2):
            self.time.advance(seconds)
        self.assertEqual(self.changes, [1])
        self.assertEqual(self.awaited(lost.verify()), "")

    def test_migration_needs_a_way(self) -> None:
        """Where nodes have no way to each other, a migration is refused before anything is done."""
        self.awaited(self.driver.create(guest(), False))
        error = self.refusal(self.driver.migrate(guest(), "192.0.2.2", True), HypervisorError)
        self.assertIn("can't be migrated", error.message)
        self.assertEqual(self.state(), "running")
