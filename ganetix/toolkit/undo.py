"""Undo actions pushed as a multi-step change goes on, and dropped when it succeeds."""

from collections.abc import Awaitable, Callable

import attrs
from twisted.logger import Logger
from twisted.python.failure import Failure


@attrs.define(eq=False)
class Undo:
    """A stack of undo actions, run in reverse when the ``async with`` block fails.

    An undo that fails is logged and the others still run; the block's own error is what is raised.
    """

    log: Logger = attrs.field(factory=Logger)
    _actions: list[tuple[str, Callable[[], Awaitable[object]]]] = attrs.field(
        factory=list, init=False
    )

    def push(self, what: str, action: Callable[[], Awaitable[object]]) -> None:
        """Remember *action*; *what* says in the log what it takes back."""
        self._actions.append((what, action))

    def drop(self) -> None:
        """Forget all actions: the change has succeeded."""
        self._actions.clear()

    async def __aenter__(self) -> "Undo":
        """Begin a change."""
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        """Undo in reverse if the block failed."""
        if kind is not None:
            await self.run()

    async def run(self) -> None:
        """Run all actions in reverse."""
        while self._actions:
            what, action = self._actions.pop()
            try:
                await action()
            except Exception:  # noqa: BLE001 - the remaining undos must run; logged
                self.log.failure("Undoing {what} failed", Failure(), what=what)
