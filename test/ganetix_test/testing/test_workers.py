"""Workers without threads keep the promises of those with one."""

import random
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as Reactor
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

from ganetix.testing.disk import PowerCut
from ganetix.testing.worker_tests import make_worker_tests
from ganetix.testing.workers import FakeWorker, InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IWorker


async def inline(_: TestCase) -> IWorker:
    """Return the one that does not wait."""
    return InlineWorker()


@implementer(IWorker)
@attrs.frozen
class MovingWorker:
    """A fake worker whose clock moves on whenever something is asked of it."""

    reactor: Reactor
    worker: FakeWorker

    def run(self, call: Callable[..., Any], *args: object) -> Deferred[Any]:
        """See `IWorker`."""
        done = self.worker.run(call, *args)
        self.reactor.pump([1.0] * 2)
        return done


async def fake(_: TestCase) -> IWorker:
    """Return the one on a fake clock."""
    reactor = Reactor()
    return MovingWorker(
        reactor, FakeWorker(Clock(reactor, reactor.seconds), random.Random(3).random)
    )


class InlineWorkerTests(make_worker_tests(inline)):  # type: ignore[misc]  # made by a function
    """The shared promises."""


class FakeWorkerTests(make_worker_tests(fake)):  # type: ignore[misc]  # made by a function
    """The shared promises."""


class LatencyTests(SynchronousTestCase):
    """Time and power."""

    def setUp(self) -> None:
        """A worker whose calls take two seconds."""
        self.reactor = Reactor()
        self.cuts = 0

        def cut() -> None:
            self.cuts += 1

        self.worker = FakeWorker(Clock(self.reactor, self.reactor.seconds), lambda: 2.0, cut)

    def test_effects_come_before_the_answer(self) -> None:
        """A call acts in the middle of its time and answers at the end; the next acts meanwhile."""
        ran: list[int] = []
        first, second = self.worker.run(ran.append, 1), self.worker.run(ran.append, 2)
        self.assertEqual(ran, [])
        self.reactor.advance(1)
        self.assertEqual(ran, [1])
        self.assertNoResult(first)
        self.reactor.advance(1)
        self.successResultOf(first)
        self.assertEqual(ran, [1, 2])
        self.assertNoResult(second)
        self.reactor.advance(1)
        self.successResultOf(second)

    def test_answers_in_order(self) -> None:
        """However long calls take, their answers come in order."""
        latencies = iter((4.0, 0.2))
        worker = FakeWorker(Clock(self.reactor, self.reactor.seconds), lambda: next(latencies))
        first, second = worker.run(int), worker.run(int)
        self.reactor.pump([0.1] * 25)
        self.assertNoResult(second)
        self.reactor.pump([0.1] * 20)
        self.successResultOf(first)
        self.successResultOf(second)

    def test_power_cut(self) -> None:
        """A call in which the power fails never answers, and nothing runs after it."""

        def fail() -> None:
            raise PowerCut

        first, second = self.worker.run(fail), self.worker.run(fail)
        self.reactor.pump([1] * 10)
        self.assertNoResult(first)
        self.assertNoResult(second)
        self.assertEqual(self.cuts, 1)
