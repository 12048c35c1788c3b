"""The asynchronous LUXI client core, on txaio's futures: it serves Twisted and asyncio alike.

The program gives txaio's interface (``txaio.tx`` or ``txaio.aio``), and a way to connect; it gets
futures of its own framework.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from ganetix import errors
from ganetix.luxi import messages


class Luxi(Protocol):
    """The master daemon, as far as those need it who ask it something."""

    async def call(self, method: str, *args: Any, raw: bool = False) -> Any:
        """Return what *method* answers; raise its error, or `errors.LuxiError`.

        With *raw* it is a `msgspec.Raw`: the JSON in which it came, for those who pass it on.
        """


class Link(Protocol):
    """What is needed of a connected transport; Twisted's and asyncio's both have it."""

    def write(self, data: bytes, /) -> object:
        """Send *data*."""


Loads = Callable[[bytes], Any]


class Conversation:
    """One connection's requests and answers, in order. Its owner feeds it with what comes in."""

    def __init__(self, txaio: Any) -> None:
        """Make futures with *txaio*."""
        self._txaio = txaio
        self._framer = messages.Framer(limit=1 << 40)
        self._waiting: deque[tuple[str, Loads, Any]] = deque()
        self._unsent: list[bytes] = []
        self._link: Link | None = None
        self.lost = False

    def connected(self, link: Link) -> None:
        """Send over *link*, from what was asked before on."""
        self._link = link
        for request in self._unsent:
            link.write(request)
        self._unsent.clear()

    def call(self, method: str, *args: Any, raw: bool = False) -> Any:
        """Send a request; return the future of its result, which fails with its error.

        *raw* is as `Luxi.call` has it.
        """
        if self.lost:
            raise _gone(method)
        future = self._txaio.create_future()
        self._waiting.append((method, _loads_raw if raw else _loads, future))
        request = messages.encode_request(method, list(args), msgspec.json.encode)
        if self._link is None:
            self._unsent.append(request)
        else:
            self._link.write(request)
        return future

    def received(self, data: bytes) -> None:
        """Take in *data*; fire the futures of the answers that are complete."""
        for text in self._framer.feed(data):
            if self._waiting:
                self._fire(*self._waiting.popleft()[1:], text)

    def closed(self, why: str = "went away") -> None:
        """Fail everything that still waits: the connection is gone."""
        self.lost = True
        while self._waiting:
            method, _, future = self._waiting.popleft()
            self._txaio.reject(future, _gone(method, why))

    def _fire(self, loads: Loads, future: Any, text: bytes) -> None:
        try:
            result = messages.decode_response(text, loads)
        except errors.GanetiError as error:
            self._txaio.reject(future, error)
        else:
            self._txaio.resolve(future, result)


Connect = Callable[[Conversation], Awaitable[Link]]
"""Connects a transport whose bytes and whose end go to the conversation; raises `LuxiError`."""


class AsyncClient:
    """Calls over one connection, made at the first call and again after it was lost.

    Calls that wait for a change should have a client of their own: answers come in order.
    """

    def __init__(self, txaio: Any, connect: Connect) -> None:
        """Make futures with *txaio* and connections with *connect*."""
        self._txaio = txaio
        self._connect = connect
        self._conversation: Conversation | None = None

    async def call(self, method: str, *args: Any, raw: bool = False) -> Any:
        """Return what *method* answers to *args*; see `Luxi`."""
        conversation = self._conversation
        if conversation is not None and not conversation.lost:
            return await conversation.call(method, *args, raw=raw)
        conversation = self._conversation = Conversation(self._txaio)
        answer = conversation.call(method, *args, raw=raw)
        try:
            conversation.connected(await self._connect(conversation))
        except BaseException:
            self._txaio.add_callbacks(answer, None, lambda _: None)  # this caller gets the reason
            conversation.closed("can't be reached")
            raise
        return await answer


def _loads(text: bytes) -> Any:
    """Parse *text*, four times as fast as json does: answers may have megabytes."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error


def _loads_raw(text: bytes) -> Any:
    """Parse *text*, an answer, but leave what it tells of a success as it is."""
    try:
        message = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        result = message.pop("result", None)
        parsed = {name: msgspec.json.decode(value) for name, value in message.items()}
        if result is not None:
            parsed["result"] = result if parsed.get("success") else msgspec.json.decode(result)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    return parsed


def _gone(method: str, why: str = "went away") -> errors.LuxiError:
    return errors.LuxiError(f"The master daemon {why}; {method} has no answer.")
