"""Running one opcode: validate, locks, check, pre hooks, dry-run stop, execute, post hooks."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ganetix import errors
from ganetix.master.hooks import HooksRunner
from ganetix.master.jobs.context import JobContext, Surroundings
from ganetix.master.jobs.withheld import with_secrets
from ganetix.master.locks.held import Held
from ganetix.master.locks.waiter import Locks
from ganetix.master.logic.unit import Hooks, Level, UndoAction, Unit
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.codec import op_id_of
from ganetix.rpc.calls import TABLE

Units = Mapping[type[OpCode], Unit[Any, Any]]
TRIES: Final = 20
"""How often locks are taken anew when the objects change meanwhile."""


@attrs.frozen
class Turn:
    """How the job of an opcode waits for its locks.

    *priority* is its present one, *waiting* gets the wait, to cancel it, and *running* is called
    when the locks are held.
    """

    priority: Callable[[], int]
    waiting: Callable[[Deferred[Held]], None]
    running: Callable[[], None]


@attrs.define(eq=False)
class Executor:
    """Runs opcodes with the units of *units*."""

    around: Surroundings
    locks: Locks
    hooks: HooksRunner
    units: Units
    log: Logger = attrs.field(factory=Logger)

    def unit_of(self, op: OpCode) -> Unit[Any, Any]:
        """Return the unit of *op*; raise `errors.OpPrereqError` when there is none."""
        unit = self.units.get(type(op))
        if unit is None:
            raise errors.OpPrereqError(
                f"{op_id_of(op)} is not available in this release.", errors.INVAL
            )
        return unit

    async def run(self, op: OpCode, context: JobContext, turn: Turn) -> Any:
        """Run *op* and return its result; its undo actions run when it fails.

        What finds too little in the locks that were free is run once more with all of them.
        """
        try:
            return await self._once(op, context, turn)
        except errors.OpPrereqError as error:
            chance = getattr(op, "opportunistic_locking", False)
            if not chance or error.kind != errors.TEMP_NORES:
                raise
            context.log(f"{error.message} Trying again with the nodes that were locked.")
        patient = msgspec.structs.replace(op, opportunistic_locking=False)
        return await self._once(patient, context, turn)

    async def _once(self, op: OpCode, context: JobContext, turn: Turn) -> Any:
        unit = self.unit_of(op)
        try:
            context.held = await self._locked(unit, op, context, turn)
        except errors.GanetiError:
            # What a resumed opcode works on has gone meanwhile.
            await self.undo_told(context)
            raise
        try:
            turn.running()
            return await self._guarded(unit, op, context)
        finally:
            context.held.release_all()
            self.around.reservations.end((context.job_id, context.index))

    async def _locked(
        self, unit: Unit[Any, Any], op: OpCode, context: JobContext, turn: Turn
    ) -> Held:
        """Take the locks; again when what they protect has changed by the time they are held."""
        owner = f"job {context.job_id}/{context.index}"
        for _ in range(TRIES):
            wants = unit.locks(op, context.cluster)
            wait = Deferred.fromCoroutine(
                self.locks.acquire(owner, wants, turn.priority(), self._expand)
            )
            turn.waiting(wait)
            held = await wait
            try:
                again = unit.locks(op, context.cluster)
            except BaseException:
                held.release_all()
                raise
            if again == wants:
                return held
            held.release_all()
        raise errors.OpPrereqError(
            f"The objects of {op_id_of(op)} change faster than they can be locked; try again.",
            errors.STATE,
        )

    def _expand(self, level: Level) -> Collection[str]:
        cluster = self.around.store.cluster
        keys: dict[str, Callable[[], Collection[str]]] = {
            "cluster": lambda: ("BGL",),
            "instance": cluster.indexes.instance_names.keys,
            "nodegroup": cluster.nodegroups.keys,
            "node": cluster.nodes.keys,
            "node-res": cluster.nodes.keys,
            "network": cluster.networks.keys,
        }
        return keys[level]()

    async def _guarded(self, unit: Unit[Any, Any], op: OpCode, context: JobContext) -> Any:
        try:
            return await self._checked(unit, op, context)
        except CancelledError:
            raise
        except Exception:
            await self.undo_told(context)
            raise

    async def _checked(self, unit: Unit[Any, Any], op: OpCode, context: JobContext) -> Any:
        plan = await unit.check(op, context)
        hooks = unit.hooks(op, plan, context.cluster)
        if hooks is not None and context.resumed is None:
            await self.hooks.pre(hooks, op_id_of(op), context.cluster)
        if op.dry_run:
            return getattr(plan, "dry_run_result", None)
        result = await unit.execute(op, plan, context)
        if hooks is not None:
            await self._post(unit, op, plan, hooks, context)
        if context.committed:
            self._warn(context, await self.hooks.config_update(op_id_of(op), context.cluster))
        return msgspec.to_builtins(result)

    async def _post(
        self, unit: Unit[Any, Any], op: OpCode, plan: Any, hooks: Hooks, context: JobContext
    ) -> None:
        after = unit.hooks(op, plan, context.cluster)
        self._warn(context, await self.hooks.post(hooks, after, op_id_of(op), context.cluster))

    @staticmethod
    def _warn(context: JobContext, warnings: list[str]) -> None:
        for line in warnings:
            context.log(f"WARNING: {line}")

    async def take_back(self, op: OpCode, owner: str, actions: list[UndoAction]) -> list[str]:
        """Undo what an interrupted *op* had begun; see `undo`.

        Its instances are locked meanwhile, so that no other job is at what is taken back.
        """
        try:
            wants = self.unit_of(op).locks(op, self.around.store.cluster)
        except errors.GanetiError:
            wants = []
        own = [want for want in wants if want.level in ("cluster", "instance")]
        held = await self.locks.acquire(owner, own if actions else [], 0, self._expand)
        try:
            return await self.undo(actions)
        finally:
            held.release_all()

    async def undo_told(self, context: JobContext) -> None:
        """Undo what the opcode had begun; what fails is told in the job's log."""
        self._warn(context, await self.undo(context.pending_undo()))

    async def undo(self, actions: list[UndoAction]) -> list[str]:
        """Run *actions* in reverse; return a sentence for each that failed."""
        failed = []
        for action in reversed(actions):
            try:
                await self._undo_one(action)
            except errors.GanetiError as error:
                self.log.failure("Undoing failed: {what}", Failure(), what=action.what)
                failed.append(f"{action.what} could not be undone: {error.message}")
        return failed

    async def _undo_one(self, action: UndoAction) -> None:
        if action.call:
            call = TABLE[action.call]
            whole = with_secrets(action.request, self.around.store.cluster)
            request = msgspec.convert(whole, call.request)
            await self.around.nodes.call(action.node, call, request)
        change = action.change_of(self.around.store.cluster)
        if change is not None:
            await self.around.store.commit(change)
