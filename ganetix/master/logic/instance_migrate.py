"""OP_INSTANCE_MIGRATE: move a running guest to another node, or nothing is changed."""

from typing import Any, Final

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.allocator import Allocator
from ganetix.master.logic import disk_sync, hooks_env, migration_disks, names, relocation
from ganetix.master.logic.instance_failover import fail_over
from ganetix.master.logic.migration_cleanup import clean_up, plan_cleanup
from ganetix.master.logic.relocation import Move
from ganetix.master.logic.specs import spec_of
from ganetix.master.logic.unit import Context, Hooks, IUnit, UndoAction, Want
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.hypervisors import MIGRATABLE
from ganetix.model.objects import Instance
from ganetix.opcodes.instance_state import OpInstanceMigrate
from ganetix.rpc.tables.guests import INSTANCE_BALLOON_MEMORY, Balloon
from ganetix.rpc.tables.instances import (
    INSTANCE_ACCEPT,
    INSTANCE_FINALIZE,
    INSTANCE_INFO,
    INSTANCE_MIGRATE,
    InstanceAccept,
    InstanceFinalize,
    InstanceMaybe,
    InstanceMigrate,
    InstanceQuery,
)
from ganetix.rpc.tables.spec import InstanceSpec

_SENT: Final = "migrating"
"""What begins the state of a migration that rests; that of a failover begins with a time."""
LOOK: Final = 1.0
"""Seconds between two looks at a guest that is on its way."""
SHUTDOWN_TIMEOUT: Final = 120
"""Seconds for the guest to stop when a migration becomes a failover."""


@attrs.frozen
class Plan:
    """The move; *why* it is done as a failover, or nothing; *live* as the mode says.

    The guest has to *shrink* to that many MiB before it fits; 0: it fits as it is. *begun*: a
    restart of the master daemon interrupted it.
    """

    move: Move
    why: str
    live: bool
    shrink: int = 0
    begun: bool = False


@attrs.frozen
class FailoverOptions:
    """What a failover needs to know when a migration falls back to it."""

    reason: list[Any] | None
    shutdown_timeout: int = SHUTDOWN_TIMEOUT
    ignore_consistency: bool = False


@implementer(IUnit)
@attrs.frozen
class InstanceMigrateUnit:
    """Migrates instances. It can be resumed while the guest is on its way."""

    allocator: Allocator
    resumable = False

    def locks(self, op: OpInstanceMigrate, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return relocation.locks(op, cluster)

    async def check(self, op: OpInstanceMigrate, context: Context) -> Plan:
        """See `IUnit`."""
        if op.cleanup:
            return Plan(plan_cleanup(op, context), "", False)
        if context.resumed is not None:
            return _resumed(op, context)
        _require_one_mode(op)
        move = await relocation.planned(op, context, self.allocator, "a migration")
        source = context.cluster.nodes[move.source]
        if not op.allow_failover:
            names.require_online(source, f"migrating instance {move.instance.name}")
        why = await _not_migratable(context, move.instance)
        if why and not op.allow_failover:
            raise errors.OpPrereqError(
                f"Instance {move.instance.name} can't be migrated: {why}. "
                f"'gnt-instance failover {move.instance.name}' moves it all the same.",
                errors.STATE,
            )
        shrink = 0
        if move.instance.admin_state == "up":
            free = await relocation.require_memory(context, move, "migrating instance")
            shrink = 0 if why else await _too_much(op, move, free, context)
        if not why:
            await disk_sync.require_good(context, move.instance, move.target, "a migration")
        return Plan(move, why, _live(op, context.cluster, move.instance), shrink)

    def hooks(self, op: OpInstanceMigrate, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = {
            **hooks_env.instance_variables(cluster, cluster.instances[plan.move.instance.uuid]),
            **relocation.variables(cluster, plan.move),
            "MIGRATE_LIVE": str(plan.live),
            "MIGRATE_CLEANUP": str(op.cleanup),
            "ALLOW_RUNTIME_CHANGES": str(op.allow_runtime_changes),
        }
        return hooks_env.instance_hooks("instance-migrate", cluster, env, plan.move.nodes)

    async def execute(self, op: OpInstanceMigrate, plan: Plan, context: Context) -> None:
        """Migrate, or what the plan says instead."""
        if op.cleanup:
            await clean_up(plan.move, context)
        elif plan.why:
            context.log(f"Failing over instead of migrating: {plan.why}.")
            await fail_over(FailoverOptions(op.reason), plan.move, context)
        elif plan.begun and await _has_left(plan.move, context):
            await _settle(plan.move, spec_of(context.cluster, plan.move.instance), context)
        else:
            await _migrate(plan, context)


def _resumed(op: OpInstanceMigrate, context: Context) -> Plan:
    """Return the plan of a migration, or of a failover in its place, that was interrupted."""
    *_, source, target = context.resumed
    instance = names.instance_of(context.cluster, op.instance_name, op.instance_uuid)
    move = Move(instance, source, target)
    why = "" if context.resumed[0] == _SENT else "it was begun so"
    for level in ("node", "node-res"):
        context.release(level, context.owned(level) - set(move.nodes))
    return Plan(move, why, _live(op, context.cluster, instance), begun=True)


async def _has_left(move: Move, context: Context) -> bool:
    """Tell whether the guest is not at the source any more; wait while it is on both nodes."""
    query = InstanceQuery(move.instance.name, move.instance.hypervisor)
    while True:
        try:
            here: InstanceMaybe = await context.call(move.source, INSTANCE_INFO, query)
            there: InstanceMaybe = await context.call(move.target, INSTANCE_INFO, query)
        except errors.GanetiError as error:
            name = move.instance.name
            raise errors.OpExecError(
                f"Nobody can say where instance {name} is after a restart in its migration: "
                f"{error.message} 'gnt-instance migrate --cleanup {name}' finds out."
            ) from error
        if here.state is None:
            return True
        if there.state is None:
            return False
        await context.rest([_SENT, *move.nodes], lambda: context.clock.sleep(LOOK))


def _require_one_mode(op: OpInstanceMigrate) -> None:
    if op.mode is not None and op.live is not None:
        raise errors.OpPrereqError(
            "Both 'mode' and 'live' were given, which mean the same; give one of them.",
            errors.INVAL,
        )


def _live(op: OpInstanceMigrate, cluster: Cluster, instance: Instance) -> bool:
    if op.live is not None:
        return op.live
    mode = op.mode or params.of_hypervisor(cluster, instance).get("migration_mode", "live")
    return bool(mode == "live")


async def _not_migratable(context: Context, instance: Instance) -> str:
    """Say why *instance* can't be migrated, or nothing."""
    source = context.cluster.nodes[instance.primary_node]
    if source.offline:
        return f"its node {source.name} is offline"
    if instance.hypervisor not in MIGRATABLE:
        return f"hypervisor {instance.hypervisor} does not migrate"
    if params.of_backend(context.cluster, instance)["always_failover"]:
        return "it is set to be failed over always"
    if await names.running(context, instance) is None:
        return "it does not run"
    return ""


async def _too_much(op: OpInstanceMigrate, move: Move, free: int, context: Context) -> int:
    """Return the memory to which the guest must shrink to fit into *free* MiB; 0: it fits."""
    instance = move.instance
    if params.of_backend(context.cluster, instance)["maxmem"] <= free:
        return 0
    state = await names.running(context, instance)
    if state is None or state.memory <= free:
        return 0
    if not op.allow_runtime_changes:
        name = context.cluster.nodes[move.target].name
        raise errors.OpPrereqError(
            f"Instance {instance.name} has {state.memory} MiB now, and node {name} has {free} MiB "
            "free. Without --no-runtime-changes it is made to fit.",
            errors.NORES,
        )
    return free


async def _shrunk(plan: Plan, context: Context) -> None:
    """Let the guest shrink to what the target has; it grows again if the migration fails."""
    instance = plan.move.instance
    state = await names.running(context, instance)
    if state is None:
        return
    back = msgspec.to_builtins(Balloon(instance.name, instance.hypervisor, state.memory))
    what = f"Taking memory from {instance.name}"
    await context.undo(UndoAction(what, plan.move.source, INSTANCE_BALLOON_MEMORY.name, back))
    context.log(f"Giving instance {instance.name} {plan.shrink} MiB of memory, as much as fits.")
    request = Balloon(instance.name, instance.hypervisor, plan.shrink)
    await context.call(plan.move.source, INSTANCE_BALLOON_MEMORY, request)


async def _migrate(plan: Plan, context: Context) -> None:
    move, cluster = plan.move, context.cluster
    spec = spec_of(cluster, move.instance)
    source, target = cluster.nodes[move.source], cluster.nodes[move.target]
    if plan.shrink:
        await _shrunk(plan, context)
    await context.undo(*migration_disks.undo_of(cluster, move), *_undo_of(move, spec))
    await migration_disks.open_on_both(context, move)
    context.log(f"Preparing {target.name} to accept the instance.")
    await context.call(move.target, INSTANCE_ACCEPT, InstanceAccept(spec, source.secondary_ip))
    context.log(f"Migrating instance {move.instance.name} to {target.name}.")
    request = InstanceMigrate(spec, target.name, target.secondary_ip, plan.live)
    done = await context.rest(
        [_SENT, *move.nodes], lambda: context.call(move.source, INSTANCE_MIGRATE, request)
    )
    if done.note:
        context.log(done.note)
    await _settle(move, spec, context)


async def _settle(move: Move, spec: InstanceSpec, context: Context) -> None:
    """Note where the guest is now, and end the migration on both nodes."""
    await context.commit(
        lambda newest: relocation.switched(newest, move.instance.uuid, move.target), settles=True
    )
    await _finalize(move, spec, context)


def _undo_of(move: Move, spec: InstanceSpec) -> list[UndoAction]:
    """Return what takes a migration back: first on the target, then on the source."""
    name = move.instance.name
    actions = []
    for node, source in ((move.source, True), (move.target, False)):
        request = msgspec.to_builtins(InstanceFinalize(spec, success=False, source=source))
        actions.append(UndoAction(f"Migrating {name}", node, INSTANCE_FINALIZE.name, request))
    return actions


async def _finalize(move: Move, spec: InstanceSpec, context: Context) -> None:
    """Tell both nodes that it is done; the guest is at the target whatever happens now."""
    try:
        for node, source in ((move.source, True), (move.target, False)):
            request = InstanceFinalize(spec, success=True, source=source)
            await context.call(node, INSTANCE_FINALIZE, request)
        await migration_disks.close_source(context, move)
    except errors.GanetiError as error:
        raise errors.OpExecError(
            f"Instance {move.instance.name} was migrated, but the migration could not be ended: "
            f"{error.message} 'gnt-instance migrate --cleanup {move.instance.name}' mends it."
        ) from error
