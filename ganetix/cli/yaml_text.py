"""YAML 1.2 of plain values, in block style; whatever might be read otherwise is quoted."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.@/-]*(?: [A-Za-z0-9_.@/-]+)*")
_WORDS: Final = frozenset(
    {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
)
"""Words that one version of YAML or another takes for something else than text."""


def render(value: Any) -> list[str]:
    """Return the lines of *value*: mappings with text as keys, sequences, and JSON's scalars."""
    if isinstance(value, Mapping) and value:
        return [line for key, item in value.items() for line in _entry(f"{_scalar(key)}:", item)]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return [line for item in value for line in _item(item)]
    return [_scalar(value)]


def _entry(head: str, value: Any) -> list[str]:
    if _nested(value):
        return [head, *(f"  {line}" for line in render(value))]
    return [f"{head} {_scalar(value)}"]


def _item(value: Any) -> list[str]:
    first, *rest = render(value)
    return [f"- {first}", *(f"  {line}" for line in rest)]


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str) and bool(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return value if plain else f'"{"".join(map(_character, value))}"'
    text = json.dumps(value)
    # Readers of YAML 1.1 take 1e+16 for text.
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text


def _character(one: str) -> str:
    if one in {'"', "\\"}:
        return f"\\{one}"
    return one if one.isprintable() else f"\\U{ord(one):08x}"
