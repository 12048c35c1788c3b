"""The cluster itself: what it is, its queries, operating systems, and tags of anything."""

from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.rapi.faults import bad_request, not_found
from ganetix.rapi.jobs import FINAL, WAIT
from ganetix.rapi.request import Request
from ganetix.rapi.submit import DRY_RUN, Submit, filled, submit

FEATURES: Final = (
    "instance-create-reqv1",
    "instance-reinstall-reqv1",
    "node-evac-res1",
    "node-migrate-reqv1",
)
QUERYABLE: Final = frozenset(
    ("export", "filter", "group", "instance", "job", "lock", "network", "node")
)
ALIASES: Final = {"volume_group_name": "vg_name", "drbd_usermode_helper": "drbd_helper"}
_OS_FIELDS: Final = (
    "name", "valid", "variants", "parameters", "api_versions", "blacklisted", "hidden", "trusted",
)  # fmt: skip


async def nothing(request: Request) -> None:
    """Answer null: there are resources below."""


async def version(request: Request) -> int:
    """Answer the version of the remote API."""
    return 2


async def features(request: Request) -> list[str]:
    """Answer what clients may use beyond the oldest form."""
    return list(FEATURES)


async def info(request: Request) -> dict[str, Any]:
    """Answer the cluster's parameters."""
    found: dict[str, Any] = await request.luxi.call("QueryClusterInfo")
    return {**found, **{new: found[old] for old, new in ALIASES.items()}}


async def query(request: Request) -> Any:
    """Answer fields of a resource; the body or the query names them, the body may filter."""
    body = request.params()
    fields = body.pop("fields", None)
    qfilter = body.pop("qfilter", None) or body.pop("filter", None)
    if fields is None:
        fields = _fields(request)
    if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
        raise bad_request("'fields' must be a list of field names.")
    if not isinstance(qfilter, list | None):
        raise bad_request("'qfilter' must be a list: an operator and its operands.")
    return await request.luxi.call("Query", _resource(request), fields, qfilter, raw=True)


async def query_fields(request: Request) -> Any:
    """Answer the definitions of fields; all when none is named."""
    fields = None if request.text("fields") is None else _fields(request)
    return await request.luxi.call("QueryFields", _resource(request), fields)


def _resource(request: Request) -> str:
    name = request.names["query_resource"]
    if name not in QUERYABLE:
        raise not_found(f"'{name}' can't be queried; these can: {', '.join(sorted(QUERYABLE))}.")
    return name


def _fields(request: Request) -> list[str]:
    given = request.text("fields")
    if not given:
        raise bad_request("The argument 'fields' is missing: names, separated by commas.")
    return given.split(",")


async def oses(request: Request) -> list[Any]:
    """Answer the operating systems that instances can be made with, a name a variant.

    With bulk, every definition with what is known of it.
    """
    fields = {"output_fields": list(_OS_FIELDS), "names": []}
    job = await submit(request, [filled(request, "OP_OS_DIAGNOSE", {}, fields)])
    rows = [dict(zip(_OS_FIELDS, row, strict=True)) for row in await _result(request, job)]
    if request.flag("bulk"):
        return rows
    return [
        name
        for row in rows
        if row["valid"] and not row["hidden"] and not row["blacklisted"]
        for name in _with_variants(row["name"], row["variants"])
    ]


def _with_variants(name: str, variants: list[str] | None) -> list[str]:
    return [f"{name}+{variant}" for variant in variants] if variants else [name]


async def _result(request: Request, job: int) -> Any:
    """Return the result of the one opcode of *job*; raise its error."""
    fields, seen = ["status", "opresult"], None
    while True:
        news = await request.luxi.call("WaitForJobChange", job, fields, seen, None, WAIT)
        seen = news[0]
        status, results = seen
        if status == "success":
            return results[0]
        if status in FINAL:
            raise errors.from_wire(results[0])


@attrs.frozen
class Tagged:
    """The tags of a *kind* of object; *name* is its part of the path, empty for the cluster."""

    kind: str
    name: str = ""

    async def listed(self, request: Request) -> Any:
        """Answer the tags."""
        tags = await request.luxi.call("QueryTags", self.kind, request.names.get(self.name, ""))
        return list(tags)

    async def add(self, request: Request) -> Any:
        """Add the tags that the query names."""
        return await self._change(request, "OP_TAGS_SET")

    async def remove(self, request: Request) -> Any:
        """Remove the tags that the query names."""
        return await self._change(request, "OP_TAGS_DEL")

    async def _change(self, request: Request, op_id: str) -> Any:
        tags = list(request.query.get("tag", ()))
        if not tags:
            raise bad_request("The argument 'tag' is missing; it may be given several times.")
        static = {"kind": self.kind, "name": request.names.get(self.name), "tags": tags}
        static.update(DRY_RUN.read(request))
        return await submit(request, [filled(request, op_id, {}, static)])


MODIFY: Final = Submit("OP_CLUSTER_SET_PARAMS", refused=frozenset({"compression_tools"}))
