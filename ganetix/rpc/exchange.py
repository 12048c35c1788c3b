"""One request of the master, from its sending to its answer, across lost links and time-outs."""

from typing import Any, Final, NoReturn

import attrs
from twisted.internet.defer import CancelledError, Deferred, TimeoutError

from ganetix import errors
from ganetix.rpc import codec
from ganetix.rpc.call import Call
from ganetix.rpc.calling import LOST, CallingSession
from ganetix.rpc.link import Link
from ganetix.rpc.requests import KEEP
from ganetix.rpc.tables.sessions import REQUEST_CANCEL, REQUEST_STATUS, RequestQuery, RequestState
from ganetix.toolkit.retry import backoff, retry
from ganetix.toolkit.tasks import Tasks
from ganetix.toolkit.timers import Timers

_COMES_BACK: Final = 30.0
"""Seconds for which a lost node may stay away before the outcome of its requests is unknown."""

_ASK: Final = 10.0
"""Seconds for which the master asks after a request that timed out."""


@attrs.define(eq=False)
class Exchange:
    """Sends *frame* over *link* and gets its answer within *seconds*.

    The request may be sent more than once; the node runs its id once. It is repeated only if
    *call* is idempotent or the node says that it never began.
    """

    link: Link
    call: Call[Any, Any]
    request_id: str
    frame: bytes
    seconds: float
    timers: Timers
    tasks: Tasks
    _expired: bool = attrs.field(default=False, init=False)
    _sent: bool = attrs.field(default=False, init=False)
    _questions: int = attrs.field(default=0, init=False)

    async def run(self) -> bytes:
        """Return the answer's frame; raise `errors.RemoteError` if there is none."""
        work = Deferred.fromCoroutine(self._through())

        def expire() -> None:
            self._expired = True
            work.cancel()

        timer = self.timers.after(self.seconds, expire)
        try:
            return await work
        except CancelledError:
            if not self._expired:
                self._abandon()
                raise
        finally:
            timer.cancel()
        return await self._timed_out()

    async def _through(self) -> bytes:
        session = self.link.session or await self.link.opened()
        began = self.link.clock.monotonic()
        while True:
            self._sent = True
            try:
                return await session.send(self.request_id, self.frame)
            except LOST:
                session = await self._again(session.welcome.boot_id, began)

    async def _again(self, boot_id: str, began: float) -> CallingSession:
        """Return a new session on which the request may be sent again."""
        session = await self._recovered()
        if self.call.idempotent:
            return session
        if session.welcome.boot_id != boot_id:
            self._unknown("its daemon was started anew meanwhile")
        state = await self._state(session)
        if state.state == "unknown" and self.link.clock.monotonic() - began >= KEEP:
            self._unknown("the connection was lost for too long")
        # Never began: it may begin now. Running or done: the node takes it for the same request.
        return session

    async def _recovered(self) -> CallingSession:
        clock = self.link.clock
        until = clock.monotonic() + _COMES_BACK

        def may_come_back(error: Exception) -> bool:
            away = isinstance(error, errors.RemoteError)
            return away and not self.link.stopped and clock.monotonic() < until

        try:
            pauses = backoff(self.link.uniform, 0.1, 2.0)
            return await retry(self.link.opened, clock, pauses, may_come_back)
        except errors.RemoteError as error:
            self._unknown(error.message.rstrip("."))

    async def _state(self, session: CallingSession) -> RequestState:
        try:
            answer = await session.send(*self._about(REQUEST_STATUS))
        except LOST:
            return RequestState("running")  # sending again will meet the same loss, and ask again
        return codec.decode_answer(REQUEST_STATUS, answer)

    async def _timed_out(self) -> bytes:
        """Ask what became of the request; return its answer if there is one by now."""
        clock = self.link.clock
        session = self.link.session
        if self._sent and session is not None and not self.call.idempotent:
            try:
                state = await clock.within(_ASK, self._state(session))
            except (errors.RemoteError, TimeoutError):
                state = RequestState("running")
            if state.state == "done":
                return state.answer
        self._abandon()
        raise errors.RemoteError(
            f"Node {self.link.address.name} did not answer call {self.call.name} within"
            f" {self.seconds:g} seconds"
            + ("." if self.call.idempotent or not self._sent else "; its outcome is unknown.")
        )

    def _abandon(self) -> None:
        """Tell the node that nobody waits for the answer any more."""
        if self._sent and self.link.session is not None:
            self.tasks.spawn("cancel of a node call", self._cancel(self.link.session))

    async def _cancel(self, session: CallingSession) -> None:
        try:
            await session.send(*self._about(REQUEST_CANCEL))
        except LOST:
            return  # the node cancels it itself when its deadline has passed

    def _about(self, call: Call[Any, Any]) -> tuple[str, bytes]:
        self._questions += 1
        own_id = f"{self.request_id}-{self._questions}"
        query = RequestQuery(self.request_id)
        return own_id, codec.encode_request(call, query, own_id, None, _ASK)

    def _unknown(self, why: str) -> NoReturn:
        raise errors.RemoteError(
            f"The connection to node {self.link.address.name} was lost during call"
            f" {self.call.name} and its outcome is unknown: {why}. Look at the node before you"
            " repeat the operation."
        )
