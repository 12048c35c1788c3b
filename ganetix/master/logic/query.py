"""OP_QUERY and OP_QUERY_FIELDS: lists of objects, also of those that nodes must be asked for."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import cluster_query, ext_storage_diagnose, os_diagnose
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Level, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.query import OpQuery, OpQueryFields
from ganetix.query import filter as filters
from ganetix.query import run
from ganetix.query.view import View

_LEVELS: Final[Mapping[str, tuple[Level, ...]]] = {
    "group": ("nodegroup",),
    "instance": ("instance", "nodegroup", "node"),
    "network": ("network",),
    "node": ("node",),
}
"""What is locked for a list that no job may change meanwhile."""


@implementer(IUnit)
@attrs.frozen
class Query:
    """Answers as LUXI's Query does, for all resources that this release has."""

    outside: Outside
    resumable = True

    def locks(self, op: OpQuery, cluster: Cluster) -> list[Want]:
        """See `IUnit`: none, unless *use_locking* asks to wait for jobs on these objects."""
        if not op.use_locking:
            return []
        levels = _LEVELS.get(op.what, ())
        return [BGL_SHARED, *(Want(level, (ALL,), "shared") for level in levels)]

    async def check(self, op: OpQuery, context: Context) -> None:
        """See `IUnit`."""
        if op.what not in run.RESOURCES:
            raise errors.OpPrereqError(
                f"Resource '{op.what}' can't be queried in this release; "
                f"there are {', '.join(run.RESOURCES)}.",
                errors.INVAL,
            )
        try:
            filters.parsed(op.qfilter)
        except errors.ParseError as error:
            raise errors.OpPrereqError(error.message, errors.INVAL) from error

    def hooks(self, op: OpQuery, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpQuery, plan: None, context: Context) -> dict[str, Any]:
        """Return the definitions of the fields, and the rows."""
        return run.query(await self._view(op, context), op.what, op.fields, op.qfilter)

    async def _view(self, op: OpQuery, context: Context) -> View:
        facts = self.outside.facts()
        asked = frozenset(_texts((op.fields, op.qfilter)))
        view = await facts.view(op.what, (op.fields, op.qfilter))
        if op.what == "cluster":
            return attrs.evolve(view, told=[await cluster_query.row(facts)])
        if op.what == "extstorage":
            return attrs.evolve(view, told=await ext_storage_diagnose.gathered(context))
        if op.what == "os":
            rows = await os_diagnose.gathered(context)
            return attrs.evolve(view, told=[r for r in rows if os_diagnose.meant(r, asked)])
        return view


def _texts(nested: Any) -> Iterator[str]:
    """Yield the texts in nested lists: the fields that they name are among them."""
    if isinstance(nested, list | tuple):
        for part in nested:
            yield from _texts(part)
    elif isinstance(nested, str):
        yield nested


@implementer(IUnit)
class QueryFields:
    """Answers as LUXI's QueryFields does, for all resources."""

    resumable = True

    def locks(self, op: OpQueryFields, cluster: Cluster) -> list[Want]:
        """See `IUnit`: nothing of the cluster is looked at."""
        return []

    async def check(self, op: OpQueryFields, context: Context) -> None:
        """See `IUnit`."""

    def hooks(self, op: OpQueryFields, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpQueryFields, plan: None, context: Context) -> dict[str, Any]:
        """Return the definitions; unknown names get one that says so."""
        return {"fields": [row.to_wire() for row in run.definitions(op.what, op.fields)]}
