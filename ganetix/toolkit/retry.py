"""Trying again, with pauses that grow."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

from twisted.internet.defer import CancelledError

from ganetix.toolkit.clock import Clock

T = TypeVar("T")


def backoff(
    uniform: Callable[[], float], first: float, limit: float, factor: float = 2.0
) -> Iterator[float]:
    """Yield pauses in seconds without end: *first*, growing by *factor* up to *limit*.

    Each is shortened by up to a half (*uniform* draws from 0 to 1), so that many who lost the same
    peer do not come back at once.
    """
    pause = first
    while True:
        yield pause * (1.0 - uniform() / 2)
        pause = min(limit, pause * factor)


async def retry(
    work: Callable[[], Awaitable[T]],
    clock: Clock,
    pauses: Iterable[float],
    transient: Callable[[Exception], bool],
) -> T:
    """Return what ``work()`` returns; after an error that is *transient*, pause and try again.

    When *pauses* (seconds) are used up, or the error is not transient, it is raised.
    """
    for pause in pauses:
        try:
            return await work()
        except CancelledError:
            raise
        except Exception as error:
            if not transient(error):
                raise
        await clock.sleep(pause)
    return await work()
