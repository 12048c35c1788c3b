"""Opcodes from and to JSON objects, with errors as sentences, and without their secrets.

A submitted opcode must have a ``reason`` (it may be empty). Device changes in their older form of
two elements, disks to recreate as bare indexes, and job ids in ``depends`` as texts of digits, are
put into the one form that the structs have as they come in.
"""

import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.table import TABLE

REDACTED: Final = "<redacted>"

_MISSING = re.compile(r"^Object missing required field `(\w+)`")
_UNKNOWN = re.compile(r"^Object contains unknown field `(.*?)`")
_PATH = re.compile(r"^(.*?) - at (?:`key` in )?`\$\.?(.*)`$", re.DOTALL)
_TYPES: Final = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_DEVICES: Final = ("nics", "disks")


def decode(raw: object) -> OpCode:
    """Return the opcode in *raw*, an object of JSON values.

    Raise `errors.ParseError` with a sentence that names the opcode and the parameter.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("OP_ID"), str):
        raise errors.ParseError("An opcode must be an object with the text 'OP_ID'.")
    op_id = raw["OP_ID"]
    struct = TABLE.get(op_id)
    if struct is None:
        raise errors.ParseError(f"Opcode '{op_id}' is not known; see the list of opcodes.")
    try:
        return msgspec.convert(_modern(raw), struct)
    except msgspec.ValidationError as error:
        raise errors.ParseError(_sentence(op_id, struct, str(error))) from error


def decode_submitted(raw: object) -> OpCode:
    """Return the opcode in *raw* as clients submit it: as `decode`, and it must have a reason."""
    op = decode(raw)
    if not isinstance(raw, dict) or raw.get("reason") is None:
        raise errors.ParseError(
            f"Opcode {op_id_of(op)} needs parameter 'reason', a list that may be empty."
        )
    return op


def encode(op: OpCode) -> dict[str, Any]:
    """Return *op* as an object of JSON values: ``OP_ID`` first, then every parameter."""
    encoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(op))
    return encoded


def encode_stored(op: OpCode) -> dict[str, Any]:
    """Return *op* as job files hold it: values of secret parameters are redacted."""
    return _redacted(encode(op), op.secret_params)


def encode_shown(op: OpCode) -> dict[str, Any]:
    """Return *op* as logs may show it: values of private and secret parameters are redacted."""
    return _redacted(encode(op), (*op.private_params, *op.secret_params))


def lost_secrets(op: OpCode) -> list[str]:
    """Return the secret parameters whose values were redacted when *op* was stored."""
    return [name for name in op.secret_params if REDACTED in _leaves(getattr(op, name))]


def op_id_of(op: OpCode) -> str:
    """Return the ``OP_ID`` of *op*."""
    return str(op.__struct_config__.tag)


def summary(op: OpCode) -> str:
    """Return what job lists show: the id without ``OP_`` and the main parameter in brackets."""
    name = op_id_of(op).removeprefix("OP_")
    if not op.summary_field:
        return name
    value = getattr(op, op.summary_field)
    if isinstance(value, list):
        value = ",".join(str(item) for item in value)
    return f"{name}({value})"


_TINY: Final = {"CLUSTER_": "C_", "GROUP_": "G_", "NODE_": "N_", "INSTANCE_": "I_"}


def tiny_summary(op: OpCode) -> str:
    """Return the id of *op* without ``OP_``, its noun shortened to one letter where it has one."""
    name = op_id_of(op).removeprefix("OP_")
    for noun, letter in _TINY.items():
        if name.startswith(noun):
            return letter + name.removeprefix(noun)
    return name


def _modern(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return *raw* with older forms replaced; what is wrong is left for the validation."""
    fresh: dict[str, Any] = dict(raw)
    if isinstance(raw.get("depends"), list):
        fresh["depends"] = [_dependency(row) for row in raw["depends"]]
    if raw["OP_ID"] == "OP_INSTANCE_SET_PARAMS":
        for name in _DEVICES:
            if isinstance(raw.get(name), list):
                fresh[name] = [_device_change(row) for row in raw[name]]
    if raw["OP_ID"] == "OP_INSTANCE_RECREATE_DISKS" and isinstance(raw.get("disks"), list):
        fresh["disks"] = [[row, {}] if isinstance(row, int) else row for row in raw["disks"]]
    return fresh


def _dependency(row: Any) -> Any:
    match row:
        case [str() as job, states] if job.isascii() and job.isdigit():
            return [int(job), states]
    return row


def _device_change(row: Any) -> Any:
    match row:
        case [int() as index, params]:
            return ["modify", index, params]
        case [str() as action, params]:
            return [action, -1, params]
    return row


def _redacted(encoded: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {**encoded, **{name: _hidden(encoded[name]) for name in names}} if names else encoded


def _hidden(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    return REDACTED


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    else:
        yield value


def _sentence(op_id: str, struct: type[OpCode], problem: str) -> str:
    """Put msgspec's *problem* into a sentence about *op_id* and one of its parameters."""
    located = _PATH.match(problem)
    what, path = located.groups() if located else (problem, "")
    if missing := _MISSING.match(what):
        return f"Opcode {op_id} needs parameter '{missing[1]}', which is missing."
    if unknown := _UNKNOWN.match(what):
        return f"Opcode {op_id} has no parameter '{unknown[1]}'."
    about = f"Opcode {op_id}: parameter '{path}'"
    if what.startswith("Invalid enum value "):
        given = what.removeprefix("Invalid enum value ")
        return f"{about} is {given}; it may be {_choices(struct, path)}."
    return f"{about}: {_readable(what, struct, path)}."


def _choices(struct: type[OpCode], path: str) -> str:
    return " or ".join(
        str(value) for value in sorted(set(_literals(_type_at(struct, path))), key=str)
    )


def _type_at(struct: type[OpCode], path: str) -> Any:
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    return typing.get_type_hints(struct, include_extras=True)[name]


def _literals(annotation: Any) -> Iterator[Any]:
    """Yield every value that a `Literal` within *annotation* lists."""
    for part in typing.get_args(annotation):
        if typing.get_origin(annotation) is typing.Literal:
            yield part
        else:
            yield from _literals(part)


def _descriptions(annotation: Any) -> Iterator[str]:
    """Yield the descriptions that `msgspec.Meta` within *annotation* gives."""
    for part in typing.get_args(annotation):
        if isinstance(part, msgspec.Meta):
            if part.description:
                yield part.description
        else:
            yield from _descriptions(part)


def _readable(what: str, struct: type[OpCode], path: str) -> str:
    if "matching regex" in what:
        return f"expected {' or '.join(_descriptions(_type_at(struct, path)))}"
    if what.endswith("`str` of length >= 1"):
        return "a text that is not empty is expected"
    told = re.sub(r"`([a-z |]+)`", lambda found: _type_names(found[1]), what)
    return told[0].lower() + told[1:]


def _type_names(names: str) -> str:
    return " or ".join(_TYPES.get(name.strip(), name.strip()) for name in names.split("|"))
