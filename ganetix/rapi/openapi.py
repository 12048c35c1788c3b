"""The OpenAPI document of the remote API, made from its table of resources."""

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from ganetix import __version__
from ganetix.rapi import cluster
from ganetix.rapi.auth import REALM
from ganetix.rapi.cluster import Tagged
from ganetix.rapi.nouns import JOBS, Noun
from ganetix.rapi.schemas import TEXT, Schema, Shape, opcode, record, row_of
from ganetix.rapi.shapes import args_of, shape_of
from ganetix.rapi.submit import Arg, Submit
from ganetix.rapi.table import Method, Resource

ALWAYS: Final = (200, 400, 401, 413, 415, 500)
"""Statuses of every method: it may be asked in a way that is not understood."""

MASTER: Final = (404, 502, 503, 504)
"""Statuses of what asks the master daemon: what it says, or that it is away or silent."""

REFUSALS: Final = (400, 401, 403, 404, 413, 415, 500, 502, 503, 504)
"""All statuses but that of success."""

_HERE: Final = frozenset({cluster.nothing, cluster.version, cluster.features})
"""What is answered without the master daemon."""

_NAMES: Final = re.compile(r"\{(\w+)\}")
_NAME: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9_.-]+$"}
_NUMBER: Final[Schema] = {"type": "integer", "minimum": 0}
_PARTS: Final[Mapping[str, Schema]] = {
    "job_id": _NUMBER,
    "disk": _NUMBER,
    "query_resource": {"enum": sorted(cluster.QUERYABLE)},
}

_DESCRIPTION: Final = """\
Ganeti's remote API, version 2, as ganetix answers it. An unknown path is 404, a method that a path
does not have 501. A change is answered with the number of its job."""


def document(
    resources: Iterable[Resource], more: Mapping[Callable[..., Any], Shape]
) -> dict[str, Any]:
    """Return the OpenAPI document of *resources*; *more* are shapes of answers beyond ours."""
    return {
        "openapi": "3.1.0",
        "info": {"title": REALM, "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": {row.path: _path(row, more) for row in resources},
        "components": {
            "schemas": _components(),
            "responses": _refusals(),
            "securitySchemes": {
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "A user of the cluster's users file; roles are its options. "
                    "What wants no role wants no user where rapid says so.",
                }
            },
        },
    }


@functools.cache
def _components() -> dict[str, Schema]:
    return {
        "JobId": {"type": "integer", "description": "The number of the job that does it."},
        "Job": row_of(JOBS, JOBS.fields),
        "Error": record({"code": {"type": "integer"}, "message": TEXT, "explain": TEXT}),
    }


def _path(row: Resource, more: Mapping[Callable[..., Any], Shape]) -> dict[str, Any]:
    names = _NAMES.findall(row.path)
    found: dict[str, Any] = {
        verb.lower(): _operation(row, verb, method, _shape(method, verb, names, more))
        for verb, method in row.methods.items()
    }
    if names:
        found["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": _PARTS.get(name, _NAME)}
            for name in names
        ]
    return found


def _shape(
    method: Method, verb: str, names: list[str], more: Mapping[Callable[..., Any], Shape]
) -> Shape:
    if inspect.isfunction(method.answer) and method.answer in more:
        return more[method.answer]
    return shape_of(method.answer, verb, names)


def _operation(row: Resource, verb: str, method: Method, shape: Shape) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": f"{verb.lower()}_{re.sub('[^a-z0-9]+', '_', row.path).strip('_')}",
        "tags": [row.path.removeprefix("/2").strip("/").partition("/")[0] or "cluster"],
        "summary": _summary(method.answer),
        "security": _security(method),
        "responses": {
            str(status): _response(status, shape)
            for status in (*shape.also, *statuses(row, method))
        },
    }
    args = [_parameter(method, arg) for arg in args_of(method.answer, method.query)]
    if args:
        found["parameters"] = args
    if shape.body is not None:
        schema = shape.body if shape.required else {"anyOf": [shape.body, {"type": "null"}]}
        content = {"application/json": {"schema": schema}}
        found["requestBody"] = {"required": shape.required, "content": content}
    return found


def _summary(answer: Callable[..., Any]) -> str:
    if isinstance(answer, Submit):
        return str(opcode(answer.op_id)["description"]).partition("\n")[0]
    told = (inspect.getdoc(answer) or "").partition("\n")[0]
    of = getattr(answer, "__self__", None)
    if isinstance(of, Noun):
        return f"{told} ({of.what}s)"
    return f"{told} ({of.kind})" if isinstance(of, Tagged) else told


def _security(method: Method) -> list[dict[str, list[str]]]:
    return [{"basic": [option]} for option in sorted(method.options)] or [{"basic": []}]


def statuses(row: Resource, method: Method) -> list[int]:
    """Return the statuses with which *method* of *row* may answer."""
    found = set(ALWAYS)
    if not inspect.isfunction(method.answer) or method.answer not in _HERE:
        found.update(MASTER)
    if method.options:
        found.add(403)
    if "{" in row.path:
        found.add(404)
    return sorted(found)


def _response(status: int, shape: Shape) -> dict[str, Any]:
    if status == HTTPStatus.OK:
        return {"description": "The answer.", "content": {shape.media: {"schema": shape.answer}}}
    if status in shape.also:
        return {"description": HTTPStatus(status).description}
    return {"$ref": f"#/components/responses/{HTTPStatus(status).name}"}


def _refusals() -> dict[str, Any]:
    """Return the answers that are no success, by name of their status."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    told = {status: status.description or status.phrase for status in map(HTTPStatus, REFUSALS)}
    found: dict[str, Any] = {
        status.name: {"description": text, "content": error} for status, text in told.items()
    }
    found["UNAUTHORIZED"]["headers"] = {"WWW-Authenticate": {"schema": TEXT}}
    return found


def _parameter(method: Method, arg: Arg) -> dict[str, Any]:
    """Return an argument of the query; lists but that of tags are separated by commas."""
    found: dict[str, Any] = {"name": arg.name, "in": "query", "required": arg.required}
    if arg.kind == "flag":
        return {**found, "schema": {"type": "integer"}}
    if arg.kind == "list":
        items = {"type": "array", "items": TEXT}
        return {**found, "schema": items, "style": "form", "explode": arg.name == "tag"}
    return {**found, "schema": _text(method, arg)}


def _text(method: Method, arg: Arg) -> Schema:
    if not isinstance(method.answer, Submit):
        return TEXT
    known: Schema = opcode(method.answer.op_id)["properties"][arg.param or arg.name]
    return {**TEXT, "enum": known["enum"]} if "enum" in known else TEXT
