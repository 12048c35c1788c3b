"""Answers on their way: small ones at once, long lists in pieces as fast as the client reads."""

import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.interfaces import IPushProducer
from twisted.web.http import Request as HttpRequest
from zope.interface import implementer

from ganetix.rapi.auth import REALM
from ganetix.rapi.faults import HttpFault

RELEASE: Final = "3.0.2"
"""The release of Ganeti whose remote API this is."""

JSON: Final = "application/json"

ROWS: Final = 100
"""Rows of a list that are encoded at once."""


@attrs.frozen
class Handover:
    """An answer that somebody else writes: *take* returns a sentence when it can't be."""

    take: Callable[[HttpRequest], str | None]


@attrs.frozen
class Text:
    """An answer that is no JSON, of the content type *media*."""

    media: str
    data: bytes


def send(request: HttpRequest, answer: Any) -> None:
    """Answer with *answer*: a `Text`, or a JSON value."""
    _head(request, HTTPStatus.OK)
    if isinstance(answer, Text):
        request.setHeader("content-type", answer.media)
        _whole(request, answer.data)
    elif isinstance(answer, list) and len(answer) > ROWS:
        rows = _Rows(request, _pieces(answer))
        request.registerProducer(rows, True)
        rows.resumeProducing()
    else:
        _whole(request, msgspec.json.encode(answer) + b"\n")


def refuse(request: HttpRequest, fault: HttpFault) -> None:
    """Answer with *fault*."""
    _head(request, fault.status)
    if fault.status == HTTPStatus.UNAUTHORIZED:
        request.setHeader("www-authenticate", f'Basic realm="{REALM}"')
    _whole(request, json.dumps(fault.body()).encode() + b"\n")


def _head(request: HttpRequest, status: HTTPStatus) -> None:
    request.setResponseCode(int(status), status.phrase.encode())
    request.setHeader("content-type", JSON)


def _whole(request: HttpRequest, body: bytes) -> None:
    request.setHeader("content-length", str(len(body)))
    request.write(body)
    request.finish()


def _pieces(rows: list[Any]) -> Iterator[bytes]:
    for start in range(0, len(rows), ROWS):
        piece = msgspec.json.encode(rows[start : start + ROWS])[1:-1]
        yield (b"," if start else b"[") + piece
    yield b"]\n"


@implementer(IPushProducer)
@attrs.define(eq=False)
class _Rows:
    """Gives a list piece by piece to a client that has room for the next one."""

    request: HttpRequest
    pieces: Iterator[bytes]
    _room: bool = attrs.field(default=False, init=False)

    def resumeProducing(self) -> None:
        """See `IPushProducer`."""
        self._room = True
        while self._room:
            piece = next(self.pieces, None)
            if piece is None:
                self._room = False
                self.request.unregisterProducer()
                self.request.finish()
            else:
                self.request.write(piece)

    def pauseProducing(self) -> None:
        """See `IPushProducer`."""
        self._room = False

    def stopProducing(self) -> None:
        """See `IPushProducer`."""
        self._room = False
