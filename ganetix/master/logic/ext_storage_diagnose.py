"""OP_EXT_STORAGE_DIAGNOSE: the state of external storage providers on all nodes."""

from collections.abc import Mapping
from typing import Any

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.os import OpExtStorageDiagnose
from ganetix.query.definitions import fields_of, natural
from ganetix.query.results import unknown_field
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.providers import EXTSTORAGE_DIAGNOSE, ProviderReport, ProviderReports


async def gathered(context: Context) -> list[dict[str, Any]]:
    """Ask the online nodes that may run instances; return every field of each provider."""
    cluster = context.cluster
    nodes = [node.uuid for node in cluster.online_nodes() if node.vm_capable]
    answers = await context.call_each(nodes, EXTSTORAGE_DIAGNOSE, Nothing())
    good: dict[str, ProviderReports] = {}
    for uuid, answer in answers.items():
        if isinstance(answer, errors.GanetiError):
            name = cluster.nodes[uuid].name
            context.log(f"WARNING: Node {name} could not be asked: {answer.message}")
        else:
            good[uuid] = answer
    names = {one.name for answer in good.values() for one in answer.providers}
    return [_row(cluster, name, good) for name in sorted(names, key=natural)]


def _row(cluster: Cluster, name: str, answers: Mapping[str, ProviderReports]) -> dict[str, Any]:
    found = {
        uuid: [one for one in answer.providers if one.name == name]
        for uuid, answer in answers.items()
    }
    groups: dict[str, bool] = {}
    for uuid, rows in found.items():
        group = cluster.nodegroups[cluster.nodes[uuid].group].name
        groups[group] = groups.get(group, True) and bool(rows) and not rows[0].status
    firsts = [rows[0].parameters for rows in found.values() if rows]
    return {
        "name": name,
        "node_status": {
            cluster.nodes[uuid].name: [_told(one) for one in rows] for uuid, rows in found.items()
        },
        "nodegroup_status": groups,
        "parameters": [list(row) for row in firsts[0] if all(row in other for other in firsts[1:])],
    }


def _told(one: ProviderReport) -> list[Any]:
    return [one.path, not one.status, one.status, [list(row) for row in one.parameters]]


@implementer(IUnit)
class ExtStorageDiagnose:
    """Asks all nodes."""

    resumable = True

    def locks(self, op: OpExtStorageDiagnose, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return []

    async def check(self, op: OpExtStorageDiagnose, context: Context) -> None:
        """See `IUnit`."""
        for name in op.output_fields:
            if name not in fields_of("extstorage"):
                raise unknown_field("extstorage", name)

    def hooks(self, op: OpExtStorageDiagnose, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpExtStorageDiagnose, plan: None, context: Context
    ) -> list[list[Any]]:
        """Ask the nodes, and compare."""
        rows = [row for row in await gathered(context) if not op.names or row["name"] in op.names]
        return [[row[name] for name in op.output_fields] for row in rows]
