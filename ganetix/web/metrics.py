"""The figures of a daemon on a port of its own: nothing but ``GET /metrics``."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from twisted.internet.interfaces import IReactorTime
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from ganetix.toolkit.metrics import CONTENT_TYPE
from ganetix.toolkit.tasks import Tasks

Text = Callable[[], Awaitable[bytes]]

IDLE: Final = 10
"""Seconds after which a client that says nothing is hung up on."""


class Figures(Resource):
    """Answers with *text*."""

    isLeaf = True

    def __init__(self, text: Text) -> None:
        Resource.__init__(self)
        self._text = text
        self._tasks = Tasks()

    def render(self, request: Request) -> bytes | int:
        """Answer with the figures as they are now."""
        if request.path != b"/metrics":
            return _refused(request, HTTPStatus.NOT_FOUND)
        if request.method != b"GET":
            return _refused(request, HTTPStatus.METHOD_NOT_ALLOWED)
        self._tasks.spawn("metrics", self._answer(request))
        return NOT_DONE_YET

    async def _answer(self, request: Request) -> None:
        gone: list[object] = []
        lost: Any = request.notifyFinish()
        lost.addErrback(gone.append)
        text = await self._text()
        if not gone:
            request.setHeader("content-type", CONTENT_TYPE)
            request.setHeader("content-length", str(len(text)))
            request.write(text)
            request.finish()


def _refused(request: Request, status: HTTPStatus) -> bytes:
    request.setResponseCode(status)
    request.setHeader("content-type", "text/plain")
    return b"There is only GET /metrics here.\n"


class FiguresSite(Site):
    """Serves the figures; requests are not logged."""

    noisy = False
    displayTracebacks = False

    def __init__(self, reactor: IReactorTime, text: Text) -> None:
        Site.__init__(self, Figures(text), timeout=IDLE, reactor=reactor)

    def log(self, request: Any) -> None:
        """Say nothing: a scraper comes every few seconds."""
