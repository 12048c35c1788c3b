"""The HTTP server's end: from Twisted's request to a resource's answer."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import Request as HttpRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from ganetix import errors
from ganetix.rapi.auth import REALM, User, Users, identify
from ganetix.rapi.faults import HttpFault, bad_request, fault_of
from ganetix.rapi.request import Luxi, Request
from ganetix.rapi.routes import Found, route
from ganetix.toolkit.tasks import Tasks

RELEASE: Final = "3.0.2"
"""The release of Ganeti whose remote API this is."""

JSON: Final = "application/json"


@attrs.frozen
class Surroundings:
    """What answering takes: the *users* as they are now, the master daemon, the wall clock.

    With *always* every resource wants a user.
    """

    users: Callable[[], Users]
    luxi: Callable[[], Luxi]
    wall: Callable[[], float]
    always: bool = False


class Api(Resource):
    """All resources: Twisted's own tree is not used, the table of routes is."""

    isLeaf = True
    log = Logger()

    def __init__(self, around: Surroundings) -> None:
        Resource.__init__(self)
        self._around = around
        self._open: set[Tasks] = set()
        self._ending = Tasks()

    def render(self, request: HttpRequest) -> int:
        """Begin to answer *request*; whoever goes away is not worked for."""
        mine = Tasks()
        self._open.add(mine)
        gone: Any = request.notifyFinish()
        gone.addErrback(lambda _: self._ending.spawn("give up", mine.stop()))
        mine.spawn("answer", self._serve(request, mine))
        return NOT_DONE_YET

    async def stop(self) -> None:
        """Give up what is being answered."""
        for tasks in tuple(self._open):
            await tasks.stop()
        await self._ending.drained()

    async def _serve(self, request: HttpRequest, mine: Tasks) -> None:
        try:
            answer = await self._answer(request)
            self._send(request, HTTPStatus.OK, msgspec.json.encode(answer))
        except HttpFault as fault:
            self._refuse(request, fault)
        except errors.GanetiError as error:
            self._refuse(request, fault_of(error))
        except CancelledError:
            raise
        except Exception:  # noqa: BLE001 - the client gets an answer; logged
            self.log.failure("Answering {path} failed", Failure(), path=request.path)
            told = "A defect in the remote API; its log has the details."
            self._refuse(request, HttpFault(HTTPStatus.INTERNAL_SERVER_ERROR, told))
        finally:
            self._open.discard(mine)

    async def _answer(self, request: HttpRequest) -> Any:
        path = request.path.decode("ascii", "replace")
        found = route(path, request.method.decode("ascii", "replace"))
        self._admit(found, request.getHeader("authorization"))
        return await found.method.answer(
            Request(
                self._around.luxi(),
                found.names,
                _query(request.args),
                _body(request),
                found.resource.name,
                int(self._around.wall() * 1e9),
            )
        )

    def _admit(self, found: Found, header: str | None) -> None:
        """Raise `HttpFault` unless who asks may."""
        needed = found.method.options
        if not needed and not self._around.always and header is None:
            return
        user: User | None = identify(self._around.users(), header)
        if user is None:
            raise HttpFault(HTTPStatus.UNAUTHORIZED, "User name or password is missing or wrong.")
        if needed and not needed & user.options:
            told = " or ".join(sorted(needed))
            raise HttpFault(HTTPStatus.FORBIDDEN, f"User {user.name} lacks the option {told}.")

    def _refuse(self, request: HttpRequest, fault: HttpFault) -> None:
        if fault.status == HTTPStatus.UNAUTHORIZED:
            request.setHeader("www-authenticate", f'Basic realm="{REALM}"')
        self._send(request, fault.status, json.dumps(fault.body()).encode())

    def _send(self, request: HttpRequest, status: HTTPStatus, body: bytes) -> None:
        request.setResponseCode(int(status), status.phrase.encode())
        request.setHeader("server", f"Ganeti {RELEASE}")
        request.setHeader("content-type", JSON)
        request.setHeader("content-length", str(len(body)))
        request.setHeader("connection", "close")
        request.write(body)
        request.finish()
        self.log.info(
            "{method} {path} {status}",
            method=request.method.decode("ascii", "replace"),
            path=request.path.decode("ascii", "replace"),
            status=int(status),
        )


def _query(args: Mapping[bytes, list[bytes]]) -> dict[str, list[str]]:
    return {
        name.decode("utf-8", "replace"): [value.decode("utf-8", "replace") for value in values]
        for name, values in args.items()
    }


def _body(request: HttpRequest) -> Any:
    data = request.content.read() if request.content is not None else b""
    if not data:
        return None
    kind = (request.getHeader("content-type") or "").partition(";")[0].strip()
    if kind != JSON:
        raise HttpFault(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"A body must have the content type {JSON}."
        )
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise bad_request(f"The body is not JSON: {error}.") from error
