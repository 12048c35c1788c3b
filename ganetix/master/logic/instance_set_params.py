"""OP_INSTANCE_SET_PARAMS: change what an instance is; most of it counts from the next start."""

from collections.abc import Sequence
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.allocator import Allocator
from ganetix.master.logic import (
    capacity,
    communication,
    disk_conversion,
    disks,
    guest_values,
    hooks_env,
    hotplug,
    names,
    new_disks,
    nic_addresses,
    nics,
    runtime_memory,
    wants,
)
from ganetix.master.logic.device_edits import Edit, Told
from ganetix.master.logic.disk_conversion import Conversion
from ganetix.master.logic.instance_devices import edited_disks, edited_nics
from ganetix.master.logic.instance_reinstall import validate_os, with_os
from ganetix.master.logic.nic_addresses import Site
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model import mirrors, params, pools
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Nic
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.rpc.tables.checks import NODE_INFO, NodeInfo, NodeInfoRequest


@attrs.frozen
class Plan:
    """The instance as it was and as it will be, its disks, and what to tell of the changes."""

    instance: Instance
    fresh: Instance
    disks: Edit[Disk]
    nodes: tuple[str, ...]
    told: tuple[tuple[str, Any], ...]
    nics: Edit[Nic]
    plugged: bool
    conversion: Conversion | None = None


@implementer(IUnit)
@attrs.frozen
class InstanceSetParams:
    """Changes instances."""

    allocator: Allocator
    resumable = False

    def locks(self, op: OpInstanceSetParams, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        own = list(cluster.nodes_of(instance))
        if op.iallocator is not None:
            own += wants.neighbours(cluster, instance)
        if op.pnode is not None:
            own.append(names.node_of(cluster, op.pnode, op.pnode_uuid).uuid)
        if op.remote_node is not None:
            own.append(names.node_of(cluster, op.remote_node, op.remote_node_uuid).uuid)
        groups = tuple(sorted({cluster.nodes[uuid].group for uuid in own}))
        return [
            *wants.instance_only(instance),
            Want("nodegroup", groups, "shared"),
            wants.nodes(own),
            wants.resources(own),
        ]

    async def check(self, op: OpInstanceSetParams, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        _require_available(op)
        with_nics = communication.of_changed(cluster, instance, op)
        edit_nics = edited_nics(_site(op, instance, context), instance, with_nics)
        nics.reserve(context, instance.nics, edit_nics.rows)
        edit_disks = edited_disks(cluster, instance, op, (context.randomness, context.paths))
        fresh, told = _changed(cluster, instance, op)
        conversion = await disk_conversion.planned(op, instance, context, self.allocator)
        told = [*edit_nics.told, *edit_disks.told, *told]
        if conversion is not None:
            told.append(("disk_template", op.disk_template))
        if not told:
            raise errors.OpPrereqError(
                f"Nothing to change was given for instance {instance.name}; "
                "'gnt-instance modify --help' shows what can be.",
                errors.INVAL,
            )
        fresh = _with_devices(fresh, edit_nics.rows, edit_disks.rows)
        if op.pnode is not None:
            group = cluster.nodegroups[cluster.nodes[fresh.primary_node].group]
            nic_addresses.require_connected(cluster, fresh, group)
        plugged = await _plugged(op, instance, (edit_disks, edit_nics), context)
        await _check_state(op, instance, edit_disks, context, plugged=plugged)
        if op.hvparams or op.beparams:
            guest_values.require_usable(cluster, fresh)
        if op.hvparams and not op.force:
            await guest_values.require_on_nodes(context, fresh, cluster.nodes_of(fresh))
        if op.nics:
            await guest_values.require_bridges(context, fresh, fresh.primary_node)
        await _check_os(op, fresh, context)
        rows = edit_disks.rows if conversion is None else conversion.new
        capacity.check_policy(context, fresh, rows, ignore=op.ignore_ipolicy)
        await _check_memory(op, instance, fresh, context)
        await runtime_memory.check(op, instance, fresh, context)
        return Plan(
            instance,
            fresh,
            edit_disks,
            tuple(cluster.nodes_of(instance)),
            tuple(told),
            edit_nics,
            plugged,
            conversion,
        )

    def hooks(self, op: OpInstanceSetParams, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = hooks_env.instance_variables(cluster, plan.fresh, plan.disks.rows)
        if op.disk_template is not None:
            env["NEW_DISK_TEMPLATE"] = op.disk_template
        if op.runtime_mem is not None:
            env["RUNTIME_MEMORY"] = str(op.runtime_mem)
        return hooks_env.instance_hooks("instance-modify", cluster, env, plan.nodes)

    async def execute(self, op: OpInstanceSetParams, plan: Plan, context: Context) -> Told:
        """Make new disks, commit everything at once, remove old disks."""
        await _make_disks(plan, context)
        if plan.plugged:
            await hotplug.unplug(context, plan.instance, plan.disks.gone, plan.nics.gone)
        if plan.instance.disks_active:
            await disks.shutdown(context, plan.instance, only=plan.disks.detached)
        await context.commit(lambda cluster: _change(cluster, plan), settles=True)
        await _begin_mirrors(plan, context, wait=op.wait_for_sync)
        if plan.conversion is not None:
            await disk_conversion.convert(plan.conversion, context)
        for disk in plan.disks.detached:
            context.log(
                f"Disk {disk.uuid} belongs to no instance now; 'gnt-instance modify --disk "
                f"attach:uuid={disk.uuid} INSTANCE' attaches it."
            )
        fresh = context.cluster.instances[plan.instance.uuid]
        if fresh.disks_active:
            await disks.assemble(context, fresh, only=plan.disks.attached)
        if plan.plugged:
            await hotplug.plug(context, fresh, plan.disks.come, plan.nics.come)
        await _remove_disks(plan, context)
        devices = (plan.disks, plan.nics) if plan.plugged else ()
        done = sum(len(edit.come) + len(edit.gone) for edit in devices)
        done += await runtime_memory.change(op, fresh, context)
        if plan.instance.admin_state == "up" and done < len(plan.told):
            context.log("A running instance gets the changes at its next start.")
        return list(plan.told)


def _require_available(op: OpInstanceSetParams) -> None:
    if op.ext_params:
        raise errors.OpPrereqError(
            "Parameters of external storage were given, but the instance has no such disks.",
            errors.INVAL,
        )
    if op.iallocator is not None and op.disk_template != "drbd":
        raise errors.OpPrereqError(
            "An instance allocator chooses the secondary node of disks that become drbd ones; "
            "leave it out, or give -t drbd.",
            errors.INVAL,
        )


def _site(op: OpInstanceSetParams, instance: Instance, context: Context) -> Site:
    cluster = context.cluster
    node = cluster.nodes[instance.primary_node]
    if op.pnode is not None:
        node = names.node_of(cluster, op.pnode, op.pnode_uuid)
    return Site(
        cluster,
        cluster.nodegroups[node.group],
        context.randomness,
        context.reserved,
        op.conflicts_check,
        frozenset(pools.used((instance,))),
    )


def _changed(
    cluster: Cluster, instance: Instance, op: OpInstanceSetParams
) -> tuple[Instance, Told]:
    """Return *instance* with everything but its devices changed, and what was."""
    given = params.with_memory(op.beparams)
    beparams = params.changed(params.BACKEND, instance.beparams, given, "backend parameter")
    capacity.require_minmax(params.backend(cluster, beparams))
    known = params.hypervisor_schema(instance.hypervisor)
    params.only_below_cluster(known, op.hvparams, "hypervisor parameter")
    hvparams = params.changed(known, instance.hvparams, op.hvparams, "hypervisor parameter")
    fresh = with_os(instance, op.os_name, op.osparams, op.osparams_private or {})
    fresh = msgspec.structs.replace(fresh, beparams=beparams, hvparams=hvparams)
    told: Told = [
        *((f"be/{name}", value) for name, value in op.beparams.items()),
        *((f"hv/{name}", value) for name, value in op.hvparams.items()),
        *((f"os/{name}", value) for name, value in op.osparams.items()),
        *((f"os_private/{name}", "<redacted>") for name in op.osparams_private or {}),
    ]
    if op.runtime_mem is not None:
        told.append(("runtime_memory", op.runtime_mem))
    if op.instance_communication is not None:
        told.append(("instance_communication", op.instance_communication))
    if op.os_name is not None:
        told.append(("os", op.os_name))
    if op.offline is not None:
        fresh, row = _switched_off(fresh, op.offline)
        told.append(row)
    if op.pnode is not None:
        node = names.node_of(cluster, op.pnode, op.pnode_uuid)
        fresh = msgspec.structs.replace(fresh, primary_node=node.uuid)
        told.append(("pnode", node.name))
    return fresh, told


def _switched_off(instance: Instance, offline: bool) -> tuple[Instance, tuple[str, Any]]:
    """Return *instance* taken offline, or back from there."""
    wanted = "offline" if offline else "down"
    if not offline and instance.admin_state != "offline":
        raise errors.OpPrereqError(
            f"Instance {instance.name} is not offline; there is nothing to take back.",
            errors.STATE,
        )
    fresh = msgspec.structs.replace(instance, admin_state=wanted, admin_state_source="admin")
    return fresh, ("admin_state", wanted)


def _with_devices(instance: Instance, fresh: Sequence[Nic], rows: Sequence[Disk]) -> Instance:
    return msgspec.structs.replace(instance, nics=list(fresh), disks=[disk.uuid for disk in rows])


async def _plugged(
    op: OpInstanceSetParams,
    instance: Instance,
    edits: tuple[Edit[Disk], Edit[Nic]],
    context: Context,
) -> bool:
    """Whether devices come and go while the instance runs."""
    if not any(edit.come or edit.gone for edit in edits):
        return False
    return await hotplug.possible(op, instance, context)


async def _check_state(
    op: OpInstanceSetParams,
    instance: Instance,
    edit: Edit[Disk],
    context: Context,
    *,
    plugged: bool,
) -> None:
    primary = context.cluster.nodes[instance.primary_node]
    if edit.come or edit.gone:
        names.require_online(primary, f"changing the disks of instance {instance.name}")
    if edit.gone and not plugged:
        await names.require_stopped(context, instance, "removing disks")
    if op.offline:
        await names.require_stopped(context, instance, "taking it offline")
    if op.pnode is not None and not op.force:
        await names.require_stopped(context, instance, "changing its primary node")


async def _check_os(op: OpInstanceSetParams, fresh: Instance, context: Context) -> None:
    asked = op.os_name is not None or op.osparams or op.osparams_private
    if asked and not (op.force and op.os_name is not None):
        await validate_os(context, fresh, None, force_variant=op.force_variant)


async def _check_memory(
    op: OpInstanceSetParams, instance: Instance, fresh: Instance, context: Context
) -> None:
    """More memory must be there for the next start, unless that is forced."""
    cluster = context.cluster
    wanted = params.of_backend(cluster, fresh)["maxmem"]
    primary = cluster.nodes[instance.primary_node]
    if op.force or wanted <= params.of_backend(cluster, instance)["maxmem"] or primary.offline:
        return
    state = await names.running(context, instance)
    request = NodeInfoRequest(hypervisors=[instance.hypervisor])
    info: NodeInfo = await context.call(primary.uuid, NODE_INFO, request)
    missing = wanted - (state.memory if state else 0) - info.memory_free
    if missing > 0:
        raise errors.OpPrereqError(
            f"Node {primary.name} lacks {missing} MiB of memory to start instance {instance.name} "
            "again with these parameters; --force sets them all the same.",
            errors.NORES,
        )


async def _make_disks(plan: Plan, context: Context) -> None:
    added = plan.disks.added
    if not added:
        return
    instance, name = plan.instance, plan.instance.name
    nodes = context.cluster.nodes_of(instance)
    first = not instance.disks
    alone = [disk for disk in added if disk.dev_type != "drbd"]
    needed = instance.disks_active or new_disks.to_wipe(context.cluster, alone)
    actions = disks.removals(context.cluster, nodes, name, added, directory=first)
    if needed:
        actions += new_disks.undo_assembly(context.cluster, nodes, name, added)
    await context.undo(*actions)
    await disks.create(context, nodes, name, added)
    if needed:
        await disks.assemble(context, instance, only=alone)
        await new_disks.wipe_all(context, instance, alone)
    if needed and not instance.disks_active:
        await disks.shutdown(context, instance, only=alone)


async def _begin_mirrors(plan: Plan, context: Context, *, wait: bool) -> None:
    """Assemble added mirrors, which have their ports now; inactive disks only until in sync."""
    instance = context.cluster.instances[plan.instance.uuid]
    added = [context.cluster.disks[disk.uuid] for disk in plan.disks.added]
    own = [disk for disk in added if disk.dev_type == "drbd"]
    if not own:
        return
    await disks.assemble(context, instance, fresh=True, only=own)
    await new_disks.settle(context, instance, own, wait=wait or not instance.disks_active)
    if not instance.disks_active:
        await disks.shutdown(context, instance)


async def _remove_disks(plan: Plan, context: Context) -> None:
    """Remove what the configuration has dropped; a disk that stays is told, verify names it."""
    removed = plan.disks.removed
    nodes = dict.fromkeys(uuid for disk in removed for uuid in disk.nodes)
    last = not plan.disks.rows
    for node in nodes:
        try:
            await disks.remove(context, node, plan.instance.name, removed, directory=last)
        except errors.GanetiError as error:
            context.log(f"WARNING: A removed disk is still on its node: {error.message}")


def _change(cluster: Cluster, plan: Plan) -> Change:
    """Return the one change with everything; disks that stay as they are are left out."""
    rows = tuple(disk for disk in plan.disks.rows if cluster.disks.get(disk.uuid) != disk)
    if plan.fresh.primary_node != plan.instance.primary_node:
        nodes = [plan.fresh.primary_node]
        rows = tuple(msgspec.structs.replace(disk, nodes=nodes) for disk in plan.disks.rows)
    gone = tuple(disk.uuid for disk in plan.disks.removed)
    change = Change(instances=(plan.fresh,), disks=rows, drop_disks=gone)
    freed = mirrors.with_freed(cluster, change, mirrors.ports_of(plan.disks.removed))
    return mirrors.with_ports(cluster, freed)
