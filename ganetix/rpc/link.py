"""The master's connection to one node: opened, watched, and opened again when it is lost."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.spread import pb

from ganetix import errors
from ganetix.rpc import codec
from ganetix.rpc.broker import ROOT, SILENCE, Broker, BrokerFactory
from ganetix.rpc.calling import CallingSession
from ganetix.rpc.events import EventOrder, decode_push, known_events
from ganetix.rpc.interfaces import Connect, IEventSink, NodeAddress
from ganetix.rpc.serving import EVENTS
from ganetix.rpc.session import OPEN, Hello, refused_for
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.tls.contexts import explain
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.retry import backoff
from ganetix.toolkit.tasks import Tasks

_OPEN_WITHIN: Final = 10.0
"""Seconds for connecting, the handshakes and the answer to the first message."""

_STABLE: Final = 10.0
"""A session that lived so many seconds was a good one: after it, pauses start small again."""


@attrs.define(eq=False)
class Link:
    """Keeps a session with the node at *address* open until `stop`.

    *refused* hears of a node that obeys another master.
    """

    address: NodeAddress
    connect: Connect
    hello: Callable[[], Hello]
    sink: IEventSink
    refused: Callable[[str, MasterInfo], None]
    clock: Clock
    uniform: Callable[[], float]
    log: Logger = attrs.field(factory=Logger)
    session: CallingSession | None = attrs.field(default=None, init=False)
    stopped: bool = attrs.field(default=False, init=False)
    _waiters: list[Deferred[CallingSession]] = attrs.field(factory=list, init=False)
    _pause: Deferred[None] | None = attrs.field(default=None, init=False)
    _told: str = attrs.field(default="", init=False)
    _receiver: "EventReceiver | None" = attrs.field(default=None, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    def start(self) -> None:
        """Begin to connect."""
        self._tasks.spawn(f"link to {self.address.name}", self._keep())

    async def stop(self) -> None:
        """End the session for good; whoever waits for one gets `errors.RemoteError`."""
        self.stopped = True
        session = self.session
        if session is not None:
            self._unuse("this end stops")
            session.broker.cut("this end stops")
        await self._tasks.stop()
        self._give_up("it is not connected any more, by order of this end")

    def opened(self) -> Deferred[CallingSession]:
        """Fire with the session, or fail with what the attempt under way (or the next) met."""
        waiter: Deferred[CallingSession] = Deferred(self._abandon)
        if self.session is not None:
            waiter.callback(self.session)
        elif self.stopped:
            waiter.errback(Failure(self._unreachable("it is not connected any more")))
        else:
            self._waiters.append(waiter)
            self._hurry()
        return waiter

    def connected(self) -> bool:
        """Whether the session is open and the node was heard of in the last `SILENCE` seconds."""
        return (
            self.session is not None
            and self.clock.monotonic() - self.session.broker.heard < SILENCE
        )

    def beat(self) -> None:
        """Give a sign of life, and ask for one."""
        if self.session is not None:
            self.session.broker.beat()

    def _hurry(self) -> None:
        if self._pause is not None:
            self._pause.cancel()

    def _abandon(self, waiter: Deferred[CallingSession]) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)

    async def _keep(self) -> None:
        pauses = self._pauses()
        while not self.stopped:
            began = self.clock.monotonic()
            try:
                session = await self.clock.within(_OPEN_WITHIN, self._open())
            except CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was, the next attempt follows
                self._failed(error)
            else:
                self._use(session)
                self._unuse(await session.ended)
                if self.clock.monotonic() - began >= _STABLE:
                    pauses = self._pauses()
            if not self._waiters:
                await self._rest(next(pauses))

    def _pauses(self) -> Iterator[float]:
        return backoff(self.uniform, 0.1, 10.0)

    async def _rest(self, seconds: float) -> None:
        self._pause = self.clock.sleep(seconds)
        try:
            await self._pause
        except CancelledError:
            if self.stopped:
                raise
        finally:
            self._pause = None

    async def _open(self) -> CallingSession:
        ready: Deferred[Broker] = Deferred()
        ended: Deferred[str] = Deferred()
        broker = await self._connected(ready, ended)
        try:
            await ready
            answer = await broker.call(ROOT, "open", codec.pack(self.hello()))
            welcome = codec.decode_answer(OPEN, answer)
        except CancelledError:
            broker.cut(f"it did not answer within {_OPEN_WITHIN:.0f} seconds")
            raise
        except pb.PBConnectionLost:
            raise self._unreachable(await ended) from None
        except errors.GanetiError:
            broker.cut("the session was refused")
            raise
        return CallingSession(broker, welcome, ended, self.clock)

    async def _connected(self, ready: Deferred[Broker], ended: Deferred[str]) -> Broker:
        receiver = self._receiver = EventReceiver(self.address.uuid, self.sink)

        def made(broker: Broker) -> None:
            receiver.broker = broker
            broker.offer(EVENTS, receiver)

        def lost(broker: Broker, reason: Failure) -> None:
            ended.callback(broker.why or explain(reason.value or reason))
            if not ready.called:
                ready.errback(Failure(pb.PBConnectionLost(reason)))

        factory = BrokerFactory(True, self.clock, ready.callback, lost, made)
        found: Any = await self.connect(self.address).connect(factory)
        return found if isinstance(found, Broker) else receiver.broker

    def _use(self, session: CallingSession) -> None:
        self.session = session
        self._told = ""
        self.log.info("Node {node} is connected", node=self.address.name)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.called:  # one of them may have cancelled the others
                waiter.callback(session)
        if self._receiver is not None:
            self._receiver.begin()

    def _unuse(self, why: str) -> None:
        if self.session is None:
            return
        self.session = None
        if not self.stopped:
            self.log.warn("Lost node {node}: {reason}", node=self.address.name, reason=why)
        self.sink.lost(self.address.uuid)

    def _failed(self, error: Exception) -> None:
        obeyed = refused_for(error)
        if obeyed is not None:
            self.refused(self.address.uuid, obeyed)
        told = _in_words(error)
        if told != self._told:
            self.log.warn("Node {node}: {reason}", node=self.address.name, reason=told)
        self._told = told
        self._give_up(told)

    def _give_up(self, told: str) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.called:
                waiter.errback(Failure(self._unreachable(told)))

    def _unreachable(self, told: str) -> errors.RemoteError:
        where = f"{self.address.ip}, port {self.address.port}"
        return errors.RemoteError(f"Node {self.address.name} ({where}) can't be reached: {told}.")


_REMEDY: Final = "start ganeti-noded on it, or mark it offline with 'gnt-node modify'"


def _in_words(error: Exception) -> str:
    if isinstance(error, errors.GanetiError):
        return error.message.rstrip(".")
    if isinstance(error, TimeoutError):
        return f"it did not answer within {_OPEN_WITHIN:.0f} seconds; {_REMEDY}"
    if isinstance(error, Refused):
        return f"nothing listens there; {_REMEDY}"
    return explain(error)


@attrs.define(eq=False)
class EventReceiver(pb.Referenceable):
    """Takes the pushes of one connection to node *node* and gives them to *sink* in order.

    The first ones come before the answer that opens the session: they are kept until then, so that
    whoever hears them can call the node.
    """

    node: str
    sink: IEventSink
    broker: Broker = attrs.field(init=False)
    _order: EventOrder = attrs.field(factory=EventOrder, init=False)
    _early: list[bytes] | None = attrs.field(factory=list, init=False)

    def begin(self) -> None:
        """The session is open: give on what has come, and from now on what comes."""
        early, self._early = self._early or [], None
        for frame in early:
            self.remote_push(frame)

    def remote_push(self, frame: bytes) -> None:
        """A push from the node; after a gap, the whole table is asked for instead."""
        if self._early is not None:
            self._early.append(frame)
            return
        push = decode_push(frame)
        if not self._order.follows(push):
            self.broker.tell(ROOT, "resync")
        elif push.whole:
            self.sink.whole(self.node, known_events(push))
        else:
            for event in known_events(push):
                self.sink.event(self.node, event)
