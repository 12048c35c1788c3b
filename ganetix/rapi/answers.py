"""Answers on their way: small ones at once, long lists in pieces as fast as the client reads."""

import json
from collections.abc import Callable, Iterator, Sequence
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


def _encoded(rows: Sequence[Any]) -> bytes:
    return msgspec.json.encode(rows)[1:-1]


@attrs.frozen
class Rows:
    """An answer that is a list: *encode* makes JSON of some *rows*, with commas between them."""

    rows: Sequence[Any]
    encode: Callable[[Sequence[Any]], bytes] = _encoded

    def pieces(self) -> Iterator[bytes]:
        """Yield the JSON, a bounded number of rows at a time."""
        for start in range(0, len(self.rows), ROWS):
            yield (b"," if start else b"[") + self.encode(self.rows[start : start + ROWS])
        yield b"]\n" if self.rows else b"[]\n"


def send(request: HttpRequest, answer: Any) -> None:
    """Answer with *answer*: a `Text`, `Rows`, or a JSON value."""
    _head(request, HTTPStatus.OK)
    rows = Rows(answer) if isinstance(answer, list) else answer
    if isinstance(answer, Text):
        request.setHeader("content-type", answer.media)
        _whole(request, answer.data)
    elif not isinstance(rows, Rows):
        _whole(request, msgspec.json.encode(answer) + b"\n")
    elif len(rows.rows) <= ROWS:
        _whole(request, b"".join(rows.pieces()))
    else:
        sending = _Sending(request, rows.pieces())
        request.registerProducer(sending, True)
        sending.resumeProducing()


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


@implementer(IPushProducer)
@attrs.define(eq=False)
class _Sending:
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
