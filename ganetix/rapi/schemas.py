"""JSON Schemas of bodies and objects, made from the opcode structs and the field tables."""

import functools
from collections.abc import Collection, Mapping
from typing import Any, Final

import attrs
import msgspec

from ganetix.opcodes.table import TABLE
from ganetix.query.definitions import fields_of
from ganetix.rapi.nouns import Noun
from ganetix.rapi.submit import Submit, takes

Schema = dict[str, Any]

JOB_ID: Final[Schema] = {"$ref": "#/components/schemas/JobId"}
TEXT: Final[Schema] = {"type": "string"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
OBJECT: Final[Schema] = {"type": "object"}
NULL: Final[Schema] = {"type": "null"}

_KINDS: Final[Mapping[str, list[str]]] = {
    "text": ["string", "null"],
    "bool": ["boolean", "null"],
    "number": ["integer", "null"],
    "unit": ["number", "null"],
    "float": ["number", "null"],
    "timestamp": ["number", "null"],
}
"""JSON types of a field's kind; of other kinds a value may be anything."""


@attrs.frozen
class Shape:
    """What a method answers and what body it reads; *required* when a body must be there.

    *media* is the answer's content type; *also* are successes beside 200.
    """

    answer: Schema
    body: Schema | None = None
    required: bool = False
    media: str = "application/json"
    also: tuple[int, ...] = ()


def record(properties: Mapping[str, Schema], optional: Collection[str] = ()) -> Schema:
    """Return the schema of an object with just these *properties*."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


@functools.cache
def opcode(op_id: str) -> Schema:
    """Return the schema of an opcode's whole JSON form."""
    _, found = msgspec.json.schema_components([TABLE[op_id]], ref_template="{name}")
    schema: Schema = found[TABLE[op_id].__name__]
    return schema


def body_of(how: Submit, names: Collection[str], more: Mapping[str, Schema] = {}) -> Schema:
    """Return the schema of what *how* reads from a body on a path with *names* in it.

    *more* are properties beyond the opcode's, which must be there.
    """
    whole = opcode(how.op_id)
    static = {how.lists.get(name, name) for name in names} | set(how.fixed)
    static |= {arg.param or arg.name.replace("-", "_") for arg in how.args}
    given = takes(how.op_id) - static - how.refused
    old = {new: name for name, new in how.renames.items()}
    properties = dict(more)
    for name, schema in whole["properties"].items():
        if name in given:
            properties[name] = schema
            if name in old:
                properties[old[name]] = schema
    needed = [name for name in whole.get("required", ()) if name in given]
    plain = [name for name in needed if name not in old]
    made = record(properties, set(properties) - set(plain) - set(more))
    either = [_one_of(name, old[name]) for name in needed if name in old]
    return {**made, "description": whole["description"], **({"allOf": either} if either else {})}


def _one_of(*names: str) -> Schema:
    return {"oneOf": [{"required": [name]} for name in names]}


def needs_body(schema: Schema) -> bool:
    """Whether an object of *schema* can't be empty."""
    return bool(schema.get("required")) or "allOf" in schema


def row_of(noun: Noun, fields: Collection[str]) -> Schema:
    """Return the schema of one object of *noun* with *fields*."""
    known = fields_of(noun.what)
    properties: dict[str, Schema] = {}
    for name in fields:
        field = known[name]
        kinds = _KINDS.get(field.kind)
        properties[name] = {"description": field.doc, **({"type": kinds} if kinds else {})}
    return record(properties)


def list_of(noun: Noun) -> Schema:
    """Return the schema of a list of *noun*: names with addresses, or objects with ``bulk``."""
    name = {"type": "integer" if noun.name == "id" else "string"}
    short = record({noun.label: name, "uri": TEXT})
    return {
        "anyOf": [
            {"type": "array", "items": short},
            {"type": "array", "items": row_of(noun, noun.bulk)},
        ]
    }
