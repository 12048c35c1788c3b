"""The journal's writer: what is written when, and with what."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock as FakeReactor
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from ganetix.master.store.entries import Entry
from ganetix.master.store.journal import LAZY, Journal
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IWorker


@implementer(IWorker)
@attrs.define
class SlowDisk:
    """A worker whose writes end when they are told to; keeps how many bytes each had."""

    writes: list[tuple[int, "Deferred[None]"]] = attrs.field(factory=list)

    def run(self, call: Callable[..., Any], *args: Any) -> Awaitable[Any]:
        """Note the write."""
        done: Deferred[None] = Deferred()
        self.writes.append((len(args[0]), done))
        return done

    def end(self, number: int) -> None:
        """Let write *number* end."""
        self.writes[number][1].callback(None)


@attrs.frozen
class NoFile:
    """A journal file that is never really written."""

    path: str = "/journal"

    def write(self, data: bytes, last: int) -> None:
        """The worker does not call this."""


@attrs.define
class NoReplicas:
    """No other candidates."""

    behind: tuple[str, ...] = ()

    def push(self, *arguments: object) -> "Deferred[dict[str, str]]":
        """Push to nobody."""
        return succeed({})


class BatchTests(SynchronousTestCase):
    """Which entries go together."""

    def setUp(self) -> None:
        """Make a journal on a slow disk."""
        self.reactor = FakeReactor()
        self.disk = SlowDisk()
        clock = Clock(self.reactor, self.reactor.seconds)
        self.journal = Journal(clock, self.disk, NoFile(), NoReplicas(), 1, 0)  # type: ignore[arg-type]  # stand-ins

    def add(self, *, urgent: bool) -> int:
        """Append an entry."""
        return self.journal.append(Entry(now=0.0), urgent=urgent)

    def test_together(self) -> None:
        """What comes during a write is written together after it."""
        self.add(urgent=True)
        self.add(urgent=True)
        self.add(urgent=True)
        self.assertEqual(len(self.disk.writes), 1)
        self.disk.end(0)
        (first, _), (second, _) = self.disk.writes
        self.assertEqual(second, 2 * first)

    def test_lazy_waits(self) -> None:
        """What nobody waits for is written after a while, or with what is urgent."""
        self.add(urgent=False)
        self.assertEqual(self.disk.writes, [])
        self.reactor.advance(LAZY)
        self.assertEqual(len(self.disk.writes), 1)
        self.disk.end(0)
        self.add(urgent=False)
        self.add(urgent=True)
        self.assertEqual(len(self.disk.writes), 2)

    def test_lazy_during_write(self) -> None:
        """What nobody waits for starts no write of its own when one ends: others would wait."""
        self.add(urgent=True)
        self.add(urgent=False)
        self.disk.end(0)
        self.assertEqual(len(self.disk.writes), 1)
        done = self.journal.durable(self.add(urgent=True))
        self.disk.end(1)
        self.successResultOf(done)
        (first, _), (second, _) = self.disk.writes
        self.assertEqual(second, 2 * first)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_lazy_is_not_forgotten(self) -> None:
        """After a while it is written all the same, and so it is when somebody asks for it."""
        self.add(urgent=True)
        ticket = self.add(urgent=False)
        self.disk.end(0)
        done = self.journal.durable(ticket)
        self.disk.end(1)
        self.successResultOf(done)
        self.add(urgent=True)
        self.add(urgent=False)
        self.disk.end(2)
        self.reactor.advance(LAZY)
        self.assertEqual(len(self.disk.writes), 4)

    def test_stop(self) -> None:
        """Stopping writes everything and leaves no timer."""
        self.add(urgent=True)
        self.add(urgent=False)
        stopped = Deferred.fromCoroutine(self.journal.stop())
        self.disk.end(0)
        self.assertNoResult(stopped)
        self.disk.end(1)
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
