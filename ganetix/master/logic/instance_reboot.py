"""OP_INSTANCE_REBOOT: soft, hard, or by a full stop and start."""

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import disks, guest_values, hooks_env, names, wants
from ganetix.master.logic.instance_startup import disks_down
from ganetix.master.logic.specs import spec_of
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.instance_state import OpInstanceReboot
from ganetix.rpc.tables.instances import (
    INSTANCE_REBOOT,
    INSTANCE_SHUTDOWN,
    INSTANCE_START,
    InstanceReboot,
    InstanceShutdown,
    InstanceStart,
)


@attrs.frozen
class Plan:
    """What to reboot."""

    instance: Instance
    running: bool


@implementer(IUnit)
class InstanceRebootUnit:
    """Reboots instances; one that does not run is started."""

    resumable = False

    def locks(self, op: OpInstanceReboot, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return wants.instance_only(names.instance_of(cluster, op.instance_name, op.instance_uuid))

    async def check(self, op: OpInstanceReboot, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        names.require_state(instance, names.ONLINE, "rebooting it")
        primary = cluster.nodes[instance.primary_node]
        names.require_online(primary, f"rebooting instance {instance.name}")
        await guest_values.require_bridges(context, instance, primary.uuid)
        state = await names.running(context, instance)
        return Plan(instance, state is not None and state.state != "shutdown")

    def hooks(self, op: OpInstanceReboot, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        instance = cluster.instances[plan.instance.uuid]
        env = hooks_env.instance_variables(cluster, instance)
        env["IGNORE_SECONDARIES"] = str(op.ignore_secondaries)
        env["REBOOT_TYPE"] = op.reboot_type
        env["SHUTDOWN_TIMEOUT"] = str(op.shutdown_timeout)
        nodes = cluster.nodes_of(instance)
        return hooks_env.instance_hooks("instance-reboot", cluster, env, nodes)

    async def execute(self, op: OpInstanceReboot, plan: Plan, context: Context) -> None:
        """Reboot it, and mark it up."""
        instance = plan.instance
        if plan.running and op.reboot_type != "full":
            request = InstanceReboot(
                spec_of(context.cluster, instance),
                op.reboot_type,
                op.shutdown_timeout,
                op.reason or [],
            )
            await context.call(instance.primary_node, INSTANCE_REBOOT, request)
        else:
            await _full(op, instance, context)
        await _mark_up(context, instance.uuid)


async def _full(op: OpInstanceReboot, instance: Instance, context: Context) -> None:
    node, reason = instance.primary_node, op.reason or []
    request = InstanceShutdown(instance.name, instance.hypervisor, op.shutdown_timeout, reason)
    await context.call(node, INSTANCE_SHUTDOWN, request)
    await disks.shutdown(context, instance)
    try:
        await disks.assemble(context, instance)
        start = InstanceStart(spec_of(context.cluster, instance), reason=reason)
        await context.call(node, INSTANCE_START, start)
    except errors.GanetiError as error:
        await disks_down(context, instance.uuid)
        raise errors.OpExecError(
            f"Instance {instance.name} was stopped, but could not be started again: {error.message}"
        ) from error


async def _mark_up(context: Context, uuid: str) -> None:
    instance = context.cluster.instances[uuid]
    active = bool(instance.disks)
    if (instance.admin_state, instance.disks_active) == ("up", active):
        return
    await context.commit(
        lambda cluster: Change(
            instances=(
                msgspec.structs.replace(
                    cluster.instances[uuid],
                    admin_state="up",
                    admin_state_source="admin",
                    disks_active=active,
                ),
            )
        )
    )
