"""Seeing what operations do: units, node calls and handlers, wrapped so that the world hears.

Every operation passes *steps*: ``submit``, ``check``, ``execute``, ``commit``, and for each node
call its name and ``NAME answered``. Faults are injected at steps, but not at answers: a fault that
comes some time after a call was sent meets those too.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import attrs
from zope.interface import implementer

from ganetix.errors import GanetiError
from ganetix.master.jobs.execute import Units
from ganetix.master.logic.unit import ALL, Context, Hooks, Level, Mode, Unit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.codec import op_id_of
from ganetix.rpc.call import Call, INodes
from ganetix.rpc.interfaces import CallContext, Handler, Handlers
from ganetix.rpc.tables.files import SSCONF_UPDATE
from ganetix.toolkit.logcontext import current

ANSWERED = " answered"
"""What the end of a call is called, after the call's name."""
STORE = "(store)"
"""What the journal's own pushes to candidates count as."""
CLUSTER = "(cluster)"
"""Other calls that no job asked for: values for all nodes, elections."""


class Observer(Protocol):
    """Who hears of it."""

    def reached(self, operation: str, step: str, node: str = "") -> None:
        """*operation* is at *step*, which concerns the node with uuid *node* if any."""

    def enter(self, work: "Work") -> None:
        """An opcode works on what its locks protect."""

    def leave(self, work: "Work") -> None:
        """It has ended."""


@attrs.define(eq=False)
class Work:
    """One opcode at work, and what nobody else may touch meanwhile: by its own word."""

    title: str
    touches: dict[tuple[str, str], Mode]
    """(level, key) to the mode."""

    def narrow(self, level: Level, keys: Iterable[str] | None) -> None:
        """Touch *keys* of *level* (None: all) no more."""
        gone = None if keys is None else set(keys)
        for where in list(self.touches):
            if where[0] == level and (gone is None or where[1] in gone):
                del self.touches[where]

    def share(self, level: Level) -> None:
        """Let others look at what of *level* is touched."""
        for where in self.touches:
            if where[0] == level:
                self.touches[where] = "shared"

    def collides(self, other: "Work") -> tuple[str, str] | None:
        """Return what this and *other* touch although one of them wants it alone."""
        for where, mode in self.touches.items():
            if where in other.touches and "exclusive" in (mode, other.touches[where]):
                return where
        return None


def work_of(title: str, wants: Iterable[Want]) -> Work:
    """Return what an opcode with *wants* touches."""
    touches: dict[tuple[str, str], Mode] = {}
    for want in wants:
        for key in want.keys:
            if touches.get((want.level, key)) != "exclusive":
                touches[want.level, key] = want.mode
    return Work(title, touches)


def watched_units(units: Units, observer: Observer) -> Units:
    """Return *units*, each seen by *observer*."""
    return {kind: WatchedUnit(unit, observer, unit.resumable) for kind, unit in units.items()}


@attrs.define
class WatchedUnit:
    """A unit whose steps are told."""

    unit: Unit[Any, Any]
    observer: Observer
    resumable: bool

    def locks(self, op: OpCode, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return self.unit.locks(op, cluster)

    async def check(self, op: OpCode, context: Context) -> Any:
        """See `IUnit`."""
        self.observer.reached(op_id_of(op), "check")
        return await self.unit.check(op, context)

    def hooks(self, op: OpCode, plan: Any, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return self.unit.hooks(op, plan, cluster)

    async def execute(self, op: OpCode, plan: Any, context: Context) -> Any:
        """See `IUnit`."""
        wants = _still(self.unit.locks(op, context.cluster), context)
        work = work_of(f"job {context.job_id} ({op_id_of(op)})", wants)
        self.observer.enter(work)
        try:
            self.observer.reached(op_id_of(op), "execute")
            watched: Any = WatchedContext(context, work, self.observer, op_id_of(op))
            return await self.unit.execute(op, plan, watched)
        finally:
            self.observer.leave(work)


def _still(wants: list[Want], context: Context) -> list[Want]:
    """Return *wants* with exactly the keys that the opcode says it owns."""
    rows = []
    for want in wants:
        owned = context.owned(want.level)
        keys = owned if ALL in want.keys else owned.intersection(want.keys)
        rows.append(attrs.evolve(want, keys=tuple(sorted(keys))))
    return rows


@attrs.define(eq=False)
class WatchedContext:
    """A context whose commits and locks are told; everything else is the real one's."""

    real: Context
    work: Work
    observer: Observer
    operation: str

    async def commit(
        self, change_of: Callable[[Cluster], Change], *, settles: bool = False
    ) -> Cluster:
        """See `Context`."""
        self.observer.reached(self.operation, "commit")
        return await self.real.commit(change_of, settles=settles)

    def release(self, level: Level, keys: Iterable[str] | None = None) -> None:
        """See `Context`."""
        gone = None if keys is None else set(keys)
        self.work.narrow(level, gone)
        self.real.release(level, gone)

    def downgrade(self, level: Level) -> None:
        """See `Context`."""
        self.work.share(level)
        self.real.downgrade(level)

    def __getattr__(self, name: str) -> Any:
        """Everything else."""
        return getattr(self.real, name)


@implementer(INodes)
@attrs.frozen
class WatchedNodes:
    """The nodes, each call told before and after."""

    real: INodes
    observer: Observer

    async def call(
        self, node: str, call: Call[Any, Any], request: Any, timeout: float | None = None
    ) -> Any:
        """See `INodes`."""
        operation = _operation(call.name)
        self.observer.reached(operation, call.name, node)
        try:
            return await self.real.call(node, call, request, timeout)
        finally:
            self.observer.reached(operation, call.name + ANSWERED, node)

    async def call_each(
        self, nodes: Iterable[str], call: Call[Any, Any], request: Any
    ) -> Mapping[str, Any | GanetiError]:
        """See `INodes`."""
        wanted = list(nodes)
        operation = _operation(call.name)
        for node in wanted:
            self.observer.reached(operation, call.name, node)
        found: Mapping[str, Any | GanetiError] = await self.real.call_each(wanted, call, request)
        for node in wanted:
            self.observer.reached(operation, call.name + ANSWERED, node)
        return found

    def connected(self, node: str) -> bool:
        """See `INodes`."""
        return bool(self.real.connected(node))


def _operation(call: str) -> str:
    if call.startswith("journal_"):
        return STORE
    if call == SSCONF_UPDATE.name:
        return CLUSTER
    return current().opcode or CLUSTER


def watched_handlers(
    handlers: Handlers,
    begun: Callable[[str, CallContext], None],
    ended: Callable[[str, CallContext], None],
) -> Handlers:
    """Return *handlers*, each telling when it began and when it has ended."""

    def watched(name: str, handler: Handler) -> Handler:
        async def handle(request: Any, context: CallContext) -> Any:
            begun(name, context)
            answer = await handler(request, context)
            ended(name, context)
            return answer

        return handle

    return {name: watched(name, handler) for name, handler in handlers.items()}
