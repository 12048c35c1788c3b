"""Nested values as indented text, the form of the info commands (it reads as YAML too)."""

from collections.abc import Mapping
from typing import Any

from ganetix.cli.table import timestamp

Tree = list[tuple[str, Any]]
"""Titles and values in the order of printing; a value may be a tree, a mapping or a list."""


def render(value: Any, depth: int = 0) -> list[str]:
    """Return the lines of *value* at *depth*."""
    if isinstance(value, Mapping):
        return _pairs(sorted(value.items()), depth)
    if _is_tree(value):
        return _pairs(value, depth)
    lines: list[str] = []
    for item in value:
        body = render(item, depth + 1) if _nested(item) else [_scalar(item)]
        first, *rest = body
        lines += [f"{'  ' * depth}- {first.strip()}", *rest]
    return lines


def _pairs(pairs: list[tuple[str, Any]], depth: int) -> list[str]:
    lines = []
    for key, value in pairs:
        if _nested(value):
            lines += [f"{'  ' * depth}{key}: ", *render(value, depth + 1)]
        else:
            lines.append(f"{'  ' * depth}{key}: {_scalar(value)}")
    return lines


def _is_tree(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, tuple) for item in value)


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping | list) and bool(value)


def _scalar(value: Any) -> str:
    if isinstance(value, Mapping | list):
        return ""
    return str(value)


def time_of(value: float | None) -> str:
    """Return a moment as local time, or ``N/A``."""
    return "N/A" if value is None else timestamp(value)


def joined(values: Any) -> str:
    """Return *values* in one line, or ``(none)``."""
    return ", ".join(map(str, values)) if values else "(none)"
