"""OP_INSTANCE_CREATE: make disks, install the OS, start; all of it, or nothing is left."""

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
    disk_rest,
    disks,
    guest_values,
    hooks_env,
    instance_allocation,
    instance_import,
    instance_reserve,
    names,
    new_disks,
    nics,
    os_image,
    wants,
)
from ganetix.master.logic.disk_rest import Rest
from ganetix.master.logic.instance_draft import Draft, draft_of, records
from ganetix.master.logic.instance_import import Contents
from ganetix.master.logic.nic_addresses import Site
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.specs import os_params, spec_of
from ganetix.master.logic.unit import (
    ALL,
    BGL_SHARED,
    Context,
    Hooks,
    IUnit,
    UndoAction,
    Want,
)
from ganetix.model import mirrors, params, pools
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster, mirror_nodes
from ganetix.model.objects import Disk, Instance, Node
from ganetix.opcodes.instance import OpInstanceCreate
from ganetix.rpc.tables.instances import (
    INSTANCE_SHUTDOWN,
    INSTANCE_START,
    InstanceShutdown,
    InstanceStart,
)
from ganetix.rpc.tables.oses import INSTANCE_OS_ADD, OS_VALIDATE, OsScript, OsValidate
from ganetix.toolkit.gather import gather


@attrs.frozen
class Plan:
    """A new instance, ready to be made."""

    draft: Draft
    instance: Instance
    disks: tuple[Disk, ...]
    reserved: Instance | None = None
    """The reservation that it takes the place of."""
    contents: Contents | None = None
    """What is to be on its disks, in place of a new installation."""

    def change(self, cluster: Cluster) -> Change:
        """Return the change that adds it."""
        gone = () if self.reserved is None else tuple(self.reserved.disks)
        added = Change(instances=(self.instance,), disks=self.disks, drop_disks=gone)
        if self.instance.network_port is None:
            added = guest_values.with_port(cluster, added)
        return mirrors.with_ports(cluster, added)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The instance's nodes, the primary first."""
        mirrored = (uuid for disk in self.disks for uuid in mirror_nodes(disk))
        return tuple(dict.fromkeys((self.instance.primary_node, *mirrored)))

    @property
    def dry_run_result(self) -> list[str]:
        """What a dry run returns: the chosen nodes."""
        return list(self.nodes)


@implementer(IUnit)
@attrs.frozen
class InstanceCreate:
    """Creates instances; every step has its undo journalled before it.

    It can be resumed while its disks are wiped and synced, and nowhere else.
    """

    outside: Outside
    allocator: Allocator
    resumable = False

    def locks(self, op: OpInstanceCreate, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        name = Want("instance", (op.instance_name.lower(),))
        if instance_allocation.allocator_of(op, cluster) is not None:
            chance = op.opportunistic_locking
            every = tuple(sorted(cluster.nodes)) if chance else (ALL,)
            least = 2 if op.disk_template == "drbd" else 1
            return [
                BGL_SHARED,
                name,
                Want("nodegroup", (ALL,), "shared"),
                Want("node", every, "exclusive", chance, least),
                Want("node-res", every, "exclusive", chance, least),
            ]
        given = _given_nodes(op, cluster)
        return [
            BGL_SHARED,
            name,
            Want("nodegroup", tuple(sorted({node.group for node in given})), "shared"),
            wants.nodes(node.uuid for node in given),
            wants.resources(node.uuid for node in given),
        ]

    async def check(self, op: OpInstanceCreate, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        op, contents = await instance_import.prepared(op, self.outside, context)
        if context.resumed is not None:
            return _resumed(op, contents, context)
        name, reserved = instance_reserve.named(cluster, op)
        draft = draft_of(cluster, op, name)
        # What is imported is installed already.
        draft = attrs.evolve(draft, install=draft.install and contents is None)
        op = communication.of_new(cluster, await self._addresses_checked(op, name))
        nodes = await self._nodes(op, draft, context)
        op = instance_reserve.with_kept(op, reserved)
        site = _site(op, nodes[0], reserved, context)
        instance, made = records(cluster, op, draft, nodes, (site, context.paths))
        made = await new_disks.with_sizes(context, nodes[0].uuid, made, draft.disks)
        instance, made = instance_reserve.marked(op, reserved, instance, made)
        guest_values.require_usable(cluster, instance)
        nics.reserve(context, (), instance.nics)
        capacity.check_policy(context, instance, made, ignore=op.ignore_ipolicy)
        if not op.forthcoming:
            await _check_nodes(op, draft, instance, [node.uuid for node in nodes], context)
            await new_disks.require_room(context, nodes, made, draft.disks)
        if draft.install:
            await os_image.require_fitting(context, instance, made)
        if op.no_install and op.start:
            context.log("Without an installation the instance is not started.")
        return Plan(draft, instance, tuple(made), reserved, contents)

    async def _addresses_checked(self, op: OpInstanceCreate, name: str) -> OpInstanceCreate:
        """Return *op* with ``auto`` addresses of NICs replaced by the name's own."""
        address = await names.check_addresses(self.outside, name, op.name_check, op.ip_check)
        if not any(nic.get("ip") == "auto" for nic in op.nics):
            return op
        if address is None:
            raise errors.OpPrereqError(
                "IP address 'auto' needs the name check; give the address itself.", errors.INVAL
            )
        rows = [nic | {"ip": address} if nic.get("ip") == "auto" else nic for nic in op.nics]
        return msgspec.structs.replace(op, nics=rows)

    async def _nodes(self, op: OpInstanceCreate, draft: Draft, context: Context) -> list[Node]:
        """Return the nodes for the new instance, the primary first, checked or chosen."""
        nodes = await self._chosen(op, draft, context)
        for node in nodes:
            names.require_usable(node)
        new_disks.require_all_or_none(draft.disks)
        new_disks.require_exclusive(context.cluster, draft.template, nodes)
        return nodes

    async def _chosen(self, op: OpInstanceCreate, draft: Draft, context: Context) -> list[Node]:
        cluster = context.cluster
        allocator = instance_allocation.allocator_of(op, cluster)
        if allocator is None:
            return _checked_nodes(op, draft, cluster)
        free = context.owned("node") & context.owned("node-res")
        body = instance_allocation.body(cluster, op, draft)
        chosen = await self.allocator.allocate(context, allocator, body, free)
        nodes = [cluster.node_named(name) for name in chosen]
        for level in ("node", "node-res"):
            context.release(level, context.owned(level) - {node.uuid for node in nodes})
        return nodes

    def hooks(self, op: OpInstanceCreate, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = hooks_env.instance_variables(cluster, plan.instance, plan.disks)
        env["ADD_MODE"] = op.mode
        return hooks_env.instance_hooks("instance-add", cluster, env, plan.nodes)

    async def execute(self, op: OpInstanceCreate, plan: Plan, context: Context) -> list[str]:
        """Make the instance and return the names of its nodes."""
        if op.forthcoming:
            await context.commit(plan.change)
        else:
            if context.resumed is None:
                await self._make(op, plan, context)
            await _sync_and_start(op, plan, context)
        return names.node_names(context.cluster, plan.nodes)

    async def _make(self, op: OpInstanceCreate, plan: Plan, context: Context) -> None:
        instance, undo = plan.instance, _undo_of(plan, context.cluster)
        if plan.disks:
            await context.undo(*undo)
        else:
            context.undo_after_commit(*undo)
        await new_disks.make(context, plan.nodes, instance.name, plan.disks, plan.draft.disks)
        await context.commit(plan.change)
        context.release("node")
        instance = context.cluster.instances[instance.uuid]
        await disks.assemble(context, instance, fresh=True)


def _resumed(op: OpInstanceCreate, contents: Contents | None, context: Context) -> Plan:
    """Return the plan for an instance that is there, and whose disks were syncing."""
    cluster = context.cluster
    instance = names.instance_of(cluster, op.instance_name)
    plan = Plan(
        draft_of(cluster, op, instance.name),
        instance,
        tuple(cluster.disks_of(instance)),
        contents=contents,
    )
    context.release("node")
    context.release("node-res", context.owned("node-res") - frozenset(plan.nodes))
    return plan


def _site(op: OpInstanceCreate, node: Node, reserved: Instance | None, context: Context) -> Site:
    before = () if reserved is None else (reserved,)
    return Site(
        context.cluster,
        context.cluster.nodegroups[node.group],
        context.randomness,
        context.reserved,
        op.conflicts_check,
        frozenset(pools.used(before)),
        frozenset(nic.mac for instance in before for nic in instance.nics),
    )


def _given_nodes(op: OpInstanceCreate, cluster: Cluster) -> list[Node]:
    """Return the nodes that *op* names: the primary, and the secondary if there is one."""
    found = [names.node_of(cluster, op.pnode or "", op.pnode_uuid)]
    if op.snode is not None:
        found.append(names.node_of(cluster, op.snode, op.snode_uuid))
    return found


def _checked_nodes(op: OpInstanceCreate, draft: Draft, cluster: Cluster) -> list[Node]:
    found = _given_nodes(op, cluster)
    if draft.template != "drbd" and len(found) > 1:
        raise errors.OpPrereqError(
            "A secondary node was given, but only drbd disks have one; leave it out.",
            errors.INVAL,
        )
    if draft.template == "drbd" and len(found) == 1:
        raise errors.OpPrereqError(
            "Disks of template drbd need a secondary node; give it after the primary: "
            "-n PRIMARY:SECONDARY.",
            errors.INVAL,
        )
    if len(found) > 1 and found[0].uuid == found[1].uuid:
        raise errors.OpPrereqError(
            f"Node {found[0].name} was given as primary and as secondary; a mirror needs two.",
            errors.INVAL,
        )
    return found


async def _check_nodes(
    op: OpInstanceCreate, draft: Draft, instance: Instance, nodes: Sequence[str], context: Context
) -> None:
    """Ask the primary node at once whether it has the OS and the memory, and all for the rest."""

    async def has_os() -> None:
        filled = os_params(context.cluster, instance, op.osparams_secret)
        request = OsValidate(draft.os, filled, True, op.force_variant, draft.install)
        try:
            await context.call(instance.primary_node, OS_VALIDATE, request)
        except errors.GanetiError as error:
            raise errors.OpPrereqError(error.message, errors.INVAL) from error

    async def has_memory() -> None:
        needed = params.of_backend(context.cluster, instance)["maxmem"]
        what = f"creating instance {instance.name}"
        await capacity.require_memory(
            context, instance.primary_node, needed, draft.hypervisor, what
        )

    async def has_parameters() -> None:
        await guest_values.require_on_nodes(context, instance, nodes)
        await guest_values.require_bridges(context, instance, instance.primary_node)

    wanted = [has_parameters]
    wanted += [*([has_os] if draft.os else ()), *([has_memory] if draft.start else ())]
    await gather(lambda ask: ask(), wanted, len(wanted))


def _undo_of(plan: Plan, cluster: Cluster) -> list[UndoAction]:
    """Return what takes a half-made instance away again, in the order of the steps."""
    instance, node = plan.instance, plan.instance.primary_node
    name, nodes = instance.name, plan.nodes
    actions = []
    if plan.reserved is not None:
        actions.append(instance_reserve.restored(cluster, plan.reserved))
    actions += new_disks.undo_of(cluster, nodes, name, plan.disks, plan.draft.disks)
    actions += disks.undo_assembly(cluster, nodes, name, plan.disks)
    actions.append(UndoAction(f"Instance {instance.name}", drop_instance=instance.uuid))
    if plan.draft.start:
        request: Any = msgspec.to_builtins(InstanceShutdown(instance.name, instance.hypervisor, 0))
        what = f"The start of instance {instance.name}"
        actions.append(UndoAction(what, node, INSTANCE_SHUTDOWN.name, request))
    return actions


async def _sync_and_start(op: OpInstanceCreate, plan: Plan, context: Context) -> None:
    """Wait for the disks, put onto them what belongs there, and start the instance."""
    instance = context.cluster.instances[plan.instance.uuid]
    spec = spec_of(context.cluster, instance, secret=op.osparams_secret)
    own = context.cluster.disks_of(instance)
    made = zip(own, plan.draft.disks, strict=True)
    fresh = [disk for disk, wanted in made if wanted.adopt is None]
    rest = disk_rest.of(context, Rest(dirty=new_disks.to_wipe(context.cluster, fresh)))
    await new_disks.settle(context, instance, fresh, rest, wait=op.wait_for_sync)
    await context.rested()
    if plan.contents is not None:
        await instance_import.fill(plan.contents, spec, [disk.size for disk in own], context)
    elif plan.draft.install:
        context.log(f"Installing OS {instance.os} on instance {instance.name}...")
        script = OsScript(spec, debug_level=op.debug_level or 0)
        await context.call(instance.primary_node, INSTANCE_OS_ADD, script)
        await os_image.write(context, instance)
    if plan.draft.start:
        start = InstanceStart(spec, reason=op.reason or [])
        await context.call(instance.primary_node, INSTANCE_START, start)
    else:
        await disks.shutdown(context, instance)
    context.undo_done()
