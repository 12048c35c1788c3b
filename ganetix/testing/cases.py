"""A test case that knows awaitables: what an interface's methods return."""

from collections.abc import Awaitable
from typing import TypeVar

from twisted.trial.unittest import SynchronousTestCase

from ganetix.errors import GanetiError

T = TypeVar("T")
E = TypeVar("E", bound=GanetiError)


class AwaitingTestCase(SynchronousTestCase):
    """Awaits what has its result already."""

    def awaited(self, work: Awaitable[T]) -> T:
        """Return the result of *work*; fail if it has none yet, or an error."""
        result: T = self.successResultOf(_await(work))
        return result

    def refusal(self, work: Awaitable[object], kind: type[E]) -> E:
        """Return the error of class *kind* with which *work* has ended."""
        error: E = self.failureResultOf(_await(work), kind).value
        return error


async def _await(work: Awaitable[T]) -> T:
    return await work
