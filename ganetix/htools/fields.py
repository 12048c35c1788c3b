"""Reading fields of JSON objects, and saying which one is not as it should be."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ganetix.htools.faults import PlanError

Json = Mapping[str, Any]
T = TypeVar("T")


def decode(text: str, source: str = "request") -> Json:
    """Read a message; raises `PlanError` when it is not a JSON object."""
    try:
        message = json.loads(text)
    except ValueError as err:
        raise PlanError(f"{source} is not JSON: {err}") from None
    if not isinstance(message, dict):
        raise PlanError(f"{source} is not a JSON object")
    return message


def _kind(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join("number" if one is float else one.__name__ for one in kinds)


def item(obj: Json, key: str, kind: type | tuple[type, ...], what: str) -> Any:
    """Return *key* of *obj*; raises `PlanError` that names *what* when it lacks or is no *kind*."""
    if not isinstance(obj, dict):
        raise PlanError(f"{what}: {obj!r} is not an object")
    if key not in obj:
        raise PlanError(f"{what} has no field {key!r}")
    value = obj[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise PlanError(f"{what}, field {key}: {value!r} is not a {_kind(kind)}")
    return value


def optional(obj: Json, key: str, kind: type, default: T, what: str) -> T:
    """Return the same, or *default* where it is null or not there."""
    if isinstance(obj, dict) and obj.get(key) is None:
        return default
    value: T = item(obj, key, kind, what)
    return value


def words(obj: Json, key: str, what: str) -> tuple[str, ...]:
    """Return a list of strings."""
    return all_words(item(obj, key, list, what), key, what)


def all_words(found: Sequence[Any], key: str, what: str) -> tuple[str, ...]:
    """Return what was *found* in a list, which must be strings."""
    for word in found:
        if type(word) is not str:
            raise PlanError(f"{what}, field {key}: {word!r} is not a str")
    return tuple(found)
