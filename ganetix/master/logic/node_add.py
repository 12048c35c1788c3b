"""OP_NODE_ADD: take a machine that has the cluster's certificate into the configuration."""

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import candidates, names, node_addresses, node_env, ssh_access
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import BGL_EXCLUSIVE, Context, Hooks, IUnit, UndoAction, Want
from ganetix.model import params
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.opcodes.node import OpNodeAdd


@attrs.frozen
class Plan:
    """The node as it will be, the digest of its certificate, and what takes it back."""

    node: Node
    digest: str
    back: Change


@implementer(IUnit)
@attrs.frozen
class NodeAdd:
    """Adds nodes, and adds them again."""

    outside: Outside
    resumable = False

    def locks(self, op: OpNodeAdd, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_EXCLUSIVE]

    async def check(self, op: OpNodeAdd, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        name, resolved = await self.outside.resolve(op.node_name)
        primary = op.primary_ip or resolved
        old = _known(cluster, name) if op.readd else None
        if old is None:
            _check_unknown(cluster, name)
        secondary = op.secondary_ip or _own_secondary(old) or primary
        _check_addresses(cluster, name, primary, secondary)
        digest = _digest(op)
        for address in dict.fromkeys((primary, secondary)):
            await node_addresses.require_answer(name, address, self.outside)
        node = _again(old, op) if old else _fresh(op, cluster, context, name)
        node = msgspec.structs.replace(node, primary_ip=primary, secondary_ip=secondary)
        node = msgspec.structs.replace(node, master_candidate=False)
        lacking = candidates.missing(
            [*_others(cluster, node), node], cluster.cluster.candidate_pool_size
        )
        wanted = candidates.eligible(node) and lacking > 0
        back = Change(nodes=(old,)) if old else Change(drop_nodes=(node.uuid,))
        return Plan(msgspec.structs.replace(node, master_candidate=wanted), digest, back)

    def hooks(self, op: OpNodeAdd, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        others = [uuid for uuid in cluster.nodes if uuid != plan.node.uuid]
        env = node_env.added(plan.node)
        return node_env.hooks("node-add", env, others, [*others, plan.node.uuid])

    async def execute(self, op: OpNodeAdd, plan: Plan, context: Context) -> None:
        """Write it down; a candidate also gets the authority's key."""
        node = plan.node
        if node.secondary_ip != node.primary_ip:
            await _require_secondary(plan, context)
        digests = {node.uuid: plan.digest} if node.master_candidate else {}
        await context.commit(
            lambda cluster: candidates.certified(cluster, Change(nodes=(node,)), digests),
            settles=True,
        )
        await ssh_access.joined(context, self.outside, node, op.ssh_public_key)
        if node.master_candidate:
            await candidates.equip(context, self.outside, [node.uuid])


async def _require_secondary(plan: Plan, context: Context) -> None:
    """Ask the node whether it has its secondary address: for that it is written down first."""
    what = f"Writing down node {plan.node.name}"
    await context.undo(UndoAction(what, restore=msgspec.to_builtins(plan.back)))
    known = msgspec.structs.replace(plan.node, master_candidate=False)
    await context.commit(lambda cluster: Change(nodes=(known,)))
    await node_addresses.require_owned(plan.node, context)


def _digest(op: OpNodeAdd) -> str:
    if op.node_uuid is None or op.certificate_digest is None:
        raise errors.OpPrereqError(
            f"Node {op.node_name} has no certificate of this cluster yet; "
            f"run 'gnt-node add {op.node_name}' on the master, which brings it one.",
            errors.ENVIRON,
        )
    return op.certificate_digest


def _own_secondary(old: Node | None) -> str | None:
    """Return the secondary address of a node that had one of its own."""
    return old.secondary_ip if old and old.secondary_ip != old.primary_ip else None


def _others(cluster: Cluster, node: Node) -> list[Node]:
    return [row for row in cluster.nodes.values() if row.uuid != node.uuid]


def _check_unknown(cluster: Cluster, name: str) -> None:
    if name in cluster.indexes.node_names:
        raise errors.OpPrereqError(
            f"Node {name} is already in the cluster; 'gnt-node add --readd {name}' sets it up "
            "again.",
            errors.EXISTS,
        )


def _known(cluster: Cluster, name: str) -> Node:
    node = names.node_of(cluster, name)
    if node.uuid == cluster.cluster.master_node:
        raise errors.OpPrereqError(
            f"Node {name} is the master; it can't be added again.", errors.INVAL
        )
    return node


def _check_addresses(cluster: Cluster, name: str, primary: str, secondary: str) -> None:
    for other in cluster.nodes.values():
        for address in {primary, secondary} & {other.primary_ip, other.secondary_ip}:
            if other.name != name:
                raise errors.OpPrereqError(
                    f"Address {address} belongs to node {other.name} already.", errors.NOTUNIQUE
                )
    master = cluster.master
    if (master.primary_ip == master.secondary_ip) != (primary == secondary):
        word = "no" if master.primary_ip == master.secondary_ip else "a"
        raise errors.OpPrereqError(
            f"The master has {word} secondary address of its own, so node {name} must be the "
            "same; see --secondary-ip.",
            errors.INVAL,
        )


def _again(old: Node, op: OpNodeAdd) -> Node:
    fresh = msgspec.structs.replace(old, offline=False, drained=False)
    if op.master_capable is not None:
        fresh = msgspec.structs.replace(fresh, master_capable=op.master_capable)
    if op.vm_capable is not None:
        fresh = msgspec.structs.replace(fresh, vm_capable=op.vm_capable)
    return fresh


def _fresh(op: OpNodeAdd, cluster: Cluster, context: Context, name: str) -> Node:
    group = cluster.group_named(op.group).uuid if op.group else _default_group(cluster)
    given = params.changed(params.NODE, {}, op.ndparams or {}, "node parameter")
    return Node(
        uuid=op.node_uuid or context.randomness.uuid(),
        name=name,
        primary_ip="",
        secondary_ip="",
        group=group,
        master_capable=op.master_capable is not False,
        vm_capable=op.vm_capable is not False,
        ndparams=given,
        hv_state_static=op.hv_state or {},
        disk_state_static=op.disk_state or {},
    )


def _default_group(cluster: Cluster) -> str:
    if len(cluster.nodegroups) == 1:
        return next(iter(cluster.nodegroups))
    if (uuid := cluster.indexes.group_names.get("default")) is not None:
        return uuid
    raise errors.OpPrereqError(
        "There are several node groups; say which with --node-group.", errors.INVAL
    )
