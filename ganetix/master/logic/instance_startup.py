"""OP_INSTANCE_STARTUP: mark an instance up, assemble its disks, start it."""

from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import capacity, disks, guest_values, hooks_env, names, wants
from ganetix.master.logic.specs import spec_of, with_overrides
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model import params
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.instance_state import OpInstanceStartup
from ganetix.rpc.tables.instances import (
    INSTANCE_SHUTDOWN,
    INSTANCE_START,
    InstanceShutdown,
    InstanceStart,
    InstanceState,
)


@attrs.frozen
class Plan:
    """What to start, with parameters for this start alone."""

    instance: Instance
    hvparams: dict[str, Any]
    beparams: dict[str, Any]
    state: InstanceState | None
    reachable: bool


@implementer(IUnit)
class InstanceStartup:
    """Starts instances; starting again what was started already changes nothing."""

    resumable = True

    def locks(self, op: OpInstanceStartup, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        return [*wants.instance_only(instance), wants.resources([instance.primary_node])]

    async def check(self, op: OpInstanceStartup, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        hvparams, beparams = _overrides(instance, op)
        names.require_state(instance, names.ONLINE, "starting it")
        primary = cluster.nodes[instance.primary_node]
        if primary.offline and op.ignore_offline_nodes:
            if op.hvparams or op.beparams:
                context.log("WARNING: The parameters for this start are not used.")
            return Plan(instance, hvparams, beparams, None, reachable=False)
        names.require_online(primary, f"starting instance {instance.name}")
        guest_values.require_usable(cluster, instance, hvparams)
        await guest_values.require_on_nodes(context, instance, [primary.uuid], hvparams)
        await guest_values.require_bridges(context, instance, primary.uuid)
        state = await names.running(context, instance)
        if state is None or state.state == "shutdown":
            needed = {**params.of_backend(cluster, instance), **beparams}["minmem"]
            what = f"starting instance {instance.name}"
            await capacity.require_memory(context, primary.uuid, needed, instance.hypervisor, what)
        return Plan(instance, hvparams, beparams, state, reachable=True)

    def hooks(self, op: OpInstanceStartup, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        instance = cluster.instances[plan.instance.uuid]
        env = hooks_env.instance_variables(cluster, instance)
        env["FORCE"] = str(op.force)
        nodes = cluster.nodes_of(instance)
        return hooks_env.instance_hooks("instance-start", cluster, env, nodes)

    async def execute(self, op: OpInstanceStartup, plan: Plan, context: Context) -> None:
        """Mark it up and start it; a failed start leaves it marked up, its disks down."""
        uuid = plan.instance.uuid
        running = plan.state is not None and plan.state.state != "shutdown"
        if not op.no_remember or (plan.reachable and not running):
            await context.commit(lambda cluster: _marked(cluster, uuid, op, plan))
        if not plan.reachable:
            context.log(
                f"The primary node is offline; instance {plan.instance.name} is only marked as up."
            )
        elif not running:
            await start(context, uuid, op, plan)


def _overrides(instance: Instance, op: OpInstanceStartup) -> tuple[dict[str, Any], dict[str, Any]]:
    known = params.hypervisor_schema(instance.hypervisor)
    params.only_below_cluster(known, op.hvparams, "hypervisor parameter")
    hvparams = params.changed(known, {}, op.hvparams, "hypervisor parameter")
    given = params.with_memory(op.beparams)
    return hvparams, params.changed(params.BACKEND, {}, given, "backend parameter")


def _marked(cluster: Cluster, uuid: str, op: OpInstanceStartup, plan: Plan) -> Change:
    instance = cluster.instances[uuid]
    fresh = instance
    if not op.no_remember:
        fresh = msgspec.structs.replace(fresh, admin_state="up", admin_state_source="admin")
    if plan.reachable and instance.disks:
        fresh = msgspec.structs.replace(fresh, disks_active=True)
    return Change(instances=(fresh,))


async def start(context: Context, uuid: str, op: OpInstanceStartup, plan: Plan) -> None:
    """Start the instance, which does not run; if that fails, its disks are shut down again."""
    instance = context.cluster.instances[uuid]
    node = instance.primary_node
    if plan.state is not None:
        await context.call(
            node, INSTANCE_SHUTDOWN, InstanceShutdown(instance.name, instance.hypervisor, 0)
        )
    spec = with_overrides(spec_of(context.cluster, instance), plan.hvparams, plan.beparams)
    try:
        await disks.assemble(context, instance, ignore_secondaries=op.force)
        request = InstanceStart(spec, op.startup_paused, op.reason or [])
        await context.call(node, INSTANCE_START, request)
    except errors.GanetiError as error:
        await disks_down(context, uuid)
        raise errors.OpExecError(
            f"Instance {instance.name} could not be started: {error.message}"
        ) from error


async def disks_down(context: Context, uuid: str) -> None:
    """Shut the disks of the instance down and note that; what fails is only told."""
    instance = context.cluster.instances[uuid]
    try:
        await disks.shutdown(context, instance)
    except errors.GanetiError as error:
        context.log(f"WARNING: The disks of {instance.name} stay active: {error.message}")
        return
    await mark_disks(context, uuid, active=False)


async def mark_disks(context: Context, uuid: str, *, active: bool) -> None:
    """Note whether the disks of the instance are *active*; nothing if that is known already."""
    if context.cluster.instances[uuid].disks_active == active:
        return
    await context.commit(
        lambda cluster: Change(
            instances=(msgspec.structs.replace(cluster.instances[uuid], disks_active=active),)
        )
    )
