"""gnt-cluster epo: everything off in an emergency, and on again."""

import time
from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, result_of, submit_many

_NODE: Final = ("name", "master", "pinst_list", "sinst_list", "powered", "offline")
_PAUSE: Final = 1.0


def epo(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Stop the instances of nodes and power these off; with --on the other way round."""
    rows = _nodes(context, options, arguments)
    instances = sorted({name for row in rows for name in (row["pinst_list"] or [])})
    if not options.force:
        verb = "Start" if options.on else "Stop"
        names = ", ".join(row["name"] for row in rows)
        context.confirm(
            f"{verb} {len(instances)} instances and power {'on' if options.on else 'off'} the "
            f"nodes {names}?"
        )
    if options.on:
        return _on(context, options, rows, instances)
    return _off(context, options, rows, instances)


def _nodes(context: Context, options: Namespace, names: list[str]) -> list[dict[str, Any]]:
    if options.show_all and (names or options.groups):
        raise errors.OpPrereqError("--all takes no names and no --groups.", errors.INVAL)
    if not options.show_all and not names:
        raise errors.OpPrereqError(
            "Name the nodes, the groups with --groups, or take all with --all.", errors.INVAL
        )
    if options.groups:
        found = context.call("QueryGroups", names, ["node_list"], False)
        if len(found) < len(names):
            raise errors.OpPrereqError(
                f"Not all of these are groups: {', '.join(names)}.", errors.NOENT
            )
        names = sorted({name for (members,) in found for name in members})
        if not names:
            raise errors.OpPrereqError("There is no node in these groups.", errors.INVAL)
    rows = context.call("QueryNodes", names, list(_NODE), False)
    if len(rows) < len(names):
        raise errors.OpPrereqError(f"Not all of these are nodes: {', '.join(names)}.", errors.NOENT)
    return [dict(zip(_NODE, row, strict=True)) for row in rows]


def _off(
    context: Context, options: Namespace, rows: list[dict[str, Any]], instances: list[str]
) -> int:
    stops = [
        (
            name,
            opcode(
                "OP_INSTANCE_SHUTDOWN",
                instance_name=name,
                timeout=options.shutdown_timeout,
                no_remember=True,
            ),
        )
        for name in instances
    ]
    if stops and submit_many(context, options, stops):
        context.tell("Not all instances stopped, so no node was powered off.")
        return 1
    for row in rows:
        if row["master"]:
            context.tell(f"Node {row['name']} is the master: power it off yourself, last of all.")
    return _power(context, options, "power-off", [row for row in rows if not row["master"]])


def _on(
    context: Context, options: Namespace, rows: list[dict[str, Any]], instances: list[str]
) -> int:
    away = [row for row in rows if not row["master"]]
    failed = _power(context, options, "power-on", away)
    late = _awaited(context, options, [row["name"] for row in rows if not row["offline"]])
    for name in late:
        context.tell(f"Node {name} does not answer; its instances are not started.")
    ready = {name for row in rows if row["name"] not in late for name in row["pinst_list"] or []}
    starts = [
        (name, opcode("OP_INSTANCE_STARTUP", instance_name=name))
        for name in instances
        if name in ready and _should_run(context, name)
    ]
    return int(bool((starts and submit_many(context, options, starts)) or failed or late))


def _should_run(context: Context, name: str) -> bool:
    [[state]] = context.call("QueryInstances", [name], ["admin_state"], False)
    return bool(state == "up")


def _power(context: Context, options: Namespace, command: str, rows: list[dict[str, Any]]) -> int:
    able = [row["name"] for row in rows if row["powered"] is not None]
    for row in rows:
        if row["powered"] is None:
            context.tell(f"Node {row['name']} has no out-of-band program: see to its power.")
    if not able:
        return 0
    op = opcode(
        "OP_OOB_COMMAND",
        node_names=able,
        command=command,
        ignore_status=True,
        timeout=options.oob_timeout,
        power_delay=options.power_delay,
    )
    failed = 0
    for (_, name), (status, told) in result_of(context, options, op):
        if status != 0:
            context.tell(f"{command} of node {name} failed: {told}")
            failed = 1
    return failed


def _awaited(context: Context, options: Namespace, names: list[str]) -> list[str]:
    """Wait until the nodes answer, as long as an out-of-band command may take; return who does not.

    A node answers when its live figures are known.
    """
    until = time.monotonic() + options.oob_timeout
    while names:
        answer = context.call("Query", "node", ["name", "mtotal"], ["|", *_each(names)])
        late = [name[1] for name, memory in answer["data"] if memory[0] != 0]
        if not late or time.monotonic() >= until:
            return late
        context.world.sleep(_PAUSE)
    return []


def _each(names: list[str]) -> list[list[str]]:
    return [["=", "name", name] for name in names]
