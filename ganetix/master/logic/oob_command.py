"""OP_OOB_COMMAND: power and health of machines through the helper program of each."""

from collections.abc import Iterable
from typing import Any, Final

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import names, wants
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model import params
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.opcodes.node import OpOobCommand
from ganetix.rpc.tables.node_care import RUN_OOB, OobRun, Output

NORMAL: Final = 0
NODATA: Final = 2
UNAVAILABLE: Final = 3
HEALTH: Final = frozenset({"OK", "WARNING", "CRITICAL", "UNKNOWN"})
NEVER_ON_MASTER: Final = ("power-off", "power-cycle")

Row = list[list[Any]]


@attrs.frozen
class Plan:
    """The nodes, by name."""

    nodes: tuple[Node, ...]


@implementer(IUnit)
class OobCommand:
    """Runs the helper on the master, for one node after the other."""

    resumable = False

    def locks(self, op: OpOobCommand, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        if not _named(op):
            return [BGL_SHARED, Want("node", (ALL,))]
        return [BGL_SHARED, wants.nodes(node.uuid for node in _nodes(op, cluster))]

    async def check(self, op: OpOobCommand, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        nodes = _nodes(op, cluster)
        master = cluster.master
        if op.command in NEVER_ON_MASTER and master in nodes:
            if _named(op):
                program = params.node(cluster, master).get("oob_program")
                by_hand = f" By hand: {program} {op.command} {master.name}" if program else ""
                raise errors.OpPrereqError(
                    f"{op.command} is not done on the master {master.name}, which runs it."
                    f"{by_hand}",
                    errors.INVAL,
                )
            nodes = [node for node in nodes if node.uuid != master.uuid]
        if op.command == "power-off" and not op.ignore_status:
            _require_offline(nodes)
        return Plan(tuple(nodes))

    def hooks(self, op: OpOobCommand, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpOobCommand, plan: Plan, context: Context) -> list[Row]:
        """Return [[0, node], [status, payload]] for each node."""
        rows: list[Row] = []
        for number, node in enumerate(plan.nodes):
            if number and op.command == "power-on":
                await context.clock.sleep(max(op.power_delay, 0.0))
            rows.append([[NORMAL, node.name], await _one(op, node, context)])
        return rows


def _named(op: OpOobCommand) -> bool:
    return bool(op.node_names or op.node_uuids)


def _nodes(op: OpOobCommand, cluster: Cluster) -> list[Node]:
    if not _named(op):
        return sorted(cluster.nodes.values(), key=lambda node: node.name)
    given = op.node_names or op.node_uuids or []
    return list({(n := names.node_of(cluster, name)).uuid: n for name in given}.values())


def _require_offline(nodes: Iterable[Node]) -> None:
    online = sorted(node.name for node in nodes if not node.offline)
    if online:
        raise errors.OpPrereqError(
            f"Not marked offline: {', '.join(online)}. 'gnt-node modify --offline=yes' does that "
            "first, so that nobody uses them; --ignore-status goes on in any case.",
            errors.STATE,
        )


async def _one(op: OpOobCommand, node: Node, context: Context) -> list[Any]:
    program = params.node(context.cluster, node).get("oob_program")
    if not program:
        return [UNAVAILABLE, None]
    request = OobRun(str(program), op.command, node.name, float(op.timeout))
    try:
        output: Output = await context.call(context.cluster.master.uuid, RUN_OOB, request)
        payload = parsed(op.command, output.text, node.name)
    except errors.GanetiError as error:
        context.log(f"WARNING: {op.command} of node {node.name}: {error.message}")
        return [NODATA, error.message]
    await _remember(op, node, payload, context)
    return [NORMAL, payload]


def parsed(command: str, text: str, node: str) -> Any:
    """Return what the helper's output *text* says; raise `errors.OpExecError` if it is not it."""
    if command in ("power-on", "power-off", "power-cycle"):
        return None
    try:
        found: Any = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise errors.OpExecError(
            f"The out-of-band program of node {node} did not answer {command} with JSON: {error}."
        ) from error
    right = _is_health(found) if command == "health" else _is_power(found)
    if not right:
        wanted = "[[item, state], ...]" if command == "health" else '{"powered": true or false}'
        raise errors.OpExecError(
            f"The out-of-band program of node {node} did not answer {command} with {wanted}."
        )
    return found


def _is_health(found: Any) -> bool:
    return isinstance(found, list) and all(
        isinstance(row, list) and len(row) == 2 and row[1] in HEALTH for row in found
    )


def _is_power(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("powered"), bool)


async def _remember(op: OpOobCommand, node: Node, payload: Any, context: Context) -> None:
    """Write down that a node is powered now, or not; a status that differs is told."""
    if op.command == "power-status":
        if payload["powered"] != node.powered:
            words = {True: "on", False: "off"}
            context.log(
                f"WARNING: Node {node.name} is recorded as powered {words[node.powered]}, but is "
                f"{words[payload['powered']]}. Correct it with: "
                f"gnt-node modify --node-powered={'yes' if payload['powered'] else 'no'} "
                f"{node.name}"
            )
        return
    if op.command in ("power-on", "power-off"):
        fresh = msgspec.structs.replace(node, powered=op.command == "power-on")
        await context.commit(lambda cluster: Change(nodes=(fresh,)))
