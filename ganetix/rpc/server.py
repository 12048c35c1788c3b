"""The node's end of node calls: opens sessions, dispatches calls, remembers requests."""

from typing import Any, Final

import attrs
from twisted.internet.defer import DeferredLock
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.logger import Logger
from twisted.python.failure import Failure

from ganetix import errors
from ganetix.rpc.admission import Admission
from ganetix.rpc.broker import PING, ROOT, Broker, BrokerFactory
from ganetix.rpc.call import Truth
from ganetix.rpc.dispatch import Dispatch
from ganetix.rpc.events import EventSource
from ganetix.rpc.interfaces import Handlers, IMastership
from ganetix.rpc.requests import Requests
from ganetix.rpc.serving import ServedSession
from ganetix.rpc.session import Hello, Welcome, check_versions, refuse_mastership
from ganetix.rpc.tables.sessions import (
    MASTER_INFO,
    REQUEST_CANCEL,
    REQUEST_STATUS,
    VERSION,
    MasterInfo,
    RequestQuery,
    RequestState,
    VersionInfo,
)
from ganetix.tls.contexts import explain
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks
from ganetix.toolkit.timers import every

_OPEN_WITHIN: Final = 10.0
"""Seconds that a connection has for its handshake and its first message."""


@attrs.define(eq=False)
class NodeServer:
    """Everything that a node's daemon answers; its `factory` is for an endpoint to listen with."""

    handlers: Handlers
    mastership: IMastership
    admission: Admission
    events: EventSource
    clock: Clock
    versions: VersionInfo
    name: str = "rpc"
    log: Logger = attrs.field(factory=Logger)
    factory: BrokerFactory = attrs.field(init=False)
    dispatch: Dispatch = attrs.field(init=False)
    _requests: Requests = attrs.field(init=False)
    _sessions: dict[Broker, ServedSession] = attrs.field(factory=dict, init=False)
    _claims: DeferredLock = attrs.field(factory=DeferredLock, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    def __attrs_post_init__(self) -> None:
        """Make what belongs to this server alone."""
        self._requests = Requests(self.clock)
        own: Handlers = {
            MASTER_INFO.name: self._master_info,
            VERSION.name: self._version,
            REQUEST_STATUS.name: self._request_status,
            REQUEST_CANCEL.name: self._request_cancel,
        }
        self.dispatch = Dispatch(
            {**self.handlers, **own}, self._requests, self.clock, self.versions
        )
        self.factory = BrokerFactory(
            False, self.clock, on_ready=_nothing, on_lost=self._lost, made=self._made
        )

    async def start(self) -> None:
        """Begin to watch the sessions that come."""
        self._tasks.spawn("heartbeat", every(self.clock, PING, self._beat, self.log))

    async def stop(self) -> None:
        """End all sessions and cancel what they asked for."""
        await self._tasks.stop()
        for session in tuple(self._sessions.values()):
            session.broker.cut("the daemon stops")
        await self._requests.stop()

    def candidates_changed(self) -> None:
        """Close the sessions of those who may not command any more. Call it after each change."""
        for session in tuple(self._sessions.values()):
            if session.commands and not self.admission.may_command(session.identity):
                self._cut(session, "its certificate is not in the list of master candidates now")

    def sessions(self) -> tuple[ServedSession, ...]:
        """The sessions that are open."""
        return tuple(session for session in self._sessions.values() if session.role is not None)

    async def open(self, session: ServedSession, hello: Hello) -> Welcome:
        """Let *session* begin; raise the error that it is refused with, having logged it."""
        try:
            session.identity = self.admission.admit(session.broker.transport)
            check_versions(self.versions, hello.versions)
            if hello.epoch is None:
                session.role = self.admission.role_of(session.identity)
            else:
                await self._claim(session, hello.epoch, hello.master_node)
        except errors.GanetiError as error:
            session.refused = True
            self._refused(session.broker, error.message)
            raise
        return Welcome(
            self.versions, self.events.boot_id, session.role or "node", self.mastership.get()
        )

    async def _claim(self, session: ServedSession, epoch: int, master: str) -> None:
        """Accept *session* as the master's, cutting every other; one claim at a time."""
        if not self.admission.may_command(session.identity):
            raise errors.RemoteError(
                f"Node {session.identity.uuid} wants to command this node as master, but its"
                " certificate is not in the list of master candidates here: it was revoked, or"
                " the list is old. If it is old, copy the master's ssconf_master_candidates_certs"
                " here and run on this node: daemon-util accept-candidates FILE"
            )
        await self._claims.acquire()
        try:
            await self._raise_epoch(epoch, master)
            if session.broker not in self._sessions:
                raise errors.RemoteError("The connection was lost before the session opened.")
            for other in tuple(self._sessions.values()):
                if other is not session and other.role == "master":
                    self._cut(other, f"node {master} opened a newer session (epoch {epoch})")
            session.role = "master"
            self.events.listen(session.push)
        finally:
            self._claims.release()

    async def _raise_epoch(self, epoch: int, master: str) -> None:
        known = self.mastership.get()
        if epoch < known.epoch or (epoch == known.epoch and master != known.master_node):
            raise refuse_mastership(master, epoch, known)
        if epoch > known.epoch:
            await self.mastership.raise_to(epoch, master)
            self.log.info("This node now obeys {master}, epoch {epoch}", master=master, epoch=epoch)

    def _made(self, broker: Broker) -> None:
        session = ServedSession(broker, self.open, self.dispatch, self.events)
        self._sessions[broker] = session
        broker.offer(ROOT, session)

    def _lost(self, broker: Broker, reason: Failure) -> None:
        session = self._sessions.pop(broker)
        self.events.unlisten(session.push)
        looked_in = reason.check(ConnectionDone, ConnectionLost) and not (
            broker.why or broker.ready
        )
        if session.role is not None or looked_in:
            self.log.debug("Connection of {peer} ended", peer=broker.peer())
        elif not session.refused:
            self._refused(broker, broker.why or explain(reason.value or reason))

    def _refused(self, broker: Broker, reason: str) -> None:
        self.log.warn("Refused {peer}: {reason}", peer=broker.peer(), reason=reason)

    def _cut(self, session: ServedSession, reason: str) -> None:
        self.log.warn(
            "Closed session of {peer}: {reason}", peer=session.broker.peer(), reason=reason
        )
        session.role = None
        session.refused = True
        session.broker.cut(reason)

    def _beat(self) -> None:
        self._requests.expire()
        now = self.clock.monotonic()
        for session in tuple(self._sessions.values()):
            if session.role is None and now - session.broker.since >= _OPEN_WITHIN:
                session.broker.cut(f"it opened no session within {_OPEN_WITHIN:.0f} seconds")
            else:
                session.broker.beat()

    async def _master_info(self, _: Any, __: Any) -> MasterInfo:
        return self.mastership.get()

    async def _version(self, _: Any, __: Any) -> VersionInfo:
        return self.versions

    async def _request_status(self, query: RequestQuery, _: Any) -> RequestState:
        return self._requests.state(query.request_id)

    async def _request_cancel(self, query: RequestQuery, _: Any) -> Truth:
        return Truth(await self._requests.cancel(query.request_id))


def _nothing(_: Broker) -> None:
    """A server waits for the other end to speak."""
