"""gnt-filter add, replace, delete and info: rules on which jobs may run."""

import json
from argparse import Namespace
from typing import Any, Final

from ganetix.cli import output, tree
from ganetix.cli.context import Context
from ganetix.errors import INVAL, NOENT, OpPrereqError

_FIELDS: Final = ("uuid", "watermark", "priority", "predicates", "action", "reason_trail")


def add(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Add a rule and print its uuid."""
    return _store(context, options, None)


def replace(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Replace the rule of that uuid as a whole, or add it with that uuid."""
    return _store(context, options, arguments[0])


def _store(context: Context, options: Namespace, uuid: str | None) -> int:
    if not isinstance(options.predicates, list | tuple):
        raise OpPrereqError(
            'The predicates are no JSON list; give them like [["opcode", ["=", "OP_ID", "X"]]].',
            INVAL,
        )
    rule: list[Any] = [options.priority, list(options.predicates), options.action]
    context.print(context.call("ReplaceFilter", uuid, *rule, context.reason(options.reason)))
    return 0


def delete(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Delete a rule."""
    context.call("DeleteFilter", arguments[0])
    return 0


def info(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show rules in full."""
    rows = context.call("QueryFilters", arguments, list(_FIELDS))
    if len(rows) < len(arguments):
        raise OpPrereqError(
            f"Not all of these are job filters: {', '.join(arguments)}. See: gnt-filter list", NOENT
        )
    rules = [dict(zip(_FIELDS, row, strict=True)) for row in rows]
    output.show(context, options, rules, lambda: tree.render([_shown(rule) for rule in rules]))
    return 0


def _shown(rule: dict[str, Any]) -> tree.Tree:
    return [
        ("UUID", rule["uuid"]),
        ("Watermark", rule["watermark"]),
        ("Priority", rule["priority"]),
        ("Predicates", [json.dumps(predicate) for predicate in rule["predicates"]]),
        ("Action", rule["action"] if isinstance(rule["action"], str) else _limit(rule)),
        ("Reason trail", [json.dumps(entry) for entry in rule["reason_trail"]]),
    ]


def _limit(rule: dict[str, Any]) -> str:
    return " ".join(str(part) for part in rule["action"])
