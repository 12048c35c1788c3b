"""Tables: cells of query results to aligned, or separated, lines of text."""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from ganetix.cli.units import format_size

NORMAL: Final = 0
UNKNOWN: Final = 1
_MISSING: Final = {
    1: ("??", "(unknown)"),
    2: ("?", "(nodata)"),
    3: ("-", "(unavail)"),
    4: ("*", "(offline)"),
}
_RIGHT: Final = frozenset({"number", "float", "unit"})


class Column(NamedTuple):
    """A column's title, and whether its cells go to the right."""

    title: str
    right: bool = False


class Style(NamedTuple):
    """How a table is to look."""

    headers: bool = True
    separator: str | None = None
    """Put between cells instead of aligning them; sizes are then plain numbers of MiB."""
    units: str | None = None
    verbose: bool = False
    """Say in words why a value is missing."""


def render(columns: Sequence[Column], rows: Iterable[Sequence[str]], style: Style) -> list[str]:
    """Return the lines of a table."""
    lines = [list(row) for row in rows]
    if style.headers:
        lines.insert(0, [column.title for column in columns])
    if style.separator is not None:
        return [style.separator.join(line) for line in lines]
    widths = [max((len(line[i]) for line in lines), default=0) for i in range(len(columns))]
    if columns and not columns[-1].right:
        widths[-1] = 0
    return [_line(line, columns, widths) for line in lines]


def _line(cells: list[str], columns: Sequence[Column], widths: list[int]) -> str:
    return " ".join(
        cell.rjust(width) if column.right else cell.ljust(width)
        for cell, column, width in zip(cells, columns, widths, strict=True)
    )


def column_of(field: dict[str, Any]) -> Column:
    """Return the column for *field*, a field definition of a query's answer."""
    return Column(field["title"], field["kind"] in _RIGHT)


def cell(pair: Sequence[Any], kind: str, style: Style) -> str:
    """Return the text of *pair*, status and value of one field of *kind*."""
    status, value = pair
    if status != NORMAL:
        return _MISSING[status][style.verbose]
    if kind == "unit" and isinstance(value, int | float):
        return format_size(value, style.units or ("h" if style.separator is None else "m"))
    if kind == "bool" and isinstance(value, bool):
        return "Y" if value else "N"
    if kind == "timestamp" and isinstance(value, int | float):
        return timestamp(value)
    return plain(value)


def plain(value: Any) -> str:
    """Return *value* as text: lists joined by commas, structures as JSON, null as None."""
    if isinstance(value, list):
        return ",".join(map(plain, value))
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    return str(value)


def timestamp(seconds: float) -> str:
    """Return a moment since the epoch as local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def job_time(pair: Sequence[int] | None) -> str:
    """Return a job's time stamp, seconds and microseconds, as local time, or ``N/A``."""
    if not pair:
        return "N/A"
    return f"{timestamp(pair[0])}.{pair[1]:06d}"
