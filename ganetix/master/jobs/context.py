"""What a unit of logic gets while it runs: the cluster, the nodes, the job's log, undo, rest."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.master.jobs.records import Job, OpRecord, Timestamp
from ganetix.master.jobs.reservations import Reservations
from ganetix.master.jobs.withheld import without_secrets
from ganetix.master.locks.held import Held
from ganetix.master.logic.unit import Level, UndoAction
from ganetix.master.store.store import Store
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.opcodes.base import OpCode
from ganetix.paths import Paths
from ganetix.rpc.call import Call, INodes
from ganetix.toolkit.clock import Clock


class Recorder(Protocol):
    """Where a running opcode's progress is recorded; the queue is one."""

    def record_op(self, job_id: int, index: int, **fields: Any) -> None:
        """Set *fields* of the opcode's record, journalled but not waited for."""

    def record_log(self, job_id: int, index: int, kind: str, payload: Any) -> None:
        """Add a log entry."""

    def op_record(self, job_id: int, index: int) -> OpRecord:
        """The opcode's record."""

    def settled(self, job_id: int, index: int) -> Job:
        """The job as it is when nothing of the opcode is to be undone; records nothing."""

    async def submit_children(self, job_id: int, jobs: list[list[OpCode]]) -> list[list[Any]]:
        """Submit jobs for a running one."""


class JobOwner(Recorder, Protocol):
    """What a running job tells its queue."""

    store: Store
    log: Logger

    def now(self, job_id: int) -> Timestamp:
        """The present, not before any other timestamp of the job."""

    async def finish(self, job: Job) -> None:
        """Record the final state of *job*."""


@attrs.frozen
class Surroundings:
    """What is the same for every opcode."""

    store: Store
    nodes: INodes
    clock: Clock
    randomness: Randomness
    paths: Paths
    reservations: Reservations = attrs.field(factory=Reservations)


@attrs.define(eq=False)
class JobContext:
    """See `ganetix.master.logic.unit.Context`."""

    around: Surroundings
    recorder: Recorder
    job_id: int
    index: int
    resumed: Any = None
    held: Held | None = None
    resting: Deferred[Any] | None = attrs.field(default=None, init=False)
    suspended: bool = attrs.field(default=False, init=False)
    """Whether the next rest ends the opcode for now: the daemon stops."""
    committed: bool = attrs.field(default=False, init=False)
    _undo: list[UndoAction] = attrs.field(factory=list)

    @property
    def clock(self) -> Clock:
        """The clock."""
        return self.around.clock

    @property
    def randomness(self) -> Randomness:
        """The random source."""
        return self.around.randomness

    @property
    def paths(self) -> Paths:
        """The master's paths."""
        return self.around.paths

    @property
    def cluster(self) -> Cluster:
        """The newest committed configuration."""
        return self.around.store.cluster

    @property
    def behind(self) -> frozenset[str]:
        """The candidates that lack acknowledged changes."""
        return frozenset(self.around.store.journal.replicas.behind)

    def nodes(self) -> INodes:
        """The nodes."""
        return self.around.nodes

    async def call(self, node: str, call: Call[Any, Any], request: Any) -> Any:
        """Make a node call for this job."""
        try:
            return await self.around.nodes.call(node, call, request)
        except errors.OF_NODES as error:
            known = self.cluster.nodes.get(node)
            raise errors.with_place(error, known.name if known else "") from error

    async def call_each(
        self, nodes: Iterable[str], call: Call[Any, Any], request: Any
    ) -> Mapping[str, Any]:
        """Make a call on several nodes."""
        return await self.around.nodes.call_each(nodes, call, request)

    async def commit(
        self, change_of: Callable[[Cluster], Change], *, settles: bool = False
    ) -> Cluster:
        """Apply a change durably."""
        change = change_of(self.around.store.cluster)
        jobs = (self.recorder.settled(self.job_id, self.index),) if settles else ()
        after = await self.around.store.commit(change, jobs)
        self.committed = True
        if settles:
            self._undo.clear()
        return after

    def log(self, message: str) -> None:
        """Add a message to the job's log."""
        self.log_entry("message", message)

    def log_entry(self, kind: str, payload: Any) -> None:
        """Add an entry to the job's log."""
        self.recorder.record_log(self.job_id, self.index, kind, payload)

    async def undo(self, *actions: UndoAction) -> None:
        """Journal *actions* durably before the steps that they undo."""
        self.undo_after_commit(*actions)
        await self.around.store.journal.durable()

    def undo_after_commit(self, *actions: UndoAction) -> None:
        """Journal *actions*; the next commit comes after them, and is waited for."""
        self._undo.extend(actions)
        self._record_undo()

    def undo_done(self) -> None:
        """Forget the undo actions."""
        self._undo.clear()
        self._record_undo()

    def pending_undo(self) -> list[UndoAction]:
        """What to undo if the opcode fails now, oldest first."""
        return list(self._undo)

    def _record_undo(self) -> None:
        rows = without_secrets(msgspec.to_builtins(self._undo)) or msgspec.UNSET
        self.recorder.record_op(self.job_id, self.index, undo=rows)

    async def rest(self, state: Any, wait: Callable[[], Awaitable[Any]]) -> Any:
        """Await ``wait()`` at a place from which the opcode can be resumed."""
        self.recorder.record_op(self.job_id, self.index, resume=without_secrets(state))
        if self.suspended:
            raise CancelledError
        self.resting = Deferred.fromCoroutine(_awaited(wait))
        try:
            return await self.resting
        finally:
            self.resting = None

    async def rested(self) -> None:
        """Forget what `rest` recorded, durably."""
        if self.recorder.op_record(self.job_id, self.index).resume is msgspec.UNSET:
            return
        self.recorder.record_op(self.job_id, self.index, resume=msgspec.UNSET)
        await self.around.store.journal.durable()

    def reserved(self, network: str) -> frozenset[str]:
        """Addresses of *network* that other opcodes are about to give away."""
        return self.around.reservations.of_others((self.job_id, self.index), network)

    def reserve(self, network: str, address: str) -> None:
        """Keep *address* of *network* until this opcode ends."""
        self.around.reservations.keep((self.job_id, self.index), network, address)

    def release(self, level: Level, keys: Iterable[str] | None = None) -> None:
        """Give back locks before the end."""
        if self.held is not None:
            self.held.release(level, None if keys is None else set(keys))

    def downgrade(self, level: Level) -> None:
        """Share locks with others from now on."""
        if self.held is not None:
            self.held.downgrade(level)

    def owned(self, level: Level) -> frozenset[str]:
        """The keys held at *level*."""
        return frozenset() if self.held is None else self.held.owned(level)

    async def submit(self, jobs: list[list[OpCode]]) -> list[list[Any]]:
        """Submit child jobs."""
        return await self.recorder.submit_children(self.job_id, jobs)


async def _awaited(wait: Callable[[], Awaitable[Any]]) -> Any:
    return await wait()
