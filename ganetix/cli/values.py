"""Values of options: text from the command line to what goes into an opcode."""

import json
import math
from collections.abc import Callable
from typing import Any, Final

from ganetix.cli.units import natural, parse_size


def boolean(text: str) -> bool:
    """Read yes, no, true or false."""
    known = {"yes": True, "true": True, "no": False, "false": False}
    try:
        return known[text.lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither yes nor no") from None


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def number(text: str) -> float:
    """Read a finite number."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(f"{text!r} is not a number")
    return found


def split(text: str, separator: str = ",") -> list[str]:
    """Split at *separator*; a backslash before it, or before a backslash, keeps it."""
    parts, escaped = [""], False
    for char in text:
        if escaped:
            parts[-1] += char if char in {separator, "\\"} else f"\\{char}"
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == separator:
            parts.append("")
        else:
            parts[-1] += char
    if escaped:
        parts[-1] += "\\"
    return parts


def listing(text: str) -> list[str]:
    """Read a list; the empty text is the empty list."""
    return split(text) if text else []


def key_values(text: str) -> dict[str, Any]:
    """Read ``key=value,...``; a bare key is true, ``no_key`` false, ``-key`` null (reset)."""
    found: dict[str, Any] = {}
    for part in listing(text):
        key, value = _key_value(part)
        if not key:
            raise ValueError(f"{part!r} has no key before the equals sign")
        if key in found:
            raise ValueError(f"the key {key!r} is given twice")
        found[key] = value
    return found


def _key_value(part: str) -> tuple[str, Any]:
    key, equals, value = part.partition("=")
    if equals:
        return key, value
    if part.startswith("no_"):
        return part.removeprefix("no_"), False
    if part.startswith("-"):
        return part.removeprefix("-"), None
    return part, True


Ident = tuple[str, Any]
"""An identifier with its keys and values; False if it is to be removed, None to be reset."""


def ident_key_values(text: str) -> Ident:
    """Read ``ident[:key=value,...]``; ``no_ident`` removes, ``-ident`` resets."""
    ident, _, rest = text.partition(":")
    if not ident:
        raise ValueError(f"{text!r} has no name before the colon")
    for prefix, meaning in (("no_", False), ("-", None)):
        if ident.startswith(prefix) and not ident.removeprefix(prefix)[:1].isdecimal():
            if rest:
                raise ValueError(f"{ident!r} takes no values: it is removed or reset as a whole")
            return ident.removeprefix(prefix), meaning
    return ident, key_values(rest)


def ident_list(text: str) -> list[dict[str, dict[str, Any]]]:
    """Read ``ident:key=value,.../ident:...//...``: ``//`` between items, ``/`` between groups."""
    items = []
    for item in text.split("//"):
        groups: dict[str, dict[str, Any]] = {}
        for group in item.split("/"):
            ident, values = ident_key_values(group)
            if ident in groups or not isinstance(values, dict):
                raise ValueError(f"{ident!r} is given twice or without values in {item!r}")
            groups[ident] = values
        items.append(groups)
    return items


def number_or_default(text: str) -> float | str:
    """Read a number, or the word default."""
    return text if text == "default" else number(text)


def json_value(text: str) -> Any:
    """Read JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{text!r} is not JSON: {error}") from None


def filter_action(text: str) -> str | list[Any]:
    """Read what is done with jobs: a word, or ``RATE_LIMIT n``."""
    if text in {"ACCEPT", "PAUSE", "REJECT", "CONTINUE"}:
        return text
    word, _, limit = text.partition(" ")
    if word == "RATE_LIMIT" and (number := natural(limit)):
        return [word, number]
    raise ValueError(f"{text!r} is no action")


KINDS: Final[dict[str, tuple[Callable[[str], Any], str]]] = {
    "string": (str, "text"),
    "choice": (str, "one of the choices"),
    "int": (whole, "a whole number"),
    "float": (number, "a number"),
    "unit": (parse_size, "a size such as 512m or 10g"),
    "bool": (boolean, "yes or no"),
    "list": (listing, "a list separated by commas"),
    "keyval": (key_values, "key=value,..."),
    "keyprivateval": (key_values, "key=value,..."),
    "identkeyval": (ident_key_values, "name:key=value,..."),
    "multilistidentkeyval": (ident_list, "name:key=value,.../name:...//..."),
    "json": (json_value, "JSON text"),
    "filteraction": (filter_action, 'ACCEPT, PAUSE, REJECT, CONTINUE or "RATE_LIMIT n", n above 0'),
    "maybefloat": (number_or_default, "a number or the word default"),
}
"""Kind of value to its reader (which raises ValueError) and what to tell who mistyped it."""
