"""OP_OS_DIAGNOSE: the state of OS definitions on all nodes."""

from collections.abc import Collection, Mapping
from typing import Any

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.os import OpOsDiagnose
from ganetix.query.definitions import fields_of, natural
from ganetix.query.results import unknown_field
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.oses import OS_DIAGNOSE, OsDiagnosis, OsReport


@attrs.frozen
class Definition:
    """One OS definition over all nodes: *reports* has each node's, nothing where it is not."""

    name: str
    reports: Mapping[str, list[OsReport]]

    @property
    def valid(self) -> bool:
        """Whether every node has it, and its first occurrence everywhere is good."""
        return all(rows and not rows[0].status for rows in self.reports.values())

    def firsts(self) -> list[OsReport]:
        """Return the report that counts on each node that has the definition."""
        return [rows[0] for rows in self.reports.values() if rows]

    def common(self, attribute: str) -> list[Any]:
        """Return what the lists *attribute* of all nodes have in common, in the first's order."""
        lists = [getattr(report, attribute) for report in self.firsts()]
        return [row for row in lists[0] if all(row in other for other in lists[1:])]


def definitions(answers: Mapping[str, Any]) -> list[Definition]:
    """Return the definitions in the nodes' *answers*; nodes that failed are left out."""
    found: dict[str, dict[str, list[OsReport]]] = {}
    good = {uuid: a for uuid, a in answers.items() if isinstance(a, OsDiagnosis)}
    for uuid, answer in good.items():
        for report in answer.oses:
            rows = found.setdefault(report.name, {node: [] for node in good})
            rows[uuid].append(report)
    return [Definition(name, found[name]) for name in sorted(found, key=natural)]


def values(cluster: Cluster, one: Definition) -> dict[str, Any]:
    """Return every field of *one*."""
    settings = cluster.cluster
    return {
        "name": one.name,
        "valid": one.valid,
        "hidden": one.name in settings.hidden_os,
        "blacklisted": one.name in settings.blacklisted_os,
        "variants": one.common("variants"),
        "parameters": one.common("parameters"),
        "api_versions": one.common("api_versions"),
        "trusted": all(report.trusted for report in one.firsts()),
        "os_hvp": settings.os_hvp.get(one.name, {}),
        "osparams": settings.osparams.get(one.name, {}),
        "node_status": {
            cluster.nodes[uuid].name: [_row(report) for report in rows]
            for uuid, rows in one.reports.items()
        },
    }


def _row(report: OsReport) -> list[Any]:
    return [
        report.path,
        not report.status,
        report.status,
        report.variants,
        report.parameters,
        report.api_versions,
        report.trusted,
    ]


def meant(row: Mapping[str, Any], asked: Collection[str]) -> bool:
    """Whether who asks for the fields *asked* means *row*: a state must be asked for to be seen."""
    hidden = any(row[mark] for mark in ("hidden", "blacklisted") if mark not in asked)
    return not hidden and bool(row["valid"] or "valid" in asked)


async def gathered(context: Context) -> list[dict[str, Any]]:
    """Ask the online nodes that may run instances, and return every field of each definition."""
    cluster = context.cluster
    nodes = [node.uuid for node in cluster.online_nodes() if node.vm_capable]
    answers = await context.call_each(nodes, OS_DIAGNOSE, Nothing())
    for uuid, answer in answers.items():
        if isinstance(answer, errors.GanetiError):
            name = cluster.nodes[uuid].name
            context.log(f"WARNING: Node {name} could not be asked: {answer.message}")
    return [values(cluster, one) for one in definitions(answers)]


@implementer(IUnit)
class OsDiagnose:
    """Asks all nodes."""

    resumable = True

    def locks(self, op: OpOsDiagnose, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return []

    async def check(self, op: OpOsDiagnose, context: Context) -> None:
        """See `IUnit`."""
        for name in op.output_fields:
            if name not in fields_of("os"):
                raise unknown_field("os", name)

    def hooks(self, op: OpOsDiagnose, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpOsDiagnose, plan: None, context: Context) -> list[list[Any]]:
        """Ask the nodes, and compare."""
        rows = [
            row
            for row in await gathered(context)
            if (not op.names or row["name"] in op.names) and meant(row, op.output_fields)
        ]
        return [[row[name] for name in op.output_fields] for row in rows]
