"""OP_INSTANCE_MOVE: copy a stopped instance with its disks to another node."""

from typing import Final

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import (
    capacity,
    disk_rest,
    disks,
    guest_values,
    hooks_env,
    names,
    new_disks,
    nic_addresses,
    transfer,
    wants,
)
from ganetix.master.logic.disk_records import Wanted
from ganetix.master.logic.instance_startup import disks_down, mark_disks
from ganetix.master.logic.specs import spec_of
from ganetix.master.logic.transfer import End, Route
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model import params
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Node
from ganetix.opcodes.instance_state import OpInstanceMove
from ganetix.rpc.tables.instances import (
    INSTANCE_SHUTDOWN,
    INSTANCE_START,
    InstanceShutdown,
    InstanceStart,
)
from ganetix.rpc.tables.transfer import Place

TEMPLATES: Final = ("plain", "file")
"""Templates whose disks are on one node alone."""


@attrs.frozen
class Plan:
    """The instance as it was, its disks as they will be at the *target*, and whether to start."""

    instance: Instance
    disks: tuple[Disk, ...]
    target: str
    start: bool

    @property
    def source(self) -> str:
        """Return the node that it leaves."""
        return self.instance.primary_node


@implementer(IUnit)
class InstanceMove:
    """Moves instances."""

    resumable = False

    def locks(self, op: OpInstanceMove, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        target = names.node_of(cluster, op.target_node, op.target_node_uuid)
        both = (instance.primary_node, target.uuid)
        return [*wants.instance_only(instance), wants.nodes(both), wants.resources(both)]

    async def check(self, op: OpInstanceMove, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        target = names.node_of(cluster, op.target_node, op.target_node_uuid)
        _require_possible(op, cluster, instance, target)
        own = cluster.disks_of(instance)
        moved = [msgspec.structs.replace(disk, nodes=[target.uuid]) for disk in own]
        group = cluster.nodegroups[target.group]
        nic_addresses.require_connected(cluster, instance, group)
        capacity.check_policy(context, instance, own, ignore=op.ignore_ipolicy, group=group)
        wanted = [Wanted(disk.size) for disk in own]
        await new_disks.require_room(context, [target], moved, wanted)
        await guest_values.require_bridges(context, instance, target.uuid)
        start = instance.admin_state == "up"
        if start:
            needed = params.of_backend(cluster, instance)["maxmem"]
            what = f"moving instance {instance.name}"
            await capacity.require_memory(context, target.uuid, needed, instance.hypervisor, what)
        return Plan(instance, tuple(moved), target.uuid, start)

    def hooks(self, op: OpInstanceMove, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = {
            **hooks_env.instance_variables(cluster, cluster.instances[plan.instance.uuid]),
            "TARGET_NODE": cluster.nodes[plan.target].name,
            "SHUTDOWN_TIMEOUT": str(op.shutdown_timeout),
        }
        both = (plan.source, plan.target)
        return hooks_env.instance_hooks("instance-move", cluster, env, both)

    async def execute(self, op: OpInstanceMove, plan: Plan, context: Context) -> None:
        """Stop, copy, switch, remove the old disks, start.

        When the copy fails the instance stays at the source, stopped.
        """
        await _stop(op, plan, context)
        if plan.disks:
            try:
                await _copy(op, plan, context)
            except errors.GanetiError:
                await disks_down(context, plan.instance.uuid)
                raise
        await context.commit(lambda cluster: _switched(cluster, plan), settles=True)
        await _remove_old(plan, context)
        if plan.start:
            await _start(op, plan, context)
        else:
            await disks_down(context, plan.instance.uuid)


def _require_possible(
    op: OpInstanceMove, cluster: Cluster, instance: Instance, target: Node
) -> None:
    names.require_online(
        cluster.nodes[instance.primary_node], f"moving instance {instance.name} away"
    )
    names.require_usable(target)
    if target.uuid == instance.primary_node:
        raise errors.OpPrereqError(
            f"Node {target.name} is the primary node of instance {instance.name} already; give "
            "another target.",
            errors.STATE,
        )
    for disk in cluster.disks_of(instance):
        if disk.dev_type not in TEMPLATES:
            raise errors.OpPrereqError(
                f"Instance {instance.name} has a disk of template {disk.dev_type}; only "
                f"{' and '.join(TEMPLATES)} are moved by copying. 'gnt-instance failover' or "
                "'migrate' moves it.",
                errors.STATE,
            )
    transfer.require_tool(cluster, op.compress)


async def _stop(op: OpInstanceMove, plan: Plan, context: Context) -> None:
    instance = plan.instance
    context.log(f"Shutting down instance {instance.name}...")
    request = InstanceShutdown(
        instance.name, instance.hypervisor, op.shutdown_timeout, op.reason or []
    )
    try:
        await context.call(plan.source, INSTANCE_SHUTDOWN, request)
    except errors.GanetiError as error:
        if not op.ignore_consistency:
            raise
        context.log(f"WARNING: {error.message}")


async def _copy(op: OpInstanceMove, plan: Plan, context: Context) -> None:
    """Make the disks at the target and copy everything into them."""
    instance, there = plan.instance, [plan.target]
    undo = disks.removals(context.cluster, there, instance.name, plan.disks, directory=True)
    undo += disks.undo_assembly(context.cluster, there, instance.name, plan.disks)
    await context.undo(*undo)
    await disks.create(context, there, instance.name, plan.disks)
    await disks.assemble(context, instance)
    await disks.assemble(context, instance, plan.target, only=plan.disks)
    here = spec_of(context.cluster, instance)
    spec = spec_of(context.cluster, instance, plan.disks)
    for index, disk in enumerate(plan.disks):
        route = Route(
            f"{disk.iv_name} of {instance.name}",
            End(plan.source, Place("raw", here, index)),
            End(plan.target, Place("raw", spec, index)),
            disk.size,
            instance.name,
            op.compress,
        )
        await transfer.passed(context, route)


def _switched(cluster: Cluster, plan: Plan) -> Change:
    """Return the change that makes the target the primary node, with the disks there."""
    instance = cluster.instances[plan.instance.uuid]
    fresh = msgspec.structs.replace(instance, primary_node=plan.target, disks_active=False)
    return Change(instances=(fresh,), disks=plan.disks)


async def _remove_old(plan: Plan, context: Context) -> None:
    """Remove the disks at the source; one that stays is told, verify names it."""
    context.log(f"Removing the old disks of instance {plan.instance.name}...")
    old = [msgspec.structs.replace(disk, nodes=[plan.source]) for disk in plan.disks]
    try:
        await disks.shutdown(context, plan.instance, node=plan.source, only=old)
    except errors.GanetiError as error:
        context.log(f"WARNING: {error.message}")
    left = disk_rest.lefts(context.cluster, plan.source, old)
    await disk_rest.remove(context, plan.instance.name, left)


async def _start(op: OpInstanceMove, plan: Plan, context: Context) -> None:
    instance = context.cluster.instances[plan.instance.uuid]
    name = context.cluster.nodes[plan.target].name
    context.log(f"Starting instance {instance.name} on {name}...")
    try:
        await disks.assemble(context, instance)
        start = InstanceStart(spec_of(context.cluster, instance), reason=op.reason or [])
        await context.call(plan.target, INSTANCE_START, start)
    except errors.GanetiError as error:
        await disks_down(context, instance.uuid)
        raise errors.OpExecError(
            f"Instance {instance.name} is now on {name}, but could not be started: {error.message}"
        ) from error
    await mark_disks(context, instance.uuid, active=bool(plan.disks))
