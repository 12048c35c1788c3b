"""List commands: a LUXI query shown as a table."""

import json
from argparse import Namespace
from typing import Any, Final

from ganetix.cli import filters, output, table
from ganetix.cli.context import Context

UNKNOWN_FIELD: Final = 14
"""Exit code of a list with a field that does not exist."""

_DEFAULTS: Final = {
    "instance": ("name", "hypervisor", "os", "pnode", "status", "oper_ram"),
    "node": (
        "name", "dtotal", "dfree", "mtotal", "mnode", "mfree", "pinst_cnt", "sinst_cnt",
    ),
    "group": ("name", "node_cnt", "pinst_cnt", "alloc_policy", "ndparams"),
    "job": ("id", "status", "summary"),
    "network": ("name", "network", "gateway", "mac_prefix", "group_list", "tags"),
    "filter": ("uuid", "watermark", "priority", "predicates", "action", "reason_trail"),
    "export": ("node", "export"),
    "lock": ("name", "mode", "owner", "pending"),
}  # fmt: skip
_TIMES: Final = frozenset({"received_ts", "start_ts", "end_ts"})
_TYPES: Final = {
    "text": "Text",
    "bool": "Boolean",
    "number": "Number",
    "float": "Floating-point number",
    "unit": "Storage size",
    "timestamp": "Timestamp",
    "other": "Custom",
    "unknown": "Unknown",
}


def objects(context: Context, options: Namespace, arguments: list[str]) -> int:
    """List what the command is about; arguments are names, globs or one filter."""
    what = context.command.object
    chosen = filters.from_arguments(arguments, force=getattr(options, "force_filter", False))
    return show(context, options, what, columns(what, options.output), chosen)


def columns(what: str, chosen: str | None) -> list[str]:
    """Return the fields to show of *what*; *chosen* replaces the usual ones, ``+`` adds to them."""
    usual = list(_DEFAULTS[what])
    if not chosen:
        return usual
    if chosen.startswith("+"):
        return [*usual, *chosen.removeprefix("+").split(",")]
    return chosen.split(",")


def style_of(options: Namespace) -> table.Style:
    """Return how the options want a table to look."""
    return table.Style(
        not options.no_headers,
        options.separator,
        getattr(options, "units", None),
        getattr(options, "verbose", False),
    )


def show(
    context: Context,
    options: Namespace,
    what: str,
    fields: list[str],
    chosen: filters.Filter | None,
) -> int:
    """Print a query's answer; return 14 if a field is unknown."""
    answer = context.call("Query", what, fields, chosen)
    names = [field["name"] for field in answer["fields"]]
    output.show(
        context,
        options,
        _plain(answer, names),
        lambda: _rendered(answer, style_of(options), what),
        names,
    )
    unknown = [field["name"] for field in answer["fields"] if field["kind"] == "unknown"]
    if unknown:
        context.tell(
            f"There is no field {', '.join(unknown)}."
            f" Show those that there are with: {_fields_command(what)}"
        )
        return UNKNOWN_FIELD
    return 0


def _fields_command(what: str) -> str:
    if what == "lock":
        return "gnt-debug locks --help"
    return f"gnt-{'backup' if what == 'export' else what} list-fields"


def _plain(answer: dict[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """Return the rows by field; a value that is missing for whatever reason is null."""
    return [
        {name: value for name, (_, value) in zip(names, row, strict=True)} for row in answer["data"]
    ]


def _rendered(answer: dict[str, Any], style: table.Style, what: str) -> list[str]:
    fields = answer["fields"]
    rows = [
        [_cell(pair, field, style, what) for pair, field in zip(row, fields, strict=True)]
        for row in answer["data"]
    ]
    return table.render([table.column_of(field) for field in fields], rows, style)


def _cell(pair: list[Any], field: dict[str, Any], style: table.Style, what: str) -> str:
    status, value = pair
    if status == table.NORMAL and what == "job" and field["name"] in _TIMES:
        return table.job_time(value)
    if status == table.NORMAL and what == "lock":
        return _lock_cell(field["name"], value)
    if status == table.NORMAL and what == "network" and field["name"] == "group_list":
        return ", ".join(f"{group} ({', '.join(how)})" for group, *how in value)
    if status == table.NORMAL and what == "filter" and isinstance(value, list):
        return json.dumps(value)
    return table.cell(pair, field["kind"], style)


def _lock_cell(name: str, value: Any) -> str:
    if not value:
        return "-"
    if name == "pending":
        return " ".join(f"{mode}:{','.join(owners)}" for mode, owners in value)
    return table.plain(value)


def fields_of(context: Context, options: Namespace, arguments: list[str]) -> int:
    """List the fields that a list command can show; arguments are names of fields."""
    answer = context.call("QueryFields", context.command.object, arguments or None)
    rows = [
        [field["name"], _TYPES[field["kind"]], field["title"], field["doc"]]
        for field in answer["fields"]
    ]
    titles = [table.Column(title) for title in ("Name", "Type", "Title", "Description")]
    output.show(
        context,
        options,
        [dict(zip(("name", "type", "title", "description"), row, strict=True)) for row in rows],
        lambda: table.render(titles, rows, style_of(options)),
    )
    return UNKNOWN_FIELD if any(row[1] == "Unknown" for row in rows) else 0
