"""Migrations through libvirt: what it is asked for, and how they end."""

import unittest
from collections.abc import Callable
from typing import Any, TypeVar

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock as FakeTime

from ganetix.errors import HypervisorError
from ganetix.hypervisor.interface import Guest
from ganetix.hypervisor.libvirt import library, migration
from ganetix.hypervisor.libvirt.link import Link
from ganetix.hypervisor.libvirt.migration import Migrations
from ganetix.hypervisor.libvirt.threads import EventLoop
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.libvirts import inline_threads
from ganetix.toolkit.clock import Clock
from ganetix_test.hypervisor.guests import kvm_guest

T = TypeVar("T")


@attrs.define(eq=False)
class Way:
    """A passage that notes what it is asked for."""

    done: list[tuple[str, Any]] = attrs.field(factory=list)

    async def open(self, port: int) -> None:
        """See `Passage`."""
        self.done.append(("open", port))

    async def close(self, port: int) -> None:
        """See `Passage`."""
        self.done.append(("close", port))

    async def reach(self, address: str, port: int) -> str:
        """See `Passage`."""
        self.done.append(("reach", (address, port)))
        return "/run/socket"

    async def leave(self, socket: str) -> None:
        """See `Passage`."""
        self.done.append(("leave", socket))


class Running:
    """A domain that is being moved."""

    def __init__(self, moving: Deferred[str]) -> None:
        self.moving = moving

    def lookupByName(self, name: str) -> "Running":
        """See libvirt."""
        return self

    def abortJob(self) -> None:
        """See libvirt: the move fails."""
        self.moving.errback(HypervisorError("libvirt says: operation aborted."))

    def migrateStartPostCopy(self) -> None:
        """See libvirt: the move ends soon."""
        self.moving.callback("It runs on the target.")


class MovingLink(Link):
    """A link on which moves take until the test ends them."""

    moving: Any = None

    async def run(self, call: Callable[[Any], T]) -> T:
        """See `Link`."""
        return call(Running(self.moving))

    async def run_aside(self, what: str, call: Callable[[Any], T]) -> T:
        """See `Link`."""
        self.moving = Deferred()
        result: T = await self.moving
        return result


def other(name: str, **hvparams: Any) -> Guest:
    """Return another guest called *name*."""
    return attrs.evolve(kvm_guest(**hvparams), name=name)


class AskedTests(AwaitingTestCase):
    """What libvirt is asked for."""

    def setUp(self) -> None:
        """Only with the library are its numbers known."""
        if library.library is None:
            raise unittest.SkipTest("libvirt-python is not installed here")

    def test_flags(self) -> None:
        """A guest is defined where it runs and nowhere else; capabilities are asked for."""
        lib = library.require()
        flags = migration.flags(kvm_guest(migration_caps="auto-converge:xbzrle"), True)
        for wanted in (
            lib.VIR_MIGRATE_LIVE, lib.VIR_MIGRATE_PERSIST_DEST, lib.VIR_MIGRATE_UNDEFINE_SOURCE,
            lib.VIR_MIGRATE_AUTO_CONVERGE, lib.VIR_MIGRATE_COMPRESSED,
        ):  # fmt: skip
            self.assertTrue(flags & wanted)
        self.assertFalse(migration.flags(kvm_guest(), False) & lib.VIR_MIGRATE_LIVE)

    def test_post_copy(self) -> None:
        """Post-copy begins once, after the first pass; a guest that stands still has none."""
        lib, guest = library.require(), kvm_guest(migration_caps="postcopy-ram")
        self.assertTrue(migration.flags(guest, True) & lib.VIR_MIGRATE_POSTCOPY)
        self.assertFalse(migration.flags(guest, False) & lib.VIR_MIGRATE_POSTCOPY)
        begun: list[int] = []
        for number in (1, 2, 3):
            migration.evt_pass(None, None, number, lambda: begun.append(1))
        self.assertEqual(begun, [1])

    def test_parameters(self) -> None:
        """Memory goes to the parameters' port at the target's address, not faster than allowed."""
        lib = library.require()
        guest = kvm_guest(migration_port=9000, migration_bandwidth=7, migration_caps="xbzrle")
        found = migration.parameters(guest, "2001:db8::2", "<domain />")
        self.assertEqual(found[lib.VIR_MIGRATE_PARAM_DEST_XML], "<domain />")
        self.assertEqual(found[lib.VIR_MIGRATE_PARAM_URI], "tcp://[2001:db8::2]:9000")
        self.assertEqual(found[lib.VIR_MIGRATE_PARAM_BANDWIDTH], 7)
        self.assertEqual(found[lib.VIR_MIGRATE_PARAM_COMPRESSION], ["xbzrle"])
        self.assertEqual(migration.door_of(guest), 9001)

    def test_measured(self) -> None:
        """What libvirt measured is told in a sentence, or nothing is."""
        stats = {"downtime": 34, "time_elapsed": 5210, "memory_processed": 95 << 20}
        self.assertEqual(
            migration.measured(stats),
            "The guest stood still for 34 ms; the migration took 5.2 s; "
            "95 MiB of memory were sent.",
        )
        self.assertEqual(migration.measured({}), "")


class ForgottenWritesTests(AwaitingTestCase):
    """Where a guest can't run on while its memory is sent."""

    def test_only_old_emulation(self) -> None:
        """QEMU in software emulation before 9.0 forgets writes; no other does."""
        for kind, version, forgets in (
            ("qemu", 7_002_022, True),
            ("qemu", 8_002_010, True),
            ("qemu", 9_000_000, False),
            ("kvm", 7_002_022, False),
        ):
            xml = f'<domain type="{kind}" id="1"><name>vm</name></domain>'
            self.assertEqual(migration.forgets_writes(xml, version), forgets, (kind, version))


class WayTests(AwaitingTestCase):
    """A node with a way to others."""

    def setUp(self) -> None:
        """Make one."""
        threads = inline_threads()
        clock = Clock(FakeTime(), lambda: 0.0)
        self.way = Way()
        self.link = MovingLink("test", clock, threads, EventLoop(threads))
        self.migrations = Migrations(self.link, self.way)

    def test_one_at_a_time(self) -> None:
        """A port receives one guest at a time; another one is refused by both names."""
        self.awaited(self.migrations.expect(kvm_guest()))
        error = self.refusal(self.migrations.expect(other("vm2.example.com")), HypervisorError)
        self.assertIn("vm2.example.com can't be received while vm1.example.com is", error.message)
        self.awaited(self.migrations.expect(other("vm3.example.com", migration_port=9000)))
        self.awaited(self.migrations.expected("vm1.example.com"))
        self.awaited(self.migrations.close())
        self.assertEqual(
            self.way.done, [("open", 8103), ("open", 9001), ("close", 8103), ("close", 9001)]
        )

    def test_sent(self) -> None:
        """What was measured comes back, and the way is closed."""
        sending = Deferred.fromCoroutine(self.migrations.send(kvm_guest(), "192.0.2.2", True))
        self.link.moving.callback("It took a second.")
        self.assertEqual(self.successResultOf(sending), "It took a second.")
        self.assertEqual(self.way.done, [("reach", ("192.0.2.2", 8103)), ("leave", "/run/socket")])

    def test_handed_over(self) -> None:
        """With post-copy libvirt is asked to let the guest run on the target."""
        sending = Deferred.fromCoroutine(self.migrations.send(kvm_guest(), "192.0.2.2", True))
        self.migrations.hand_over("vm1.example.com")
        self.assertEqual(self.successResultOf(sending), "It runs on the target.")

    def test_failed(self) -> None:
        """A failure names guest and target, and closes the way."""
        sending = Deferred.fromCoroutine(self.migrations.send(kvm_guest(), "192.0.2.2", True))
        self.link.moving.errback(HypervisorError("libvirt says: no."))
        error = self.failureResultOf(sending, HypervisorError).value
        self.assertEqual(
            error.message,
            "Instance vm1.example.com could not be migrated to 192.0.2.2: libvirt says: no.",
        )
        self.assertEqual(self.way.done[-1], ("leave", "/run/socket"))

    def test_cancelled(self) -> None:
        """A cancelled migration is aborted at libvirt, and over before the cancellation is."""
        sending = Deferred.fromCoroutine(self.migrations.send(kvm_guest(), "192.0.2.2", True))
        sending.cancel()
        self.failureResultOf(sending, CancelledError)
        self.assertTrue(self.link.moving.called)
        self.assertEqual(self.way.done[-1], ("leave", "/run/socket"))
