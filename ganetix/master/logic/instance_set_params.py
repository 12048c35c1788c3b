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
    device_changes,
    disk_conversion,
    disk_rest,
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
from ganetix.master.logic.disk_rest import Rest
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
    rest: Rest | None = None
    """With this there is nothing left to do but that."""


@implementer(IUnit)
@attrs.frozen
class InstanceSetParams:
    """Changes instances. It can be resumed while new disks are wiped and synced."""

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
        if context.resumed is not None:
            return _resumed(instance, context)
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
        await _require_room(edit_disks.added, instance, context)
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
        """Make new disks, commit everything at once, remove old disks, wait for new ones."""
        rest = await _made(op, plan, context) if plan.rest is None else plan.rest
        await device_changes.finish(context, plan.instance.uuid, rest, wait=op.wait_for_sync)
        return rest.told


async def _made(op: OpInstanceSetParams, plan: Plan, context: Context) -> Rest:
    """Do all of it but what may take hours; return that."""
    await device_changes.make(context, plan.instance, plan.disks.added)
    if plan.plugged:
        await hotplug.unplug(context, plan.instance, plan.disks.gone, plan.nics.gone)
    if plan.instance.disks_active:
        await disks.shutdown(context, plan.instance, only=plan.disks.detached)
    await context.commit(lambda cluster: _change(cluster, plan), settles=True)
    mirrored = [disk for disk in plan.disks.added if disk.dev_type == "drbd"]
    rest = Rest([disk.uuid for disk in mirrored], new_disks.to_wipe(context.cluster, mirrored))
    if plan.conversion is not None:
        rest = await disk_conversion.convert(plan.conversion, context)
    await device_changes.begin(context, plan.instance.uuid, rest.made)
    for disk in plan.disks.detached:
        context.log(
            f"Disk {disk.uuid} belongs to no instance now; 'gnt-instance modify --disk "
            f"attach:uuid={disk.uuid} INSTANCE' attaches it."
        )
    fresh = context.cluster.instances[plan.instance.uuid]
    if fresh.disks_active:
        await disks.assemble(context, fresh, only=plan.disks.attached)
    await device_changes.remove(context, plan.instance, plan.disks)
    devices = (plan.disks, plan.nics) if plan.plugged else ()
    done = sum(len(edit.come) + len(edit.gone) for edit in devices)
    done += await runtime_memory.change(op, fresh, context)
    if plan.instance.admin_state == "up" and done < len(plan.told):
        context.log("A running instance gets the changes at its next start.")
    plug = [one.uuid for edit in devices for one in edit.come]
    return msgspec.structs.replace(rest, plug=plug, told=list(plan.told))


def _resumed(instance: Instance, context: Context) -> Plan:
    """Return the plan for an instance that is changed, and whose disks are not yet in sync."""
    cluster, rest = context.cluster, disk_rest.of(context, Rest())
    nodes, own = tuple(cluster.nodes_of(instance)), tuple(cluster.disks_of(instance))
    context.release("node-res", context.owned("node-res") - set(nodes))
    edits = Edit(own), Edit(tuple(instance.nics))
    return Plan(
        instance, instance, edits[0], nodes, tuple(rest.told), edits[1], plugged=False, rest=rest
    )


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


async def _require_room(added: Sequence[Disk], instance: Instance, context: Context) -> None:
    """Raise unless the nodes of *instance* have the volume groups of new disks, and room there."""
    nodes = [context.cluster.nodes[uuid] for uuid in context.cluster.nodes_of(instance)]
    if all(not node.offline for node in nodes):
        await new_disks.require_room_for(context, nodes, added)


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
