"""Where an instance can go whose disks every node sees: what failover and migration share."""

import attrs
import msgspec

from ganetix import errors
from ganetix.master.allocator import Allocator, chosen
from ganetix.master.logic import capacity, disks, guest_values, names, nic_addresses, wants
from ganetix.master.logic.unit import ALL, Context, Want
from ganetix.model import params
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster, mirror_nodes
from ganetix.model.objects import Disk, Instance, Node
from ganetix.opcodes.instance_state import OpInstanceFailover, OpInstanceMigrate

Op = OpInstanceFailover | OpInstanceMigrate


@attrs.frozen
class Move:
    """An instance and the uuids of the nodes that it leaves and goes to."""

    instance: Instance
    source: str
    target: str

    @property
    def nodes(self) -> tuple[str, str]:
        """Both nodes."""
        return (self.source, self.target)


def locks(op: Op, cluster: Cluster) -> list[Want]:
    """Return the wants: the instance, and its node with the target, or with all nodes."""
    instance = _instance(op, cluster)
    alone = wants.instance_only(instance)
    if op.cleanup:
        return [*alone, Want("node", (ALL,), "shared")]
    if _is_mirrored(cluster, instance):
        own = cluster.nodes_of(instance)
        return [*alone, wants.nodes(own), wants.resources(own)]
    if op.target_node is None:
        return [*alone, Want("node", (ALL,)), Want("node-res", (ALL,))]
    target = names.node_of(cluster, op.target_node, op.target_node_uuid)
    both = (instance.primary_node, target.uuid)
    return [*alone, wants.nodes(both), wants.resources(both)]


def _instance(op: Op, cluster: Cluster) -> Instance:
    """Return the instance of *op*; one that is only reserved can fail over, not migrate."""
    reserved = isinstance(op, OpInstanceFailover)
    return names.instance_of(cluster, op.instance_name, op.instance_uuid, reserved=reserved)


async def planned(op: Op, context: Context, allocator: Allocator, what: str) -> Move:
    """Return the move for *op*, with the target chosen and fit; *what* names the operation."""
    instance = _instance(op, context.cluster)
    require_mirrored(context.cluster, instance, what)
    target = await _target(op, instance, context, allocator)
    _require_fit(op, instance, target, context)
    if instance.admin_state == "up":
        await guest_values.require_on_nodes(context, instance, [target.uuid])
        await guest_values.require_bridges(context, instance, target.uuid)
    for level in ("node", "node-res"):
        context.release(level, context.owned(level) - {instance.primary_node, target.uuid})
    return Move(instance, instance.primary_node, target.uuid)


def require_mirrored(cluster: Cluster, instance: Instance, what: str) -> None:
    """Raise `errors.OpPrereqError` unless the disks of *instance* are on more than one node."""
    template = params.template_of(cluster.disks_of(instance))
    if template not in disks.MIRRORED:
        raise errors.OpPrereqError(
            f"Instance {instance.name} has disks of template {template}, which are on its primary "
            f"node alone: {what} is not possible. 'gnt-instance move {instance.name}' copies the "
            "disks to another node.",
            errors.STATE,
        )


async def _target(op: Op, instance: Instance, context: Context, allocator: Allocator) -> Node:
    cluster = context.cluster
    if _is_mirrored(cluster, instance):
        return _secondary(op, instance, cluster)
    if op.target_node is not None:
        if op.iallocator is not None:
            raise errors.OpPrereqError(
                "Both a target node and an instance allocator were given; give one of them.",
                errors.INVAL,
            )
        found = names.node_of(cluster, op.target_node, op.target_node_uuid)
    else:
        name = chosen(cluster, op.iallocator)
        if name is None:
            raise errors.OpPrereqError(
                f"Instance {instance.name} can go to any node: give a target node or an instance "
                "allocator; the cluster has no default one.",
                errors.INVAL,
            )
        (place,) = await allocator.relocate(context, instance, name)
        found = cluster.node_named(place)
    if found.uuid == instance.primary_node:
        raise errors.OpPrereqError(
            f"Node {found.name} is the primary node of instance {instance.name} already; "
            "give another target.",
            errors.STATE,
        )
    return found


def _is_mirrored(cluster: Cluster, instance: Instance) -> bool:
    """Tell whether the disks of *instance* are on one other node, and nowhere else."""
    return bool(cluster.secondaries_of(instance))


def _secondary(op: Op, instance: Instance, cluster: Cluster) -> Node:
    """Return the secondary node of *instance*, the only one where it can go."""
    (uuid,) = cluster.secondaries_of(instance)
    found = cluster.nodes[uuid]
    asked = op.target_node is not None and names.node_of(
        cluster, op.target_node, op.target_node_uuid
    )
    if op.iallocator is not None or (asked and asked.uuid != uuid):
        raise errors.OpPrereqError(
            f"Instance {instance.name} has its mirror on {found.name} and can go nowhere else; "
            f"leave target and allocator out. 'gnt-instance replace-disks -n NODE {instance.name}' "
            "gives it another mirror.",
            errors.INVAL,
        )
    return found


def _require_fit(op: Op, instance: Instance, target: Node, context: Context) -> None:
    cluster = context.cluster
    names.require_usable(target)
    group = cluster.nodegroups[target.group]
    nic_addresses.require_connected(cluster, instance, group)
    disks = cluster.disks_of(instance)
    capacity.check_policy(context, instance, disks, ignore=op.ignore_ipolicy, group=group)


async def require_memory(context: Context, move: Move, what: str) -> int:
    """Return the target's free memory; raise unless it is what the instance needs at least."""
    needed = params.of_backend(context.cluster, move.instance)["minmem"]
    return await capacity.require_memory(
        context, move.target, needed, move.instance.hypervisor, f"{what} {move.instance.name}"
    )


def switched(cluster: Cluster, uuid: str, target: str) -> Change:
    """Return the change that makes node *target* the primary of the instance *uuid*."""
    instance = cluster.instances[uuid]
    return Change(
        instances=(msgspec.structs.replace(instance, primary_node=target),),
        disks=tuple(_with_primary(disk, target) for disk in cluster.disks_of(instance)),
    )


def _with_primary(disk: Disk, target: str) -> Disk:
    others = [uuid for uuid in mirror_nodes(disk) if uuid != target]
    return msgspec.structs.replace(disk, nodes=[target, *others])


def variables(cluster: Cluster, move: Move) -> dict[str, str]:
    """Return the hook variables of both operations."""
    return {
        "OLD_PRIMARY": cluster.nodes[move.source].name,
        "NEW_PRIMARY": cluster.nodes[move.target].name,
        "OLD_SECONDARY": "",
        "NEW_SECONDARY": "",
    }
