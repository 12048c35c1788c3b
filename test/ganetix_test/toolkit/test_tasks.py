"""Work that goes on to its end whoever waits for it."""

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix.toolkit.tasks import finished


class FinishedTests(SynchronousTestCase):
    """Waiting for what can't be left alone."""

    def setUp(self) -> None:
        """Wait for work that has not ended."""
        self.work: Deferred[str] = Deferred()
        self.hastened: list[int] = []
        waiting = finished(self.work, lambda: self.hastened.append(1))
        self.waiter = Deferred.fromCoroutine(waiting)

    def test_result(self) -> None:
        """The result comes through."""
        self.assertNoResult(self.waiter)
        self.work.callback("done")
        self.assertEqual(self.successResultOf(self.waiter), "done")
        self.assertEqual(self.hastened, [])

    def test_error(self) -> None:
        """An error comes through as itself."""
        self.work.errback(OSError("gone"))
        self.failureResultOf(self.waiter, OSError)

    def test_cancelled(self) -> None:
        """Who cancels hastens the end and waits for it; then it is told that it was cancelled."""
        self.waiter.cancel()
        self.assertEqual(self.hastened, [1])
        self.assertNoResult(self.waiter)
        self.work.errback(OSError("aborted"))
        self.failureResultOf(self.waiter, CancelledError)
