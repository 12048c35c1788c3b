"""OP_NODE_SET_PARAMS: a node's role, capabilities and parameters."""

from typing import Any, Final

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import candidates, names, node_addresses, node_env, wants
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model import params
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.opcodes.node import OpNodeSetParams

_FLAGS: Final = ("master_candidate", "offline", "drained")
_CAPABILITIES: Final = ("master_capable", "vm_capable")
_GIVEN: Final = (
    *_FLAGS, *_CAPABILITIES, "secondary_ip", "ndparams", "powered", "hv_state", "disk_state",
)  # fmt: skip


@attrs.frozen
class Plan:
    """The node before and after, what else is promoted, and what the job answers."""

    before: Node
    after: Node
    promoted: tuple[Node, ...]
    result: tuple[tuple[str, Any], ...]


@implementer(IUnit)
@attrs.frozen
class NodeSetParams:
    """Changes nodes."""

    outside: Outside
    resumable = False

    def locks(self, op: OpNodeSetParams, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        node = names.node_of(cluster, op.node_name, op.node_uuid)
        uuids = list(cluster.nodes) if _may_demote(op, node) and op.auto_promote else [node.uuid]
        moved = op.secondary_ip not in (None, node.secondary_ip)
        users = tuple(one.name for one in node_addresses.users(cluster, node)) if moved else ()
        stopped = [Want("instance", users)] if users else []
        return [BGL_SHARED, *stopped, wants.nodes(uuids), wants.resources(uuids)]

    async def check(self, op: OpNodeSetParams, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        node = names.node_of(cluster, op.node_name, op.node_uuid)
        _check_request(op, node, cluster)
        after = _with_role(op, _with_capabilities(op, node), node, cluster)
        after = _with_parameters(op, after)
        if node.offline and not after.offline:
            _require_powered(after)
            await _check_alive(self.outside, node)
        if after.secondary_ip != node.secondary_ip:
            await node_addresses.require_possible(after, self.outside, context)
        promoted = _refill(op, node, after, context)
        return Plan(node, after, promoted, tuple(_result(op, node, after)))

    def hooks(self, op: OpNodeSetParams, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = {
            "OP_TARGET": plan.before.name,
            "MASTER_CANDIDATE": str(op.master_candidate),
            "OFFLINE": str(op.offline),
            "DRAINED": str(op.drained),
            "MASTER_CAPABLE": str(op.master_capable),
            "VM_CAPABLE": str(op.vm_capable),
        }
        nodes = {cluster.cluster.master_node, plan.before.uuid}
        online = [uuid for uuid in nodes if not cluster.nodes[uuid].offline]
        return node_env.hooks("node-modify", env, online, online)

    async def execute(self, op: OpNodeSetParams, plan: Plan, context: Context) -> list[list[Any]]:
        """Write the roles down, then let the nodes follow."""
        before, after = plan.before, plan.after
        if before.offline and not after.offline:
            await _bring_online(after, context)
        demoted = before.master_candidate and not after.master_candidate
        change = candidates.with_promoted(Change(nodes=(after,)), plan.promoted)
        joining = [node.uuid for node in plan.promoted]
        if after.master_candidate and not before.master_candidate and after.uuid not in joining:
            joining.append(after.uuid)
        digests = await candidates.tokens(context, joining)
        gone = [after.uuid] if demoted else []
        await context.commit(lambda cluster: candidates.certified(cluster, change, digests, gone))
        if demoted:
            # Only now: until the commit it is in sync, and could become the master.
            await candidates.strip(context, self.outside, after)
        await candidates.equip(context, self.outside, joining)
        return [list(row) for row in plan.result]


async def _bring_online(node: Node, context: Context) -> None:
    """Write down that *node* is online; only then it is called, and can say what it takes."""
    online = msgspec.structs.replace(node, master_candidate=False)
    await context.commit(lambda cluster: Change(nodes=(online,)))


def _may_demote(op: OpNodeSetParams, node: Node) -> bool:
    leaves = op.master_candidate is False or op.offline or op.drained
    return node.master_candidate and bool(leaves or op.master_capable is False)


def _check_request(op: OpNodeSetParams, node: Node, cluster: Cluster) -> None:
    if all(getattr(op, name) is None for name in _GIVEN):
        raise _wrong(f"Nothing is to be changed on node {node.name}; give at least one option.")
    if sum(1 for name in _FLAGS if getattr(op, name)) > 1:
        raise _wrong("A node is at most one of master candidate, offline and drained.")
    if node.uuid == cluster.cluster.master_node:
        for name in _FLAGS:
            if getattr(op, name) is not None:
                raise _wrong(
                    f"Node {node.name} is the master: its role can't be changed here. "
                    "Run 'gnt-cluster master-failover' on another candidate first."
                )
    if op.powered is not None and not params.node(cluster, node).get("oob_program"):
        raise errors.OpPrereqError(
            f"Node {node.name} has no out-of-band program (oob_program), so its power state "
            "can't be set.",
            errors.STATE,
        )
    if op.vm_capable is False:
        _check_unused(node, cluster)


def _check_unused(node: Node, cluster: Cluster) -> None:
    index = cluster.indexes
    if index.primaries.get(node.uuid) or index.secondaries.get(node.uuid):
        raise errors.OpPrereqError(
            f"Node {node.name} has instances; move them before it stops being vm_capable.",
            errors.STATE,
        )


def _with_capabilities(op: OpNodeSetParams, node: Node) -> Node:
    given = {name: getattr(op, name) for name in _CAPABILITIES if getattr(op, name) is not None}
    return msgspec.structs.replace(node, **given)


def _with_role(op: OpNodeSetParams, after: Node, before: Node, cluster: Cluster) -> Node:
    """Return *after* with its role: given, or following from the other changes."""
    given = {name: getattr(op, name) for name in _FLAGS if getattr(op, name) is not None}
    true = next((name for name, value in given.items() if value), None)
    if true is not None:
        given = {name: name == true for name in _FLAGS}
    fresh = msgspec.structs.replace(after, **given)
    if not fresh.master_capable:
        fresh = msgspec.structs.replace(fresh, master_candidate=False)
    if op.master_candidate and not candidates.eligible(fresh):
        raise _wrong(f"Node {before.name} is not master_capable, so it can't be a candidate.")
    if _comes_back(op, before, fresh) and _pool_has_room(cluster, fresh):
        fresh = msgspec.structs.replace(fresh, master_candidate=True)
    return fresh


def _comes_back(op: OpNodeSetParams, before: Node, after: Node) -> bool:
    """Whether the node becomes eligible by this change, and nobody said that it must stay out."""
    became = candidates.eligible(after) and not candidates.eligible(before)
    return became and op.master_candidate is None


def _pool_has_room(cluster: Cluster, fresh: Node) -> bool:
    rows = [*(n for n in cluster.nodes.values() if n.uuid != fresh.uuid), fresh]
    return candidates.missing(rows, cluster.cluster.candidate_pool_size) > 0


def _with_parameters(op: OpNodeSetParams, node: Node) -> Node:
    given: dict[str, Any] = {}
    if op.ndparams is not None:
        given["ndparams"] = params.changed(
            params.NODE, node.ndparams, op.ndparams, "node parameter"
        )
    if op.secondary_ip is not None:
        given["secondary_ip"] = op.secondary_ip
    if op.powered is not None:
        given["powered"] = op.powered
    if op.hv_state is not None:
        given["hv_state_static"] = op.hv_state
    if op.disk_state is not None:
        given["disk_state_static"] = op.disk_state
    return msgspec.structs.replace(node, **given)


def _require_powered(node: Node) -> None:
    if not node.powered:
        raise errors.OpPrereqError(
            f"Node {node.name} is marked to be without power; 'gnt-node power on {node.name}' "
            "turns it on, and --node-powered=yes only says that it is.",
            errors.STATE,
        )


async def _check_alive(outside: Outside, node: Node) -> None:
    if not await outside.answers(node.primary_ip):
        raise errors.OpPrereqError(
            f"Node {node.name} does not answer at {node.primary_ip}; start its node daemon before "
            "it is marked online.",
            errors.STATE,
        )


def _refill(op: OpNodeSetParams, before: Node, after: Node, context: Context) -> tuple[Node, ...]:
    """Return who is promoted in place of a demoted node; refuse if somebody must and may not."""
    if not before.master_candidate or after.master_candidate:
        return ()
    change = Change(nodes=(after,))
    found = candidates.promotions(context.cluster, change, context.randomness, after.uuid)
    rows = [node for node in context.cluster.nodes.values() if node.uuid != after.uuid]
    lacking = candidates.missing(rows, context.cluster.cluster.candidate_pool_size)
    if lacking > 0 and not op.auto_promote and not op.force:
        raise errors.OpPrereqError(
            f"Without node {after.name} the candidate pool is {lacking} short; give "
            "--auto-promote to promote another node, or add one.",
            errors.STATE,
        )
    return tuple(found) if op.auto_promote else ()


def _result(op: OpNodeSetParams, before: Node, after: Node) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name in (*_FLAGS, *_CAPABILITIES, "powered", "secondary_ip"):
        value = getattr(after, name)
        if value != getattr(before, name):
            rows.append((name, str(value)))
    rows += [(f"ndparams/{key}", value) for key, value in (op.ndparams or {}).items()]
    return rows


def _wrong(sentence: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(sentence, errors.INVAL)
