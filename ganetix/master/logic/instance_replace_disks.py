"""OP_INSTANCE_REPLACE_DISKS: new volumes for one side of a mirror, or another secondary node."""

from collections.abc import Sequence

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master import allocator as allocators
from ganetix.master.allocator import Allocator
from ganetix.master.logic import (
    capacity,
    disk_rest,
    disk_sync,
    disks,
    hooks_env,
    mirror_parts,
    names,
    new_disks,
    nic_addresses,
    wants,
)
from ganetix.master.logic.disk_records import sent
from ganetix.master.logic.disk_rest import Left, Rest
from ganetix.master.logic.unit import Context, Hooks, IUnit, UndoAction, Want
from ganetix.model import mirrors, params
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Node
from ganetix.opcodes.instance_disks import OpInstanceReplaceDisks
from ganetix.rpc.tables.blockdev import (
    BLOCKDEV_ASSEMBLE,
    BLOCKDEV_SHUTDOWN,
    DiskRequest,
)
from ganetix.rpc.tables.storage import DRBD_DISCONNECT, OneDisk

NEW, PRIMARY, SECONDARY, AUTO = (
    "replace_new_secondary", "replace_on_primary", "replace_on_secondary", "replace_auto",
)  # fmt: skip


@attrs.frozen
class Plan:
    """What is replaced: all *disks* on *node*, or with *fresh* their secondary by *node*.

    Without *node* there is nothing to do; with *rest* there is only that.
    """

    instance: Instance
    secondary: str
    disks: tuple[Disk, ...]
    node: str | None
    fresh: tuple[Disk, ...] = ()
    rest: Rest | None = None


@implementer(IUnit)
@attrs.frozen
class InstanceReplaceDisks:
    """Replaces parts of mirrors. It can be resumed while the new ones are synced."""

    allocator: Allocator
    resumable = False

    def locks(self, op: OpInstanceReplaceDisks, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        if op.mode == NEW and op.remote_node is None:
            return wants.for_allocator(cluster, instance)
        own = list(cluster.nodes_of(instance))
        if op.remote_node is not None:
            own.append(names.node_of(cluster, op.remote_node, op.remote_node_uuid).uuid)
        return [*wants.instance_only(instance), wants.nodes(own), wants.resources(own)]

    async def check(self, op: OpInstanceReplaceDisks, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        (secondary,) = _require_mirrored(cluster, instance)
        chosen = _chosen(cluster, instance, op.disks)
        if context.resumed is not None:
            return _resumed(instance, secondary, chosen, context)
        what = f"replacing disks of instance {instance.name}"
        names.require_online(cluster.nodes[instance.primary_node], what)
        if op.mode == NEW:
            return await self._new_secondary(op, instance, secondary, context)
        if op.remote_node is not None or op.iallocator is not None:
            raise errors.OpPrereqError(
                "A node or an allocator is given for a new secondary only; leave it out, or use "
                f"mode {NEW}.",
                errors.INVAL,
            )
        names.require_online(cluster.nodes[secondary], what)
        node = await _side(op, context, instance, secondary)
        if node is not None:
            await _require_other_good(context, instance, secondary, node)
        return Plan(instance, secondary, tuple(chosen), node)

    async def _new_secondary(
        self, op: OpInstanceReplaceDisks, instance: Instance, secondary: str, context: Context
    ) -> Plan:
        cluster = context.cluster
        if op.disks:
            raise errors.OpPrereqError(
                "A new secondary gets all disks; leave the list of disks out.", errors.INVAL
            )
        node = await self._target(op, instance, context)
        _require_new(instance, secondary, node, cluster)
        own = cluster.disks_of(instance)
        group = cluster.nodegroups[node.group]
        nic_addresses.require_connected(cluster, instance, group)
        capacity.check_policy(context, instance, own, ignore=op.ignore_ipolicy, group=group)
        new_disks.require_exclusive(cluster, "drbd", [node])
        await new_disks.require_room_for(context, [node], own)
        if instance.disks_active:
            primary = instance.primary_node
            await disk_sync.require_good(context, instance, primary, "a new secondary")
        for level in ("node", "node-res"):
            needed = {instance.primary_node, secondary, node.uuid}
            context.release(level, context.owned(level) - needed)
        fresh: list[Disk] = []
        for disk in own:
            fresh.append(mirrors.moved(cluster, disk, instance.primary_node, node.uuid, fresh))
        return Plan(instance, secondary, tuple(own), node.uuid, tuple(fresh))

    async def _target(
        self, op: OpInstanceReplaceDisks, instance: Instance, context: Context
    ) -> Node:
        cluster = context.cluster
        if op.remote_node is not None:
            if op.iallocator is not None:
                raise errors.OpPrereqError(
                    "Both a node and an instance allocator were given; give one of them.",
                    errors.INVAL,
                )
            return names.node_of(cluster, op.remote_node, op.remote_node_uuid)
        name = allocators.required(cluster, op.iallocator, "a new secondary")
        (place,) = await self.allocator.relocate(context, instance, name)
        return cluster.node_named(place)

    def hooks(self, op: OpInstanceReplaceDisks, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = hooks_env.instance_variables(cluster, cluster.instances[plan.instance.uuid])
        new = [plan.node] if plan.fresh and plan.node else []
        env |= {
            "MODE": op.mode,
            "NEW_SECONDARY": cluster.nodes[new[0]].name if new else "",
            "OLD_SECONDARY": cluster.nodes[plan.secondary].name,
        }
        nodes = [plan.instance.primary_node, *new]
        return hooks_env.instance_hooks("mirrors-replace", cluster, env, nodes)

    async def execute(self, op: OpInstanceReplaceDisks, plan: Plan, context: Context) -> None:
        """Replace, with the disks active meanwhile; remove the old parts when all is in sync."""
        rest = plan.rest
        if rest is None:
            if plan.node is None:
                name = plan.instance.name
                context.log(f"No disk of instance {name} is faulty; nothing is replaced.")
                return
            rest = await _replaced(op, plan, plan.node, context)
        instance = context.cluster.instances[plan.instance.uuid]
        own = [context.cluster.disks[disk.uuid] for disk in plan.disks]
        await disk_sync.wait(context, instance, own, rest)
        await disk_rest.remove(context, instance.name, rest.left)
        if not instance.disks_active:
            await disks.shutdown(context, instance)


def _resumed(instance: Instance, secondary: str, chosen: Sequence[Disk], context: Context) -> Plan:
    """Return the plan for disks that are replaced, and not yet in sync."""
    context.release("node")
    held = {instance.primary_node, secondary}
    context.release("node-res", context.owned("node-res") - held)
    return Plan(instance, secondary, tuple(chosen), None, rest=disk_rest.of(context, Rest()))


async def _replaced(op: OpInstanceReplaceDisks, plan: Plan, node: str, context: Context) -> Rest:
    """Make the new parts and let them sync; return what is left to do then."""
    uuid, owner = plan.instance.uuid, plan.instance.name
    lost = node != plan.instance.primary_node
    await disks.assemble_inactive(context, plan.instance, ignore_secondaries=lost)
    if plan.fresh:
        left = await _move_mirror(plan, node, context)
    else:
        left = await _replace_volumes(plan, node, context)
    # What was done so far stays; but for disks that were not active.
    await disks.assemble_inactive(context, context.cluster.instances[uuid])
    if op.early_release or context.cluster.nodes[plan.secondary].offline:
        await disk_rest.remove(context, owner, left)
        context.release("node-res")
        left = []
    disk_rest.tell(context, owner, left)
    context.release("node")
    return Rest(left=left)


def _require_mirrored(cluster: Cluster, instance: Instance) -> list[str]:
    """Return the secondary node of *instance*, whose disks must all be mirrored."""
    template = params.template_of(cluster.disks_of(instance))
    if template != "drbd":
        raise errors.OpPrereqError(
            f"Instance {instance.name} has disks of template {template}; only drbd disks have "
            "parts that can be replaced.",
            errors.STATE,
        )
    return cluster.secondaries_of(instance)


def _chosen(cluster: Cluster, instance: Instance, indices: Sequence[int]) -> list[Disk]:
    own = cluster.disks_of(instance)
    for index in indices:
        if index >= len(own):
            raise errors.OpPrereqError(
                f"Instance {instance.name} has no disk {index}; it has {len(own)}.", errors.INVAL
            )
    return [own[index] for index in sorted(set(indices))] if indices else own


def _require_new(instance: Instance, secondary: str, node: Node, cluster: Cluster) -> None:
    if node.uuid in (instance.primary_node, secondary):
        which = "primary" if node.uuid == instance.primary_node else "secondary"
        raise errors.OpPrereqError(
            f"Node {node.name} is the {which} node of instance {instance.name} already; give "
            "another one.",
            errors.INVAL,
        )
    names.require_usable(node)


async def _side(
    op: OpInstanceReplaceDisks, context: Context, instance: Instance, secondary: str
) -> str | None:
    """Return the node whose volumes are replaced; with mode auto the faulty one, None if none."""
    primary = instance.primary_node
    if op.mode != AUTO:
        return primary if op.mode == PRIMARY else secondary
    if op.disks:
        raise errors.OpPrereqError(
            "With mode auto the faulty disks are found; leave the list of disks out.", errors.INVAL
        )
    own = context.cluster.disks_of(instance)
    faulty = []
    for node in (primary, secondary):
        found = await disk_sync.states(context, node, own)
        if any(state.local == "faulty" for _, state in found):
            faulty.append(node)
    if len(faulty) > 1:
        raise errors.OpPrereqError(
            f"Instance {instance.name} has faulty disks on both nodes; there is no good copy to "
            "replace them from.",
            errors.STATE,
        )
    return faulty[0] if faulty else None


async def _require_other_good(
    context: Context, instance: Instance, secondary: str, node: str
) -> None:
    """Raise unless the side that stays has all data."""
    if instance.disks_active:
        other = secondary if node == instance.primary_node else instance.primary_node
        await disk_sync.require_good(context, instance, other, "replacing the other copy")


async def _replace_volumes(plan: Plan, node: str, context: Context) -> list[Left]:
    """Give the disks new volumes on *node*; return the old ones."""
    instance = plan.instance
    old: list[Left] = []
    for disk in plan.disks:
        context.log(f"Replacing {disk.iv_name} on {context.cluster.nodes[node].name}.")
        primary = node == instance.primary_node
        old += await mirror_parts.replace(context, node, instance.name, disk, primary=primary)
    context.undo_done()
    return old


async def _move_mirror(plan: Plan, node: str, context: Context) -> list[Left]:
    """Make the mirror on *node*; return the disks of the old secondary."""
    instance, cluster = plan.instance, context.cluster
    name = cluster.nodes[node].name
    context.log(f"Making the disks of instance {instance.name} on {name}.")
    undo = disks.removals(cluster, [node], instance.name, plan.fresh, directory=False)
    await context.undo(*undo)
    await disks.create(context, [node], instance.name, plan.fresh)
    await context.undo(*_reconnections(cluster, plan))
    for disk in plan.disks:
        ready = sent(cluster, disk)
        if not cluster.nodes[plan.secondary].offline:
            await _shut_down(context, plan.secondary, ready, instance.name)
        await context.call(instance.primary_node, DRBD_DISCONNECT, OneDisk(ready))
    left = disk_rest.lefts(cluster, plan.secondary, plan.disks)
    await context.commit(lambda newest: Change(disks=plan.fresh), settles=True)
    if instance.disks_active:
        await disks.assemble(context, instance)
    return left


def _reconnections(cluster: Cluster, plan: Plan) -> list[UndoAction]:
    """Return what connects the primary to its old secondary again."""
    instance = plan.instance
    return [
        UndoAction(
            f"Disconnecting {disk.iv_name} of {instance.name}",
            node,
            BLOCKDEV_ASSEMBLE.name,
            msgspec.to_builtins(DiskRequest(sent(cluster, disk), instance.name, primary)),
        )
        for disk in plan.disks
        for node, primary in ((instance.primary_node, True), (plan.secondary, False))
        if not cluster.nodes[node].offline
    ]


async def _shut_down(context: Context, node: str, disk: Disk, owner: str) -> None:
    """Take *disk* down on a node that is left; a failure is only told."""
    try:
        await context.call(node, BLOCKDEV_SHUTDOWN, DiskRequest(disk, owner))
    except errors.GanetiError as error:
        name = context.cluster.nodes[node].name
        context.log(f"WARNING: {disk.iv_name} is still active on {name}: {error.message}")
