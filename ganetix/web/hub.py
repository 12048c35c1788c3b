"""Who listens to events: one wait at the master daemon for all of them, however many there are."""

from collections import deque
from typing import Any, Final, Protocol

import attrs
import msgspec
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from zope.interface import implementer

from ganetix import errors
from ganetix.luxi.aclient import Luxi
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks

WAIT: Final = 60.0
"""Seconds that the master daemon is waited for."""

AGAIN: Final = 1.0
"""Seconds until the next try, when it can't be reached."""

BEAT: Final = 15.0
"""Seconds after which a listener gets a sign of life."""

QUEUED: Final = 1000
"""Events that wait for a listener who does not read; one more, and the listener is dropped."""

PATIENCE: Final = 4
"""Signs of life in a row for which there may be no room."""

SLOW: Final = f"You read too slowly: more than {QUEUED} events wait for you."
SILENT: Final = f"You have read nothing for {BEAT * PATIENCE:.0f} seconds."
STOPPED: Final = "The remote API daemon stops."


@attrs.frozen
class Told:
    """An event on its way: *data* is JSON. What is no event of the cluster may have no *id*."""

    id: str
    kind: str
    data: bytes


def told(id: str, kind: str, data: Any) -> Told:
    """Return an event with *data* encoded."""
    return Told(id, kind, msgspec.json.encode(data))


def all_in(news: dict[str, Any], seen: str) -> list[Told]:
    """Return what an answer of WaitForEvents has; what is missing after *seen* comes first."""
    missing = [told("", "gap", {"since": seen})] if news["gap"] else []
    return [*missing, *(told(*row) for row in news["events"])]


class Wire(Protocol):
    """How events reach one client."""

    def open(self, listener: "Listener") -> None:
        """Begin; *listener* is told when there is room, and when the client has gone."""

    def event(self, event: Told) -> None:
        """Send *event*."""

    def beat(self) -> None:
        """Send a sign of life."""

    def end(self, reason: str) -> None:
        """Send *reason* as far as that goes, and close."""


@implementer(IPushProducer)
@attrs.define(eq=False)
class Listener:
    """One client: its events in order, held back while it does not read."""

    hub: "Hub"
    wire: Wire
    seen: str
    room: bool = attrs.field(default=True, init=False)
    """Whether the client reads what it is sent."""
    _queue: deque[Told] = attrs.field(factory=deque, init=False)
    _current: bool = attrs.field(default=False, init=False)
    """Whether everything before now was sent: until then new events wait."""
    _missed: int = attrs.field(default=0, init=False)
    """Signs of life that there was no room for."""

    def send(self, event: Told) -> None:
        """Send *event*, now or when there is room."""
        self._queue.append(event)
        self._flush()
        if len(self._queue) > QUEUED:
            self.drop(SLOW)

    def replay(self, events: list[Told]) -> None:
        """Send what happened before now."""
        for event in events:
            self._write(event)

    def current(self) -> None:
        """Go on with what has come in meanwhile."""
        self._current = True
        self._flush()

    def _flush(self) -> None:
        while self._queue and self.room and self._current:
            event = self._queue.popleft()
            if event.kind == "gap" or not _is_before(event.id, self.seen):
                self._write(event)

    def _write(self, event: Told) -> None:
        self.wire.event(event)
        if event.kind != "gap":
            self.seen = event.id

    def beat(self) -> None:
        """Send a sign of life; who has read nothing for a while is dropped."""
        self._missed = 0 if self.room else self._missed + 1
        if self._missed > PATIENCE:
            self.drop(SILENT)
        elif self.room:
            self.wire.beat()

    def drop(self, reason: str) -> None:
        """Listen no more."""
        if self.hub.leave(self):
            self.hub.log.info("A listener was dropped: {reason}", reason=reason)
            self.wire.end(reason)

    def resumeProducing(self) -> None:
        """See `IPushProducer`."""
        self.room = True
        self._flush()

    def pauseProducing(self) -> None:
        """See `IPushProducer`."""
        self.room = False

    def stopProducing(self) -> None:
        """See `IPushProducer`: the client has gone."""
        self.hub.leave(self)


def _is_before(id: str, seen: str) -> bool:
    """Whether the event *id* is not after *seen*, of the same boot."""
    boot, _, number = id.rpartition("-")
    here, _, last = seen.rpartition("-")
    return boot == here and int(number) <= int(last)


@attrs.define(eq=False)
class Hub:
    """All listeners, *most* of them; the master daemon is only asked while there are any."""

    luxi: Luxi
    clock: Clock
    most: int
    log: Logger = attrs.field(factory=Logger)
    listeners: dict[Listener, None] = attrs.field(factory=dict, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _following: bool = attrs.field(default=False, init=False)
    _start: str = attrs.field(default="", init=False)

    @property
    def full(self) -> bool:
        """Whether there is no place for another listener."""
        return len(self.listeners) >= self.most

    async def first(self, seen: str | None) -> dict[str, Any]:
        """Return what came after *seen*; raise the master daemon's error for what is no id."""
        if not self._following:
            # Before what came earlier is asked for: so nothing is missed between the two.
            self._start = (await self._ask(None))["id"]
        return await self._ask(seen)

    async def _ask(self, seen: str | None, seconds: float = 0.0) -> dict[str, Any]:
        found: dict[str, Any] = await self.luxi.call("WaitForEvents", seen, seconds)
        return found

    def join(self, wire: Wire, seen: str | None, news: dict[str, Any]) -> None:
        """Have *wire* told of *news* (see `first`) and of everything that comes."""
        start = news["id"] if seen is None else seen
        listener = Listener(self, wire, start)
        self.listeners[listener] = None
        wire.open(listener)
        listener.replay([told(start, "begin", {}), *all_in(news, start)])
        if not self._following:
            self._following = True
            self._tasks.spawn("following events", self._follow(self._start))
            self._tasks.spawn("signs of life", self._beat())
        self._tasks.spawn("catching up", self._catch_up(listener, news["id"]))

    def leave(self, listener: Listener) -> bool:
        """Forget *listener*; whether it was there."""
        if listener not in self.listeners:
            return False
        del self.listeners[listener]
        return True

    async def _catch_up(self, listener: Listener, seen: str) -> None:
        """Replay what is kept until nothing is left; what happens meanwhile waits its turn."""
        while listener in self.listeners:
            news = await self._ask_again(seen) if listener.room else None
            if news is None:
                await self.clock.sleep(AGAIN)
                continue
            listener.replay(all_in(news, seen))
            seen = news["id"]
            if not news["events"]:
                listener.current()
                return

    async def _follow(self, seen: str) -> None:
        """Wait for events for as long as anybody listens."""
        try:
            while self.listeners:
                seen = await self._next(seen)
        finally:
            self._following = False

    async def _next(self, seen: str) -> str:
        """Give everybody what comes after *seen*; return the id from which to go on."""
        news = await self._ask_again(seen, WAIT)
        if news is None:
            await self.clock.sleep(AGAIN)
            return seen
        for event in all_in(news, seen):
            for listener in tuple(self.listeners):
                listener.send(event)
        return str(news["id"])

    async def _ask_again(self, seen: str, seconds: float = 0.0) -> dict[str, Any] | None:
        """Return what came after *seen*, None when the master daemon is away: try again."""
        try:
            return await self._ask(seen, seconds)
        except (errors.GanetiError, TimeoutError) as error:
            self.log.warn("Waiting for events failed: {why}", why=str(error))
            return None

    async def _beat(self) -> None:
        while self._following:
            await self.clock.sleep(BEAT)
            for listener in tuple(self.listeners):
                listener.beat()

    async def stop(self) -> None:
        """Send everybody away."""
        for listener in tuple(self.listeners):
            listener.drop(STOPPED)
        await self._tasks.stop()
