"""gnt-storage diagnose and info."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any, Final

from ganetix import errors
from ganetix.cli import output
from ganetix.cli.context import Context
from ganetix.cli.found import on_node
from ganetix.cli.submit import opcode, result_of

_FIELDS: Final = ("name", "node_status", "nodegroup_status", "parameters")


def diagnose(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show each provider on each node; return 1 if one is not valid everywhere."""
    rows = _asked(context, options, [])
    output.show(context, options, rows, lambda: _diagnosed(rows), _FIELDS)
    return int(not all(all(row["nodegroup_status"].values()) for row in rows))


def _diagnosed(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        good = all(row["nodegroup_status"].values())
        yield f"Provider: {row['name']} [{'valid' if good else 'invalid'}]"
        for node, found in sorted(row["node_status"].items()):
            yield f"  Node: {node}, status: {on_node(found)}"
        for group, valid in sorted(row["nodegroup_status"].items()):
            yield f"  Node group: {group}, {'valid' if valid else 'invalid'}"
        yield ""


def info(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show parameters; return 1 if a named provider is missing."""
    rows = _asked(context, options, arguments)
    output.show(context, options, rows, lambda: _described(rows), _FIELDS)
    missing = sorted(set(arguments) - {row["name"] for row in rows})
    for name in missing:
        context.tell(f"There is no storage provider {name}. See: gnt-storage diagnose")
    return int(bool(missing))


def _described(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield f"{row['name']}:"
        for group, valid in sorted(row["nodegroup_status"].items()):
            yield f"  - Valid in node group {group}: {valid}"
        yield "  - Parameters:"
        for name, told in row["parameters"]:
            yield f"      {name}: {told}"
        yield ""


def _asked(context: Context, options: Namespace, wanted: list[str]) -> list[dict[str, Any]]:
    op = opcode("OP_EXT_STORAGE_DIAGNOSE", output_fields=list(_FIELDS), names=wanted)
    rows = result_of(context, options, op, quiet=True)
    if rows is None:
        raise errors.OpExecError("The providers can't be told; see the master's log.")
    return [dict(zip(_FIELDS, row, strict=True)) for row in rows]
