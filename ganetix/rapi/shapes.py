"""What the methods answer and read, a shape for each of those that are not a plain `Submit`."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from ganetix.rapi import cluster, instances, jobs, nodes
from ganetix.rapi.cluster import Tagged
from ganetix.rapi.nouns import NODES, Noun
from ganetix.rapi.schemas import (
    JOB_ID,
    NULL,
    OBJECT,
    TEXT,
    TEXTS,
    Schema,
    Shape,
    body_of,
    list_of,
    needs_body,
    record,
    row_of,
)
from ganetix.rapi.submit import Arg, Submit

_WHOLE: Final[Schema] = {"type": "integer"}
_LIST: Final[Schema] = {"type": "array"}
_FIELDS: Final[Schema] = {
    "type": "array",
    "items": record({"name": TEXT, "title": TEXT, "kind": TEXT, "doc": TEXT}),
}
_CELL: Final[Schema] = {
    "type": "array", "prefixItems": [{"enum": [0, 1, 2, 3, 4]}, {}], "minItems": 2, "maxItems": 2,
}  # fmt: skip
_RESULT: Final = record(
    {"fields": _FIELDS, "data": {"type": "array", "items": {"type": "array", "items": _CELL}}}
)
_OS: Final = record(
    {
        "name": TEXT, "valid": {"type": "boolean"}, "variants": {}, "parameters": {},
        "api_versions": {}, "blacklisted": {"type": "boolean"}, "hidden": {"type": "boolean"},
        "trusted": {"type": "boolean"},
    }
)  # fmt: skip
_FILTER: Final = record(
    {
        "priority": _WHOLE, "predicates": {"type": "array", "items": _LIST}, "action": {},
        "reason": _LIST,
    },
    ("priority", "predicates", "action", "reason"),
)  # fmt: skip
_WAIT: Final = record(
    {"fields": TEXTS, "previous_job_info": {"type": ["array", "null"]},
     "previous_log_serial": {"type": ["integer", "null"]}},
    ("previous_job_info", "previous_log_serial"),
)  # fmt: skip
_NEWS: Final = record({"job_info": _LIST, "log_entries": _LIST})
_INSTALL: Final = record(
    {"os": {"type": ["string", "null"]}, "osparams": {"type": ["object", "null"]},
     "start": {"type": "boolean"}},
    ("os", "osparams", "start"),
)  # fmt: skip
_QUERY: Final = record(
    {
        "fields": TEXTS,
        "qfilter": {"type": ["array", "null"]},
        "filter": {"type": ["array", "null"]},
    },
    ("fields", "qfilter", "filter"),
)
_CONSOLE: Final = {**OBJECT, "required": ["instance", "kind"]}
_CREATE: Final = body_of(instances.CREATE, (), {"__version__": {"const": 1}})
_SEVERAL: Final = body_of(instances.SEVERAL, ())
_MULTI_ALLOC: Final = body_of(instances.MULTI_ALLOC, ())

_NODE_ROW: Final = row_of(NODES, NODES.fields)
_NODE_ONE: Final = record({**_NODE_ROW["properties"], "secondary_ip": TEXT})

FUNCTIONS: Final[Mapping[Callable[..., Any], Shape]] = {
    cluster.nothing: Shape(NULL),
    cluster.version: Shape({"const": 2}),
    cluster.features: Shape(TEXTS),
    cluster.info: Shape({**OBJECT, "required": ["name", "master", *cluster.ALIASES]}),
    cluster.oses: Shape({"anyOf": [TEXTS, {"type": "array", "items": _OS}]}),
    cluster.query_fields: Shape(record({"fields": _FIELDS})),
    jobs.job: Shape({"$ref": "#/components/schemas/Job"}),
    jobs.cancel: Shape({"type": "array", "prefixItems": [{"type": "boolean"}, TEXT]}),
    jobs.wait: Shape({"anyOf": [NULL, _NEWS]}, _WAIT, required=True),
    jobs.add_filter: Shape(TEXT, _FILTER),
    jobs.replace_filter: Shape(TEXT, _FILTER),
    jobs.delete_filter: Shape(NULL),
    nodes.single: Shape(_NODE_ONE),
    nodes.role: Shape({"enum": ["master", *nodes.ROLES]}),
    nodes.set_role: Shape(JOB_ID, {"enum": list(nodes.ROLES)}, required=True),
    nodes.migrate: Shape(JOB_ID, body_of(nodes.MIGRATE, ("node_name",))),
    nodes.modify_storage: Shape(JOB_ID),
    instances.create: Shape(JOB_ID, _CREATE, required=True),
    instances.multi_alloc: Shape(
        JOB_ID,
        {
            **_MULTI_ALLOC,
            "properties": {
                **_MULTI_ALLOC["properties"],
                "instances": {"type": "array", "items": _SEVERAL},
            },
            "required": ["instances"],
        },
        required=True,
    ),
    instances.reinstall: Shape(JOB_ID, _INSTALL),
    instances.replace_disks: Shape(JOB_ID, body_of(instances.REPLACE_DISKS, ("instance_name",))),
    instances.console: Shape(_CONSOLE),
}
"""Shapes of the functions of the table; `cluster.query` has another one for each method."""

FLAGS: Final = frozenset(
    {"bulk", "lock", "dry-run", "force", "auto-promote", "nostartup", "live", "allocatable"}
)
"""Query arguments of functions that are numbers, other than 0 for yes."""

LISTS: Final = frozenset({"fields", "disks"})
"""Query arguments of functions that are lists, separated by commas."""


def shape_of(answer: Callable[..., Any], verb: str, names: Collection[str]) -> Shape:
    """Return the shape of *answer* on a path with *names*; raise KeyError for an unknown one."""
    if isinstance(answer, Submit):
        body = body_of(answer, names) if answer.body else None
        return Shape(JOB_ID, body, body is not None and needs_body(body))
    if answer is cluster.query:
        return Shape(_RESULT, _QUERY)
    of = getattr(answer, "__self__", None)
    if isinstance(of, Noun):
        listed = answer.__name__ == "listed"
        return Shape(list_of(of) if listed else row_of(of, of.fields))
    if isinstance(of, Tagged):
        return Shape(TEXTS if verb == "GET" else JOB_ID)
    return FUNCTIONS[answer]


def args_of(answer: Callable[..., Any], query: Collection[str]) -> list[Arg]:
    """Return the arguments in *query* of what *answer* answers, with their kinds."""
    if isinstance(answer, Submit):
        known = {arg.name: arg for arg in answer.args}
    elif answer is nodes.modify_storage:
        known = {arg.name: arg for arg in nodes.MODIFY_STORAGE.args}
    else:
        known = {}
    return [known.get(name) or _arg(name) for name in query]


def _arg(name: str) -> Arg:
    if name == "tag":
        return Arg(name, "list", required=True)
    return Arg(name, "flag" if name in FLAGS else "list" if name in LISTS else "text")
