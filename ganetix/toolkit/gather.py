"""Doing the same for many, some at a time."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList, FirstError, gatherResults

Key = TypeVar("Key")
Value = TypeVar("Value")


async def gather(
    work: Callable[[Key], Awaitable[Value]], keys: Iterable[Key], limit: int
) -> dict[Key, Value]:
    """Return ``{key: await work(key)}`` in the order of *keys*, at most *limit* of them at once.

    The first error (or a cancellation) cancels the others, waits for their end, and is raised.
    """
    wanted = list(keys)
    waiting = deque(wanted)
    values: dict[Key, Value] = {}

    async def worker() -> None:
        while waiting:
            key = waiting.popleft()
            values[key] = await work(key)

    workers = [Deferred.fromCoroutine(worker()) for _ in range(min(limit, len(wanted)))]
    try:
        await gatherResults(workers, consumeErrors=True)
    except FirstError as error:
        waiting.clear()
        for other in workers:
            other.cancel()
        await DeferredList(workers, consumeErrors=True)
        failed: Any = error.subFailure.value
        raise failed from None
    return {key: values[key] for key in wanted}
