"""gnt-os list, diagnose and info."""

from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli import output, tree
from ganetix.cli.context import Context
from ganetix.cli.found import on_node
from ganetix.cli.instance_state import variants_of
from ganetix.cli.submit import opcode, result_of

_DIAGNOSED: Final = ("name", "valid", "variants", "node_status", "hidden", "blacklisted")
_SHOWN: Final = ("name", "valid", "api_versions", "variants", "parameters", "hidden", "blacklisted")


def names(context: Context, options: Namespace, arguments: list[str]) -> int:
    """List what can be installed: each definition with each of its variants."""
    rows = _asked(context, options, ("name", "variants"), [])
    found = [full for row in rows for full in variants_of(row["name"], row["variants"])]
    head = [] if options.no_headers else ["Name"]
    output.show(
        context, options, [{"name": name} for name in found], lambda: [*head, *found], ("name",)
    )
    return 0


def diagnose(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show each definition on each node; return 1 if one is not valid everywhere."""
    rows = _asked(context, options, _DIAGNOSED, [])
    output.show(context, options, rows, lambda: (line for row in rows for line in _diagnosed(row)))
    return int(not all(row["valid"] for row in rows))


def _diagnosed(row: dict[str, Any]) -> list[str]:
    marks = [mark for mark in ("hidden", "blacklisted") if row[mark]]
    state = "valid" if row["valid"] else "invalid"
    lines = [f"OS: {row['name']} [global status: {', '.join([state, *marks])}]"]
    for variant in row["variants"] or []:
        lines.append(f"  Variant: [{variant}]")
    for node, found in sorted(row["node_status"].items()):
        lines.append(f"  Node: {node}, status: {on_node(found)}")
    return [*lines, ""]


def info(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show versions, variants and parameters; return 1 if a named definition is missing."""
    rows = _asked(context, options, _SHOWN, arguments)
    known = {row["name"]: row for row in rows}
    missing = [name for name in arguments if name not in known]
    there = [known[name] for name in arguments or sorted(known) if name in known]
    output.show(context, options, there, lambda: (line for row in there for line in _lines(row)))
    for name in missing:
        context.tell(f"There is no operating system {name}. See: gnt-os list")
    return int(bool(missing))


def _lines(row: dict[str, Any]) -> list[str]:
    return [f"{row['name']}:", *tree.render(_described(row), 1), ""]


def _described(row: dict[str, Any]) -> tree.Tree:
    return [
        ("valid", row["valid"]),
        ("hidden", row["hidden"]),
        ("blacklisted", row["blacklisted"]),
        ("API versions", tree.joined(sorted(row["api_versions"] or []))),
        ("variants", tree.joined(row["variants"])),
        ("parameters", [(name, doc) for name, doc in row["parameters"] or []]),
    ]


def _asked(
    context: Context, options: Namespace, fields: tuple[str, ...], wanted: list[str]
) -> list[dict[str, Any]]:
    op = opcode("OP_OS_DIAGNOSE", output_fields=list(fields), names=wanted)
    rows = result_of(context, options, op, quiet=True)
    if rows is None:
        raise errors.OpExecError("The operating systems can't be told; see the master's log.")
    return [dict(zip(fields, row, strict=True)) for row in rows]
