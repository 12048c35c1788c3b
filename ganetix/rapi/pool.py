"""Connections to the master daemon: one for each request that waits, kept for the next ones."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError

from ganetix.luxi.aclient import AsyncClient, Connect, Conversation, Link
from ganetix.luxi.messages import RequestRefused
from ganetix.toolkit.clock import Clock

TIMEOUT: Final = 180.0
"""Seconds that the master daemon has for an answer."""

IDLE: Final = 8
"""Connections that are kept while nobody asks."""


@attrs.define(eq=False)
class _Line:
    """One connection, made at the first call."""

    client: AsyncClient
    links: list[Any]

    def close(self) -> None:
        for link in self.links:
            link.loseConnection()


@attrs.define(eq=False)
class LuxiPool:
    """Calls of many requests at a time: answers come in order on each connection.

    *futures* is txaio's interface; *connect* gives links that can also be closed.
    """

    futures: Any
    connect: Connect
    clock: Clock
    _idle: list[_Line] = attrs.field(factory=list, init=False)

    async def call(self, method: str, *args: Any, raw: bool = False) -> Any:
        """Return what *method* answers to *args*; *raw* is as `Luxi.call` has it.

        Raise its error, `errors.LuxiError` when the master daemon can't be reached, TimeoutError
        when it does not answer.
        """
        line = self._idle.pop() if self._idle else self._line()
        try:
            answer = await self.clock.within(TIMEOUT, line.client.call(method, *args, raw=raw))
        except (CancelledError, TimeoutError, RequestRefused):
            # The answer may still come: nobody else must get it. After a refusal none does.
            line.close()
            raise
        except BaseException:
            self._keep(line)
            raise
        self._keep(line)
        return answer

    def _keep(self, line: _Line) -> None:
        if len(self._idle) < IDLE:
            self._idle.append(line)
        else:
            line.close()

    def _line(self) -> _Line:
        links: list[Any] = []
        connect: Callable[[Conversation], Awaitable[Link]] = self.connect

        async def connected(conversation: Conversation) -> Link:
            link = await connect(conversation)
            links[:] = [link]
            return link

        return _Line(AsyncClient(self.futures, connected), links)

    def close(self) -> None:
        """End the connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()
