"""A master daemon that is a list of answers, and requests to it."""

from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.rapi.answers import Rows
from ganetix.rapi.request import Own, Request
from ganetix.rapi.routes import route


async def nothing(seen: str | None) -> None:
    """Answer null."""


async def no_figures() -> bytes:
    """Answer no figures."""
    return b""


OWN = Own(nothing, no_figures)
"""A daemon that follows no events."""


@attrs.define
class Master:
    """Answers each method as it was told to, and keeps what it was asked."""

    answers: dict[str, Any] = attrs.field(factory=lambda: {"SubmitJob": 12})
    asked: list[tuple[Any, ...]] = attrs.field(factory=list)

    async def call(self, method: str, *args: Any, raw: bool = False) -> Any:
        """See `ganetix.luxi.aclient.Luxi`."""
        self.asked.append((method, *args))
        answer = self.answers[method]
        if isinstance(answer, errors.GanetiError):
            raise answer
        return msgspec.Raw(msgspec.json.encode(answer)) if raw else answer

    def ops(self) -> list[dict[str, Any]]:
        """Return the opcodes of the one job that was submitted."""
        [(_, ops)] = self.asked
        return list(ops)


def ask(master: Master, asked: str, body: Any = None, **query: str | list[str]) -> "Deferred[Any]":
    """Ask for a resource, such as ``GET /2/info``, with *query*'s arguments.

    What is answered as JSON that is encoded already comes decoded.
    """
    verb, path = asked.split()
    found = route(path, verb)
    arguments = {
        "dry-run" if name == "dry_run" else name: [value] if isinstance(value, str) else value
        for name, value in query.items()
    }
    request = Request(master, found.names, arguments, body, found.resource.name, 5, OWN)
    answer = found.method.answer(request)

    async def run() -> Any:
        found = await answer
        if isinstance(found, Rows):
            return msgspec.json.decode(b"".join(found.pieces()))
        return msgspec.json.decode(found) if isinstance(found, msgspec.Raw) else found

    return Deferred.fromCoroutine(run())
