"""The HTTP server's end: from Twisted's request to a resource's answer."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import attrs
import msgspec
from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import Request as HttpRequest

from ganetix import errors
from ganetix.luxi.aclient import Luxi
from ganetix.rapi import answers
from ganetix.rapi.answers import Handover
from ganetix.rapi.auth import User, Users, identify
from ganetix.rapi.faults import HttpFault, bad_request, fault_of, forbidden
from ganetix.rapi.request import Own, Request
from ganetix.rapi.routes import Found, route
from ganetix.rapi.throttle import Throttle
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks

MAX_BODY: Final = 1 << 20
"""Bytes that the body of a request may have."""


@attrs.frozen
class Surroundings:
    """What answering takes: the *users* as they are now, the master daemon, the clock, our *own*.

    With *always* every resource wants a user.
    """

    users: Callable[[], Users]
    luxi: Luxi
    clock: Clock
    own: Own
    always: bool = True


class Api:
    """All resources: Twisted's own tree is not used, the table of routes is."""

    log = Logger()

    def __init__(self, around: Surroundings) -> None:
        """Answer with what is *around*."""
        self._around = around
        self._throttle = Throttle(around.clock.monotonic)
        self._open: set[Tasks] = set()
        self._ending = Tasks()

    def answer(self, request: HttpRequest) -> None:
        """Begin to answer *request*; whoever goes away is not worked for."""
        mine = Tasks(self.log)
        self._open.add(mine)
        gone: Any = request.notifyFinish()
        gone.addErrback(lambda _: self._ending.spawn("give up", mine.stop()))
        mine.spawn("answer", self._serve(request, mine))

    async def stop(self) -> None:
        """Give up what is being answered."""
        for tasks in tuple(self._open):
            await tasks.stop()
        await self._ending.drained()

    async def _serve(self, request: HttpRequest, mine: Tasks) -> None:
        begun = self._around.clock.monotonic()
        try:
            answer = await self._outcome(request)
            if isinstance(answer, Handover):
                _hand_over(request, answer)
            elif isinstance(answer, HttpFault):
                answers.refuse(request, answer)
            else:
                answers.send(request, answer)
            took = self._around.clock.monotonic() - begun
            self._around.own.answered(_text(request.method), request.code, took)
            self._told(request)
        finally:
            self._open.discard(mine)

    async def _outcome(self, request: HttpRequest) -> Any:
        """Return what *request* is answered with: a JSON value or a fault."""
        try:
            return await self._answer(request)
        except HttpFault as fault:
            return fault
        except errors.GanetiError as error:
            return fault_of(error)
        except TimeoutError:
            return HttpFault(HTTPStatus.GATEWAY_TIMEOUT, _SILENT)
        except CancelledError:
            raise
        except Exception:  # noqa: BLE001 - the client gets an answer; logged
            self.log.failure("Answering {path} failed", Failure(), path=_text(request.path))
            return HttpFault(HTTPStatus.INTERNAL_SERVER_ERROR, _DEFECT)

    def _told(self, request: HttpRequest) -> None:
        self.log.info(
            "{method} {path} from {client}: {status}",
            method=_text(request.method),
            path=_text(request.path),
            client=_address(request),
            status=request.code,
        )

    async def _answer(self, request: HttpRequest) -> Any:
        found = route(_text(request.path), _text(request.method))
        await self._admit(found, request)
        made = Request(
            self._around.luxi,
            found.names,
            _query(request.uri),
            _body(request),
            found.resource.name,
            int(self._around.clock.wall() * 1e9),
            self._around.own,
            request.getHeader,
        )
        return await found.method.answer(made)

    async def _admit(self, found: Found, request: HttpRequest) -> None:
        """Raise `HttpFault` unless who asks may; who guesses at passwords waits for that."""
        needed, header = found.method.options, request.getHeader("authorization")
        if not needed and not self._around.always and header is None:
            return
        user: User | None = identify(self._around.users(), header)
        if user is None:
            if header is not None:
                await self._around.clock.sleep(self._throttle.failed(_address(request)))
            raise HttpFault(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNAUTHORIZED.phrase)
        self._throttle.passed(_address(request))
        if needed and not needed & user.options:
            told = " or ".join(sorted(needed))
            raise forbidden(f"User {user.name} lacks the option {told}.")


def _hand_over(request: Any, answer: Handover) -> None:
    channel = request.channel
    refused = answer.take(request)
    if refused is None:
        channel.apart()
    else:
        answers.refuse(request, bad_request(refused))


_SILENT: Final = "The master daemon did not answer in time."
_DEFECT: Final = "A defect in the remote API; its log has the details."


def _text(part: bytes) -> str:
    return part.decode("ascii", "replace")


def _address(request: HttpRequest) -> str:
    address: Any = request.getClientAddress()
    return str(getattr(address, "host", "an unknown address"))


def _query(uri: bytes) -> dict[str, list[str]]:
    """Return the arguments in *uri*, each with all its values; a form in a body is no source."""
    given = uri.partition(b"?")[2].decode("ascii", "replace")
    if not given:
        return {}
    try:
        return parse_qs(given, keep_blank_values=True, max_num_fields=1000)
    except ValueError as error:
        raise bad_request(f"The arguments can't be read: {error}.") from error


def _body(request: HttpRequest) -> Any:
    data = request.content.read(MAX_BODY + 1) if request.content is not None else b""
    if not data:
        return None
    if len(data) > MAX_BODY:
        raise HttpFault(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has more than {MAX_BODY} bytes."
        )
    kind = (request.getHeader("content-type") or "").partition(";")[0].strip().lower()
    if kind != answers.JSON:
        raise HttpFault(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"A body must have the content type {answers.JSON}.",
        )
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise bad_request(f"The body is not JSON: {error}.") from error
