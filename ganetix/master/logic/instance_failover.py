"""OP_INSTANCE_FAILOVER: stop an instance, make another node its primary, start it there."""

from typing import Any

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.allocator import Allocator
from ganetix.master.logic import disk_sync, disks, hooks_env, names, relocation
from ganetix.master.logic.instance_shutdown import stop
from ganetix.master.logic.instance_startup import disks_down, mark_disks
from ganetix.master.logic.migration_cleanup import clean_up, plan_cleanup
from ganetix.master.logic.relocation import Move
from ganetix.master.logic.specs import spec_of
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.instance_state import OpInstanceFailover
from ganetix.rpc.tables.instances import INSTANCE_START, InstanceStart


@implementer(IUnit)
@attrs.frozen
class InstanceFailover:
    """Fails instances over. Resumable: the wait for the guest to stop goes on."""

    allocator: Allocator
    resumable = True

    def locks(self, op: OpInstanceFailover, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return relocation.locks(op, cluster)

    async def check(self, op: OpInstanceFailover, context: Context) -> Move:
        """See `IUnit`."""
        if op.cleanup:
            return plan_cleanup(op, context)
        if context.resumed is not None:
            return _resumed(op, context)
        move = await relocation.planned(op, context, self.allocator, "a failover")
        source = context.cluster.nodes[move.source]
        if move.instance.disks_active and not (op.ignore_consistency or source.offline):
            await disk_sync.require_good(context, move.instance, move.target, "a failover")
        if move.instance.admin_state == "up":
            await relocation.require_memory(context, move, "failing over instance")
        if source.offline and not op.ignore_consistency:
            context.log(f"The primary node {source.name} is offline; it is not asked.")
        return move

    def hooks(self, op: OpInstanceFailover, plan: Move, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = {
            **hooks_env.instance_variables(cluster, cluster.instances[plan.instance.uuid]),
            **relocation.variables(cluster, plan),
            "IGNORE_CONSISTENCY": str(op.ignore_consistency),
            "SHUTDOWN_TIMEOUT": str(op.shutdown_timeout),
            "FAILOVER_CLEANUP": str(op.cleanup),
        }
        post = (plan.target, plan.source)
        return hooks_env.instance_hooks("instance-failover", cluster, env, post[:1], post)

    async def execute(self, op: OpInstanceFailover, plan: Move, context: Context) -> None:
        """Do it; what fails after the switch leaves the new primary, the disks down."""
        if op.cleanup:
            await clean_up(plan, context)
            return
        await fail_over(op, plan, context)


def _resumed(op: OpInstanceFailover, context: Context) -> Move:
    """Return the move that a restart of the daemon interrupted."""
    _, source, target = context.resumed
    instance = names.instance_of(context.cluster, op.instance_name, op.instance_uuid)
    return Move(instance, source, target)


async def fail_over(op: Any, plan: Move, context: Context) -> None:
    """Stop the instance of *plan* at the source and start it at the target."""
    uuid = plan.instance.uuid
    if context.cluster.instances[uuid].primary_node == plan.source:
        await _leave(op, plan, context)
        await context.commit(lambda cluster: relocation.switched(cluster, uuid, plan.target))
    instance = context.cluster.instances[uuid]
    if instance.forthcoming or instance.admin_state != "up":
        return
    context.log(f"Starting instance {instance.name} on {context.cluster.nodes[plan.target].name}.")
    try:
        await disks.assemble(context, instance, ignore_secondaries=True)
        start = InstanceStart(spec_of(context.cluster, instance), reason=op.reason or [])
        await context.call(plan.target, INSTANCE_START, start)
    except errors.GanetiError as error:
        await disks_down(context, uuid)
        raise errors.OpExecError(
            f"Instance {instance.name} is now on {context.cluster.nodes[plan.target].name}, but "
            f"could not be started: {error.message}"
        ) from error
    await mark_disks(context, uuid, active=bool(instance.disks))


async def _nothing() -> None:
    """Wait for nothing."""


async def _leave(op: Any, plan: Move, context: Context) -> None:
    """Stop the guest at the source; failures count for nothing where consistency does not."""
    source = context.cluster.nodes[plan.source]
    if source.offline or plan.instance.forthcoming:
        # Whoever goes on after a restart has to know where it went.
        await context.rest([context.clock.wall(), *plan.nodes], _nothing)
        return
    context.log(f"Shutting down instance {plan.instance.name} on {source.name}...")
    try:
        await stop(context, plan.instance, op.shutdown_timeout, op.reason or [], plan.nodes)
        await disks.shutdown(context, plan.instance, node=plan.source)
    except errors.GanetiError as error:
        if not getattr(op, "ignore_consistency", False):
            raise
        context.log(f"WARNING: {error.message}")
