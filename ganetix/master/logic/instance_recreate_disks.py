"""OP_INSTANCE_RECREATE_DISKS: make lost disks anew, where they were or on other nodes."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master import allocator as allocators
from ganetix.master.allocator import Allocator
from ganetix.master.logic import (
    capacity,
    disk_requests,
    disk_rest,
    disks,
    hooks_env,
    names,
    new_disks,
    nic_addresses,
    wants,
)
from ganetix.master.logic.disk_rest import Rest
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model import mirrors, params
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Node
from ganetix.opcodes.instance_disks import OpInstanceRecreateDisks
from ganetix.rpc.tables.blockdev import BLOCKDEV_FIND, DiskInfo, DiskRequest

_CHANGEABLE = frozenset({"mode", "size", "spindles"})


@attrs.frozen
class Plan:
    """The disks that are made, as they will be, and the nodes, the primary first."""

    instance: Instance
    disks: tuple[Disk, ...]
    nodes: tuple[str, ...]


@implementer(IUnit)
@attrs.frozen
class InstanceRecreateDisks:
    """Makes disks anew; nothing is installed on them. It can be resumed while they are wiped."""

    allocator: Allocator
    resumable = False

    def locks(self, op: OpInstanceRecreateDisks, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        if op.iallocator is not None:
            return wants.for_allocator(cluster, instance)
        own = [*cluster.nodes_of(instance), *(node.uuid for node in _given(op, cluster))]
        return [*wants.instance_only(instance), wants.nodes(own), wants.resources(own)]

    async def check(self, op: OpInstanceRecreateDisks, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        if context.resumed is not None:
            own = [cluster.disks[uuid] for uuid in disk_rest.of(context, Rest()).made]
            return Plan(instance, tuple(own), tuple(cluster.nodes_of(instance)))
        if not instance.disks:
            raise errors.OpPrereqError(
                f"Instance {instance.name} has no disks that could be made anew.", errors.STATE
            )
        nodes = await self._nodes(op, instance, context)
        moved = tuple(nodes) != tuple(cluster.nodes_of(instance))
        primary = cluster.nodes[instance.primary_node]
        if not (moved and primary.offline):
            await names.require_stopped(context, instance, "making its disks anew")
        for uuid in nodes:
            (names.require_usable if moved else _require_online)(cluster.nodes[uuid])
        if moved:
            for uuid in nodes:
                group = cluster.nodegroups[cluster.nodes[uuid].group]
                nic_addresses.require_connected(cluster, instance, group)
        chosen = _chosen(op, instance, cluster, moved=moved)
        fresh: list[Disk] = []
        for disk in chosen:
            fresh.append(_placed(cluster, disk, nodes, fresh) if moved else disk)
        group = cluster.nodegroups[cluster.nodes[nodes[0]].group]
        capacity.check_policy(context, instance, fresh, ignore=False, group=group)
        await _require_lost(context, instance, nodes, fresh)
        await new_disks.require_room_for(context, [cluster.nodes[uuid] for uuid in nodes], fresh)
        return Plan(instance, tuple(fresh), tuple(nodes))

    async def _nodes(
        self, op: OpInstanceRecreateDisks, instance: Instance, context: Context
    ) -> list[str]:
        cluster = context.cluster
        own = cluster.nodes_of(instance)
        if op.iallocator is not None:
            if op.nodes:
                raise errors.OpPrereqError(
                    "Both nodes and an instance allocator were given; give one of them.",
                    errors.INVAL,
                )
            name = allocators.required(cluster, op.iallocator, "new disks")
            body = _body(cluster, instance)
            free = context.owned("node") & context.owned("node-res")
            found = await self.allocator.allocate(context, name, body, free)
            return [cluster.node_named(one).uuid for one in found]
        given = [node.uuid for node in _given(op, cluster)]
        if given and len(given) != len(own):
            raise errors.OpPrereqError(
                f"{len(given)} nodes were given, but the disks of instance {instance.name} are on "
                f"{len(own)}; give as many.",
                errors.INVAL,
            )
        return given or own

    def hooks(self, op: OpInstanceRecreateDisks, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = hooks_env.instance_variables(cluster, cluster.instances[plan.instance.uuid])
        return hooks_env.instance_hooks("instance-recreate-disks", cluster, env, plan.nodes)

    async def execute(self, op: OpInstanceRecreateDisks, plan: Plan, context: Context) -> None:
        """Make them, note where they are, and give mirrors something to agree on."""
        if context.resumed is None:
            await _make(plan, context)
        instance = context.cluster.instances[plan.instance.uuid]
        own = [context.cluster.disks[disk.uuid] for disk in plan.disks]
        made = [disk.uuid for disk in own]
        rest = disk_rest.of(context, Rest(made, new_disks.to_wipe(context.cluster, own)))
        if rest.dirty or any(disk.dev_type == "drbd" for disk in own):
            await disks.undo_if_inactive(context, instance, own)
            await disks.assemble(context, instance, fresh=True, only=own)
            await new_disks.wipe(context, instance, own, rest)
            await disks.shutdown(context, instance)


async def _make(plan: Plan, context: Context) -> None:
    name = plan.instance.name
    undo = disks.removals(context.cluster, plan.nodes, name, plan.disks, directory=False)
    await context.undo(*undo)
    await disks.create(context, plan.nodes, name, plan.disks)
    await context.commit(lambda cluster: _noted(cluster, plan), settles=True)


def _given(op: OpInstanceRecreateDisks, cluster: Cluster) -> list[Node]:
    return [names.node_of(cluster, name) for name in op.node_uuids or op.nodes]


async def _require_lost(
    context: Context, instance: Instance, nodes: Sequence[str], fresh: Sequence[Disk]
) -> None:
    """Raise if anything of the disks is there: it may hold data, and would be in the way."""
    for disk in fresh:
        for volume in disk.children or [disk]:
            for node in nodes:
                request = DiskRequest(volume, instance.name)
                found: DiskInfo = await context.call(node, BLOCKDEV_FIND, request)
                if found.path is not None:
                    raise errors.OpPrereqError(
                        f"{disk.iv_name} of instance {instance.name} is on "
                        f"{context.cluster.nodes[node].name} already ({found.path}); name the "
                        "lost disks alone with --disk, or remove what is there.",
                        errors.STATE,
                    )


def _require_online(node: Node) -> None:
    names.require_online(node, "making disks on it")


def _chosen(
    op: OpInstanceRecreateDisks, instance: Instance, cluster: Cluster, *, moved: bool
) -> list[Disk]:
    """Return the disks that *op* names, changed as it says; all without names."""
    own = cluster.disks_of(instance)
    if not op.disks:
        return own
    if moved and len({index for index, _ in op.disks}) != len(own):
        raise errors.OpPrereqError(
            "Only all disks together can be made on other nodes; leave the list of disks or the "
            "nodes out.",
            errors.INVAL,
        )
    return [_changed(own, index, given, instance) for index, given in sorted(op.disks)]


def _changed(own: list[Disk], index: int, given: Mapping[str, Any], instance: Instance) -> Disk:
    if index >= len(own):
        raise errors.OpPrereqError(
            f"Instance {instance.name} has no disk {index}; it has {len(own)}.", errors.INVAL
        )
    refused = sorted(set(given) - _CHANGEABLE)
    if refused:
        raise errors.OpPrereqError(
            f"Disk {index}: {', '.join(refused)} can't be changed when it is made anew; "
            f"{', '.join(sorted(_CHANGEABLE))} can.",
            errors.INVAL,
        )
    disk = own[index]
    row = {"size": disk.size, "mode": disk.mode, "spindles": disk.spindles, **given}
    asked = disk_requests.wanted_disk("file", index, row)
    children = [
        msgspec.structs.replace(child, size=asked.size) if number == 0 else child
        for number, child in enumerate(disk.children)
    ]
    return msgspec.structs.replace(
        disk, size=asked.size, mode=asked.mode, spindles=asked.spindles, children=children
    )


def _placed(cluster: Cluster, disk: Disk, nodes: list[str], others: list[Disk]) -> Disk:
    """Return *disk* on *nodes*, with minors there if it is a mirror."""
    if disk.dev_type != "drbd":
        return msgspec.structs.replace(disk, nodes=list(nodes))
    port, secret = disk.logical_id[2], disk.logical_id[5]
    minors = [mirrors.lowest_minor(cluster, node, others) for node in nodes]
    children = [msgspec.structs.replace(child, nodes=list(nodes)) for child in disk.children]
    return msgspec.structs.replace(
        disk, logical_id=[*nodes, port, *minors, secret], nodes=list(nodes), children=children
    )


def _body(cluster: Cluster, instance: Instance) -> dict[str, Any]:
    """Return the body of an ``allocate`` request for an instance that is there."""
    own, backend = cluster.disks_of(instance), params.of_backend(cluster, instance)
    template = params.template_of(own)
    return {
        "name": instance.name,
        "disk_template": template,
        "group_name": cluster.nodegroups[cluster.nodes[instance.primary_node].group].name,
        "tags": instance.tags,
        "os": instance.os,
        "vcpus": backend["vcpus"],
        "memory": backend["maxmem"],
        "spindle_use": backend["spindle_use"],
        "disks": [{"size": d.size, "mode": d.mode, "spindles": d.spindles} for d in own],
        "disk_space_total": sum(disk.size for disk in own),
        "nics": [],
        "required_nodes": 2 if template == "drbd" else 1,
        "hypervisor": instance.hypervisor,
    }


def _noted(cluster: Cluster, plan: Plan) -> Change:
    instance = msgspec.structs.replace(
        cluster.instances[plan.instance.uuid], primary_node=plan.nodes[0]
    )
    return Change(instances=(instance,), disks=plan.disks)
