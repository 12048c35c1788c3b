"""Nodes without a network, for tests of the master's logic."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import CancelledError
from zope.interface import implementer

from ganetix import errors
from ganetix.rpc import codec
from ganetix.rpc.call import Call, INodes

FakeHandler = Callable[[str, Any], Awaitable[Any]]
"""``async handler(node uuid, request) -> response``; may raise `GanetiError`."""


@attrs.frozen
class Made:
    """One call that was made."""

    node: str
    call: str
    request: msgspec.Struct


@implementer(INodes)
@attrs.define(eq=False)
class FakeNodes:
    """Answers calls from *handlers* (call name to handler), really encoding both ways.

    Nodes in *down* can't be reached. Every call, also a refused one, is in `made`.
    """

    handlers: dict[str, FakeHandler] = attrs.field(factory=dict)
    down: set[str] = attrs.field(factory=set)
    made: list[Made] = attrs.field(factory=list, init=False)

    async def call(
        self, node: str, call: Call[Any, Any], request: Any, timeout: float | None = None
    ) -> Any:
        """See `INodes`; an error that no handler should raise is answered as RemoteError."""
        self.made.append(Made(node, call.name, request))
        if node in self.down:
            raise errors.RemoteError(f"Node {node} can't be reached.")
        frame = codec.encode_request(call, request, f"request-{len(self.made)}", None, timeout or 0)
        return codec.decode_answer(call, await self._answer(node, call, frame))

    async def call_each(
        self, nodes: Iterable[str], call: Call[Any, Any], request: Any
    ) -> Mapping[str, Any | errors.GanetiError]:
        """See `INodes`; one after the other, in the order given."""
        results: dict[str, Any | errors.GanetiError] = {}
        for node in nodes:
            try:
                results[node] = await self.call(node, call, request)
            except errors.GanetiError as error:
                results[node] = error
        return results

    def connected(self, node: str) -> bool:
        """See `INodes`."""
        return node not in self.down

    async def _answer(self, node: str, call: Call[Any, Any], frame: bytes) -> bytes:
        handler = self.handlers.get(call.name)
        if handler is None:
            return codec.encode_error(
                errors.RemoteError(f"Node {node} does not know the call {call.name}.")
            )
        try:
            request = codec.decode_request(call, codec.decode_envelope(frame).body)
            return codec.encode_answer(call, await handler(node, request))
        except CancelledError:
            raise
        except errors.GanetiError as error:
            return codec.encode_error(error)
