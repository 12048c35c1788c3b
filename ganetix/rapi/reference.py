"""The reference page of the remote API: Markdown, made from the OpenAPI document."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

Document = Mapping[str, Any]


def page(document: Document) -> str:
    """Return the sections of all resources in *document*, by what they are about."""
    by_tag: dict[str, list[str]] = {}
    for path, row in document["paths"].items():
        shared = row.get("parameters", [])
        for verb, operation in row.items():
            if verb != "parameters":
                lines = by_tag.setdefault(operation["tags"][0], [])
                lines += _operation(f"{verb.upper()} {path}", operation, shared)
    parts = []
    for tag in sorted(by_tag):
        parts += [f"## {tag}", "", *by_tag[tag]]
    return "\n".join(parts)


def _operation(title: str, operation: Mapping[str, Any], shared: list[Any]) -> Iterator[str]:
    yield from (f"### `{title}`", "", operation["summary"], "")
    roles = [role for row in operation["security"] for role in row["basic"]]
    if roles:
        yield from (f"Needs the option {' or '.join(f'`{role}`' for role in roles)}.", "")
    rows = [*shared, *operation.get("parameters", ())]
    if rows:
        yield from _table("argument", (_argument(row) for row in rows))
    if "requestBody" in operation:
        yield from _body(operation["requestBody"])
    answer = operation["responses"]["200"]["content"]
    for media, row in answer.items():
        what = _type(row["schema"]) if media == "application/json" else f"`{media}`"
        yield from (f"Answers {what}.", "")
    codes = [f"`{status}`" for status in operation["responses"] if status != "200"]
    yield from (f"Other statuses: {', '.join(codes)}.", "")


def _argument(row: Mapping[str, Any]) -> tuple[str, str, str]:
    place = "in the path" if row["in"] == "path" else "must be there" if row["required"] else ""
    return row["name"], _type(row["schema"]), place


def _body(body: Mapping[str, Any]) -> Iterator[str]:
    schema = body["content"]["application/json"]["schema"]
    if "anyOf" in schema:
        schema = next(one for one in schema["anyOf"] if one != {"type": "null"})
    if "properties" not in schema:
        yield from (f"The body is {_type(schema)}.", "")
        return
    required = set(schema.get("required", ()))
    names = schema["properties"]
    rows = ((name, _type(names[name]), _need(name, names[name], required)) for name in names)
    yield from _table("in the body", rows)
    for either in schema.get("allOf", ()):
        pair = " or ".join(f"`{one['required'][0]}`" for one in either["oneOf"])
        yield from (f"One of {pair} must be there.", "")


def _need(name: str, schema: Mapping[str, Any], required: set[str]) -> str:
    if name in required:
        return "must be there"
    default = schema.get("default")
    return f"else `{_json(default)}`" if default not in (None, [], {}, "") else ""


def _table(first: str, rows: Iterator[tuple[str, str, str]]) -> Iterator[str]:
    yield from (f"| {first} | type | |", "|---|---|---|")
    for name, kind, note in rows:
        told = kind.replace("|", "\\|")
        yield f"| `{name}` | {told} | {note} |"
    yield ""


def _json(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _type(schema: Mapping[str, Any]) -> str:
    """Return what *schema* allows, in words."""
    for key, told in _TOLD.items():
        if key in schema:
            return told(schema[key])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(_type({**schema, "type": one}) for one in kind)
    if kind == "array":
        return _array(schema)
    if kind == "object" and "properties" in schema:
        return f"an object with {', '.join(f'`{name}`' for name in schema['properties'])}"
    return _PLAIN.get(kind, "anything")


def _reference(target: str) -> str:
    return target.rpartition("/")[2].replace("JobId", "a job's number")


_TOLD: Final[Mapping[str, Callable[[Any], str]]] = {
    "$ref": _reference,
    "const": lambda value: f"`{_json(value)}`",
    "enum": lambda values: ", ".join(f"`{_json(value)}`" for value in values),
    "anyOf": lambda schemas: " or ".join(dict.fromkeys(_type(one) for one in schemas)),
}
"""What says it all when it is in a schema."""


def _array(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"a list of {', '.join(f'({_type(one)})' for one in schema['prefixItems'])}"
    items = schema.get("items")
    return f"a list: {_type(items)}" if isinstance(items, Mapping) and items else "a list"


_PLAIN: Final[Mapping[Any, str]] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}
