"""OP_INSTANCE_REMOVE: stop the instance, remove its disks, forget it."""

from collections.abc import Awaitable, Callable
from functools import partial

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import disks, hooks_env, names, wants
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model import mirrors
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.opcodes.instance import OpInstanceRemove
from ganetix.rpc.tables.instances import INSTANCE_SHUTDOWN, InstanceShutdown


@attrs.frozen
class Plan:
    """The instance as it was."""

    instance: Instance
    disks: tuple[Disk, ...]
    nodes: tuple[str, ...]


@implementer(IUnit)
class InstanceRemove:
    """Removes instances."""

    resumable = False

    def locks(self, op: OpInstanceRemove, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid, reserved=True)
        return wants.instance_and_nodes(cluster, instance)

    async def check(self, op: OpInstanceRemove, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid, reserved=True)
        primary = cluster.nodes[instance.primary_node]
        if primary.offline and not op.ignore_failures and not instance.forthcoming:
            raise errors.OpPrereqError(
                f"Primary node {primary.name} of instance {instance.name} is offline: its disks "
                "can't be removed. --ignore-failures removes the instance without them.",
                errors.STATE,
            )
        return Plan(instance, tuple(cluster.disks_of(instance)), tuple(cluster.nodes_of(instance)))

    def hooks(self, op: OpInstanceRemove, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = hooks_env.instance_variables(cluster, plan.instance, plan.disks)
        env["SHUTDOWN_TIMEOUT"] = str(op.shutdown_timeout)
        return hooks_env.instance_hooks("instance-remove", cluster, env, (), plan.nodes)

    async def execute(self, op: OpInstanceRemove, plan: Plan, context: Context) -> None:
        """Stop, remove the disks, and commit."""
        instance = plan.instance
        if not instance.forthcoming:
            context.log(f"Shutting down instance {instance.name}...")
            await _step(op, context, partial(_stop, op, instance, context))
            context.log(f"Removing the disks of instance {instance.name}...")
            for node in plan.nodes:
                await _step(op, context, partial(_remove_disks, plan, node, context))
        await context.commit(lambda cluster: mirrors.without_instance(cluster, instance))


async def _step(
    op: OpInstanceRemove, context: Context, step: Callable[[], Awaitable[None]]
) -> None:
    """Do *step*; with ignore_failures a failure is only told."""
    try:
        await step()
    except errors.GanetiError as error:
        if not op.ignore_failures:
            raise
        context.log(f"WARNING: {error.message}")


async def _stop(op: OpInstanceRemove, instance: Instance, context: Context) -> None:
    request = InstanceShutdown(
        instance.name, instance.hypervisor, op.shutdown_timeout, op.reason or []
    )
    await context.call(instance.primary_node, INSTANCE_SHUTDOWN, request)


async def _remove_disks(plan: Plan, node: str, context: Context) -> None:
    await disks.shutdown(context, plan.instance, node=node)
    await disks.remove(context, node, plan.instance.name, plan.disks)
