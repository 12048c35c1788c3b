"""What nodes push: a small table of facts, kept the same on both ends.

A node's events are the newest values of a table with one row a subject (`Event.subject`). A push
carries rows that changed, numbered within one run of the node's daemon; a new session, or a gap in
the numbers, brings the whole table first.
"""

from collections.abc import Callable, Iterable

import attrs
import msgspec

from ganetix.rpc import codec
from ganetix.rpc.tables.checks import NodeInfo
from ganetix.rpc.tables.instances import InstanceState


class InstanceEvent(msgspec.Struct, frozen=True, tag="instance"):
    """The live state of instance *name*; None when it does not run here."""

    name: str
    state: InstanceState | None

    @property
    def subject(self) -> str:
        """The row of the table."""
        return f"instance/{self.name}"

    @property
    def gone(self) -> bool:
        """Whether the row may be left out of the whole table."""
        return self.state is None


class FiguresEvent(msgspec.Struct, frozen=True, tag="figures"):
    """The node's own live figures."""

    info: NodeInfo

    @property
    def subject(self) -> str:
        """The row of the table."""
        return "figures"

    @property
    def gone(self) -> bool:
        """Whether the row may be left out of the whole table."""
        return False


class DiskEvent(msgspec.Struct, frozen=True, tag="disk"):
    """How far the disk *uuid* is in sync: percent, seconds to go; *synced* ends it."""

    uuid: str
    percent: float
    eta: float | None = None
    degraded: bool = False
    synced: bool = False

    @property
    def subject(self) -> str:
        """The row of the table."""
        return f"disk/{self.uuid}"

    @property
    def gone(self) -> bool:
        """Whether the row may be left out of the whole table."""
        return self.synced


class TaskEvent(msgspec.Struct, frozen=True, tag="task"):
    """Progress of the long task that request *request_id* began: 0 to 1, and a note."""

    request_id: str
    job_id: int | None
    progress: float
    note: str = ""
    done: bool = False

    @property
    def subject(self) -> str:
        """The row of the table."""
        return f"task/{self.request_id}"

    @property
    def gone(self) -> bool:
        """Whether the row may be left out of the whole table."""
        return self.done


Event = InstanceEvent | FiguresEvent | DiskEvent | TaskEvent


class Push(msgspec.Struct, frozen=True, array_like=True):
    """A message of events: *sequence* is the number of its last event in the run *boot_id*."""

    boot_id: str
    sequence: int
    whole: bool
    events: list[msgspec.Raw]


_events = msgspec.msgpack.Decoder(Event)


def known_events(push: Push) -> list[Event]:
    """Return the events in *push*, leaving out kinds that this release does not know."""
    known: list[Event] = []
    for raw in push.events:
        try:
            known.append(_events.decode(raw))
        except msgspec.ValidationError:
            continue
    return known


@attrs.define(eq=False)
class EventSource:
    """The node's end: publish events; each listener gets the whole table, then every change.

    *boot_id* is a new random text for each run of the daemon.
    """

    boot_id: str
    _table: dict[str, Event] = attrs.field(factory=dict, init=False)
    _sequence: int = attrs.field(default=0, init=False)
    _listeners: list[Callable[[bytes], None]] = attrs.field(factory=list, init=False)

    def publish(self, event: Event) -> None:
        """Tell all listeners of *event*; nothing if its subject has that value already."""
        if self._table.get(event.subject) == event:
            return
        if event.gone:
            if self._table.pop(event.subject, None) is None:
                return
        else:
            self._table[event.subject] = event
        self._sequence += 1
        frame = self._push(False, (event,))
        for listener in tuple(self._listeners):
            listener(frame)

    def now(self) -> list[Event]:
        """Return the newest values of all subjects."""
        return list(self._table.values())

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """Give *listener* the whole table now and every push from now on."""
        self._listeners.append(listener)
        listener(self.whole())

    def unlisten(self, listener: Callable[[bytes], None]) -> None:
        """Tell *listener* no more; nothing if it did not listen."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def whole(self) -> bytes:
        """Return the push of the whole table."""
        return self._push(True, self._table.values())

    def _push(self, whole: bool, events: Iterable[Event]) -> bytes:
        rows = [msgspec.Raw(codec.pack(event)) for event in events]
        return codec.pack(Push(self.boot_id, self._sequence, whole, rows))


@attrs.define(eq=False)
class EventOrder:
    """The master's end of one session: tells whether a push follows what came before it."""

    _boot_id: str = attrs.field(default="", init=False)
    _sequence: int = attrs.field(default=-1, init=False)

    def follows(self, push: Push) -> bool:
        """Take note of *push*; False if something before it is missing."""
        if not push.whole and (
            push.boot_id != self._boot_id or push.sequence != self._sequence + len(push.events)
        ):
            return False
        self._boot_id, self._sequence = push.boot_id, push.sequence
        return True


def decode_push(frame: bytes) -> Push:
    """Return the push in *frame*; raise `errors.ParseError`."""
    return codec.unpack(Push, frame)
