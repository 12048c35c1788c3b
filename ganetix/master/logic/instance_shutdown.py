"""OP_INSTANCE_SHUTDOWN: mark an instance down, stop it, shut its disks down."""

from collections.abc import Sequence

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import hooks_env, names, wants
from ganetix.master.logic.instance_startup import disks_down
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.instance_state import OpInstanceShutdown
from ganetix.rpc.tables.instances import INSTANCE_SHUTDOWN, InstanceShutdown


@attrs.frozen
class Plan:
    """What to stop."""

    instance: Instance
    reachable: bool


@implementer(IUnit)
class InstanceShutdownUnit:
    """Stops instances. Resumable: the wait for the guest goes on with the time that was left."""

    resumable = True

    def locks(self, op: OpInstanceShutdown, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return wants.instance_only(names.instance_of(cluster, op.instance_name, op.instance_uuid))

    async def check(self, op: OpInstanceShutdown, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        if not op.force:
            names.require_state(instance, names.ONLINE, "stopping it")
        primary = cluster.nodes[instance.primary_node]
        if primary.offline and op.ignore_offline_nodes:
            return Plan(instance, reachable=False)
        names.require_online(primary, f"stopping instance {instance.name}")
        if op.admin_state_source == "user":
            await _require_user_down(context, instance)
        return Plan(instance, reachable=True)

    def hooks(self, op: OpInstanceShutdown, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        instance = cluster.instances[plan.instance.uuid]
        env = hooks_env.instance_variables(cluster, instance)
        env["TIMEOUT"] = str(op.timeout)
        nodes = cluster.nodes_of(instance)
        return hooks_env.instance_hooks("instance-stop", cluster, env, nodes)

    async def execute(self, op: OpInstanceShutdown, plan: Plan, context: Context) -> None:
        """Mark it down and stop it."""
        uuid = plan.instance.uuid
        source = op.admin_state_source or "admin"
        if not op.no_remember and not _is_marked(context.cluster.instances[uuid], source):
            await context.commit(lambda cluster: _marked_down(cluster, uuid, source))
        if not plan.reachable:
            context.log(
                f"The primary node is offline; instance {plan.instance.name} is only marked as "
                "down."
            )
            return
        await stop(context, plan.instance, op.timeout, op.reason or [])
        await disks_down(context, uuid)


async def _require_user_down(context: Context, instance: Instance) -> None:
    state = await names.running(context, instance)
    if state is None or state.state != "shutdown":
        raise errors.OpPrereqError(
            f"Instance {instance.name} was not shut down by its user; it can't be marked so.",
            errors.STATE,
        )


def _is_marked(instance: Instance, source: str) -> bool:
    return (instance.admin_state, instance.admin_state_source) == ("down", source)


def _marked_down(cluster: Cluster, uuid: str, source: str) -> Change:
    fresh = msgspec.structs.replace(
        cluster.instances[uuid], admin_state="down", admin_state_source=source
    )
    return Change(instances=(fresh,))


async def stop(
    context: Context,
    instance: Instance,
    timeout: float,
    reason: list[object],
    nodes: Sequence[str] = (),
) -> None:
    """Stop the guest within *timeout* seconds, then hard; a restart goes on with what is left.

    *nodes* are remembered beside the end of the wait, for the operation that resumes.
    """
    now = context.clock.wall()
    end = now + timeout if context.resumed is None else float(context.resumed[0])
    left = min(max(end - now, 0.0), timeout)
    request = InstanceShutdown(instance.name, instance.hypervisor, left, reason)
    node = instance.primary_node
    await context.rest([end, *nodes], lambda: context.call(node, INSTANCE_SHUTDOWN, request))
