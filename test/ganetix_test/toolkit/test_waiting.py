"""Timers, retries, gathering and the log context, under a fake clock."""

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock as FakeClock
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from ganetix.toolkit.clock import Clock
from ganetix.toolkit.gather import gather
from ganetix.toolkit.logcontext import current, working_for
from ganetix.toolkit.retry import backoff, retry
from ganetix.toolkit.timers import Timers, every


class TimersTests(SynchronousTestCase):
    """Deadlines fire late by a second at most, never early."""

    def setUp(self) -> None:
        """A clock that the test moves."""
        self.fake = FakeClock()
        self.clock = Clock(self.fake, self.fake.seconds)
        self.timers = Timers(self.clock)

    def test_never_early(self) -> None:
        """Whatever the phase of the clock, a timer fires within a second after its time."""
        for start in (0.0, 0.3, 0.7):
            self.fake.advance(start)
            for seconds in (0.0, 0.5, 9.9, 10.0, 60.0, 899.5):
                fired: list[float] = []
                began = self.fake.seconds()
                self.timers.after(seconds, lambda note=fired: note.append(self.fake.seconds()))  # type: ignore[misc]  # a default that binds
                while not fired:
                    self.fake.advance(0.1)
                took = fired[0] - began
                self.assertGreaterEqual(took, seconds - 1e-6)
                self.assertLessEqual(took, seconds + 1.1)

    def test_cancel(self) -> None:
        """A cancelled timer does not fire and leaves no delayed call; cancelling twice is fine."""
        fired: list[int] = []
        timers = [self.timers.after(seconds, lambda: fired.append(1)) for seconds in (5, 60, 60)]
        for timer in (*timers, *timers):
            timer.cancel()
        self.assertEqual(self.fake.getDelayedCalls(), [])
        self.fake.advance(100)
        self.assertEqual(fired, [])

    def test_few_delayed_calls(self) -> None:
        """A thousand deadlines of one second are one delayed call."""
        for _ in range(1000):
            self.timers.after(60, lambda: None)
        self.assertEqual(len(self.fake.getDelayedCalls()), 1)

    def test_cancel_in_bucket(self) -> None:
        """A timer that is cancelled while its bucket fires in parts does not fire."""
        fired: list[int] = []
        timers = [self.timers.after(60, lambda n=n: fired.append(n)) for n in range(150)]  # type: ignore[misc]  # a default that binds
        while not fired:
            self.fake.advance(0.25)
        for timer in timers:
            timer.cancel()
        done = len(fired)
        self.fake.advance(10)
        self.assertEqual(len(fired), done)

    def test_every(self) -> None:
        """Work repeats, also after a round that failed."""
        rounds: list[float] = []

        def work() -> None:
            rounds.append(self.fake.seconds())
            if len(rounds) == 2:
                raise KeyError("one bad round")

        task = Deferred.fromCoroutine(every(self.clock, 2.0, work, Logger()))
        self.fake.pump([1.0] * 8)
        task.cancel()
        self.failureResultOf(task, CancelledError)
        self.assertEqual(rounds, [2.0, 4.0, 6.0, 8.0])
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)


class RetryTests(SynchronousTestCase):
    """Trying again."""

    def setUp(self) -> None:
        """Work that fails twice."""
        self.fake = FakeClock()
        self.tried = 0

    async def _work(self) -> str:
        self.tried += 1
        if self.tried <= 2:
            raise OSError("not yet")
        return "done"

    def _retry(self, pauses: list[float], transient: bool = True) -> Deferred[str]:
        clock = Clock(self.fake, self.fake.seconds)
        return Deferred.fromCoroutine(retry(self._work, clock, pauses, lambda _: transient))

    def test_succeeds(self) -> None:
        """Work that succeeds after two pauses gives its result."""
        work = self._retry([1, 1, 1])
        self.fake.pump([1, 1])
        self.assertEqual(self.successResultOf(work), "done")

    def test_gives_up(self) -> None:
        """When pauses are used up, or the error is for good, it is raised."""
        work = self._retry([1])
        self.fake.advance(1)
        self.failureResultOf(work, OSError)
        self.tried = 0
        self.failureResultOf(self._retry([1, 1, 1], transient=False), OSError)
        self.assertEqual(self.tried, 1)

    def test_backoff(self) -> None:
        """Pauses double up to the limit, shortened by half at most."""
        for draw, share in ((0.0, 1.0), (1.0, 0.5)):
            pauses = backoff(lambda drawn=draw: drawn, 1.0, 5.0)  # type: ignore[misc]  # binds
            self.assertEqual(
                [next(pauses) for _ in range(4)], [share * n for n in (1.0, 2.0, 4.0, 5.0)]
            )


class GatherTests(SynchronousTestCase):
    """Many at once, some at a time."""

    def setUp(self) -> None:
        """Work that waits to be let go."""
        self.gates: dict[int, Deferred[int]] = {}
        self.cancelled: list[int] = []

    async def _work(self, key: int) -> int:
        gate = self.gates[key] = Deferred()
        try:
            return await gate
        except CancelledError:
            self.cancelled.append(key)
            raise

    def test_order_and_limit(self) -> None:
        """Two at a time; values in the order of the keys."""
        work = Deferred.fromCoroutine(gather(self._work, [3, 1, 2], 2))
        self.assertEqual(list(self.gates), [3, 1])
        self.gates[1].callback(10)
        self.gates[2].callback(20)
        self.gates[3].callback(30)
        self.assertEqual(list(self.successResultOf(work).items()), [(3, 30), (1, 10), (2, 20)])

    def test_failure(self) -> None:
        """The first error is raised when the others have been cancelled; none is begun."""
        work = Deferred.fromCoroutine(gather(self._work, [1, 2, 3], 2))
        self.gates[2].errback(KeyError("two"))
        self.failureResultOf(work, KeyError)
        self.assertEqual(self.cancelled, [1])
        self.assertNotIn(3, self.gates)

    def test_cancel(self) -> None:
        """Cancelling cancels all."""
        work = Deferred.fromCoroutine(gather(self._work, [1, 2], 5))
        work.cancel()
        self.failureResultOf(work, CancelledError)
        self.assertEqual(self.cancelled, [1, 2])


class LogContextTests(SynchronousTestCase):
    """The job id follows awaits and does not leak."""

    def test_follows(self) -> None:
        """What a coroutine starts has its context; its caller has not."""
        gate: Deferred[None] = Deferred()
        seen: list[object] = []

        async def inner() -> None:
            await gate
            seen.append(current().job)

        async def outer() -> None:
            with working_for(job=5, opcode="OP_X"):
                await Deferred.fromCoroutine(inner())
                seen.append(current().fields())

        work = Deferred.fromCoroutine(outer())
        self.assertEqual(current().fields(), {})
        gate.callback(None)
        self.successResultOf(work)
        self.assertEqual(seen, [5, {"job": 5, "opcode": "OP_X"}])
