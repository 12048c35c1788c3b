"""What every worker promises: tests that the fakes and the real one share."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from ganetix.toolkit.interfaces import IWorker


class _Promises(TestCase):
    """The promises of `IWorker`. *made* returns a worker that runs while the test awaits."""

    made: Callable[[], Awaitable[IWorker]]

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        """A fresh worker."""
        self.worker = await self.made()

    def test_interface(self) -> None:
        """It has the methods of `IWorker`."""
        verifyObject(IWorker, self.worker)

    async def test_result(self) -> None:
        """The call's result comes back."""
        self.assertEqual(await self.worker.run(divmod, 7, 2), (3, 1))

    async def test_error(self) -> None:
        """The call's error comes back, and the next call runs."""
        with self.assertRaises(ZeroDivisionError):
            await self.worker.run(divmod, 1, 0)
        self.assertEqual(await self.worker.run(divmod, 1, 1), (1, 0))

    async def test_order(self) -> None:
        """Calls run one after the other in the order in which they were asked for."""
        ran: list[int] = []
        rounds: list[Awaitable[Any]] = [self.worker.run(ran.append, n) for n in range(20)]
        for done in rounds:
            await done
        self.assertEqual(ran, list(range(20)))

    async def test_cancel(self) -> None:
        """Cancelling lets the caller go; the call itself is not undone, and later ones run."""
        ran: list[int] = []
        first = Deferred.fromCoroutine(_wait(self.worker.run(ran.append, 1)))
        first.cancel()
        with suppress(CancelledError):
            await first
        await self.worker.run(ran.append, 2)
        self.assertEqual(ran[-1], 2)


async def _wait(done: Awaitable[Any]) -> Any:
    return await done


def make_worker_tests(make: Callable[[TestCase], Awaitable[IWorker]]) -> type[TestCase]:
    """Return a test case for the worker that *make* returns."""

    class WorkerTests(_Promises):
        """The promises of `IWorker`."""

        def made(self) -> Awaitable[IWorker]:
            return make(self)

    return WorkerTests
