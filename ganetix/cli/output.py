"""What list and info commands found, for programs: JSON, YAML or CSV instead of text."""

import importlib
import json
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ganetix.cli.context import Context

Rows = Sequence[Mapping[str, Any]]
"""One mapping an object, with plain values: sizes in MiB, times as the interfaces give them."""


def wanted(options: Namespace) -> bool:
    """Whether *options* ask for something else than text."""
    return getattr(options, "format", None) not in {None, "text"}


def show(
    context: Context,
    options: Namespace,
    rows: Rows | Mapping[str, Any],
    text: Callable[[], Iterable[str]],
    names: Sequence[str] = (),
) -> None:
    """Print *rows* in the format that was asked for, by default the lines of *text*.

    A mapping alone is one object: JSON and YAML then show it without a list around it. *names* are
    the columns of CSV where there may be no row that has them.
    """
    if not wanted(options):
        context.print(*text())
    elif options.format == "csv":
        whole = [rows] if isinstance(rows, Mapping) else rows
        context.print(*as_csv(whole, names, headers=not getattr(options, "no_headers", False)))
    elif options.format == "json":
        context.print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        render = importlib.import_module("ganetix.cli.yaml_text").render
        context.print(*render(rows))


def as_csv(rows: Rows, names: Sequence[str], *, headers: bool) -> list[str]:
    """Return the lines of a table with the names of fields as its head; nested values are JSON."""
    csv, io = importlib.import_module("csv"), importlib.import_module("io")
    names = names or list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if headers:
        writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return [out.getvalue().removesuffix("\n")] if out.getvalue() else []


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
