"""LUXI methods that list objects: from snapshot and live state, never waiting for a node."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.luxi.messages import MalformedRequest
from ganetix.master.handler.door import Door, arguments
from ganetix.master.handler.rows import encoded
from ganetix.query import run

_ELSEWHERE: Final = frozenset(("cluster", "extstorage", "os"))


def _check(what: str) -> None:
    if what in _ELSEWHERE:
        raise errors.GenericError(f"Resource '{what}' is not answered here; submit an OP_QUERY.")
    if what not in run.RESOURCES:
        raise MalformedRequest(f"There is no resource {what!r}.")


async def query(door: Door, args: list[Any]) -> dict[str, Any]:
    """Query: fields and rows of a resource, filtered."""
    what, fields, qfilter = arguments("Query", args, tuple[str, list[str], Any])
    _check(what)
    try:
        view = await door.facts.view(what, (fields, qfilter))
        found = run.prepared(view, what, fields, qfilter)
    except errors.ParseError as error:
        raise MalformedRequest(error.message) from error
    return {"fields": found.fields, "data": await encoded(door.clock, len(found.rows), found.cells)}


async def _bare(door: Door, what: str, names: Sequence[str], fields: list[str]) -> msgspec.Raw:
    """Answer a classic query."""
    found = run.classic(await door.facts.view(what, ()), what, names, fields)
    return await encoded(door.clock, len(found.rows), found.bare)


async def query_fields(door: Door, args: list[Any]) -> dict[str, Any]:
    """QueryFields: the definitions of fields; all when none are named."""
    what, fields = arguments("QueryFields", args, tuple[str, list[str] | None])
    _check(what)
    return {"fields": [row.to_wire() for row in run.definitions(what, fields)]}


def _classic(what: str, method: str) -> Callable[[Door, list[Any]], Awaitable[object]]:
    async def answer(door: Door, args: list[Any]) -> msgspec.Raw:
        names, fields, locking = arguments(method, args, tuple[list[str], list[str], bool])
        _refuse_locking(locking)
        return await _bare(door, what, names, fields)

    return answer


def _refuse_locking(locking: bool) -> None:
    if locking:
        raise errors.OpPrereqError(
            "Queries take no locks; repeat the call without use_locking.", errors.INVAL
        )


async def query_filters(door: Door, args: list[Any]) -> msgspec.Raw:
    """QueryFilters: a row a rule."""
    uuids, fields = arguments("QueryFilters", args, tuple[list[str] | None, list[str]])
    return await _bare(door, "filter", uuids or (), fields)


async def query_exports(door: Door, args: list[Any]) -> msgspec.Raw:
    """QueryExports: node and export, null for a node that did not say what it has."""
    nodes, locking = arguments("QueryExports", args, tuple[list[str], bool])
    _refuse_locking(locking)
    return await _bare(door, "export", nodes, ["node", "export"])


METHODS: Final[dict[str, Callable[[Door, list[Any]], Awaitable[object]]]] = {
    "Query": query,
    "QueryFields": query_fields,
    "QueryExports": query_exports,
    "QueryFilters": query_filters,
    "QueryInstances": _classic("instance", "QueryInstances"),
    "QueryNodes": _classic("node", "QueryNodes"),
    "QueryGroups": _classic("group", "QueryGroups"),
    "QueryNetworks": _classic("network", "QueryNetworks"),
}
