"""gnt-node list-storage, modify-storage, repair-storage, volumes and list-drbd."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any, Final

from ganetix import errors
from ganetix.cli import output, table
from ganetix.cli.context import Context
from ganetix.cli.lists import style_of
from ganetix.cli.submit import opcode, result_of, submit

_STORAGE: Final = {
    "node": ("Node", "text"), "type": ("Type", "text"), "name": ("Name", "text"),
    "size": ("Size", "unit"), "used": ("Used", "unit"), "free": ("Free", "unit"),
    "allocatable": ("Allocatable", "bool"),
}  # fmt: skip
_VOLUMES: Final = {
    "node": ("Node", "text"), "phys": ("PhysDev", "text"), "vg": ("VG", "text"),
    "name": ("Name", "text"), "size": ("Size", "unit"), "instance": ("Instance", "text"),
}  # fmt: skip
_DRBD: Final = {
    "node": ("Node", "text"), "minor": ("Minor", "number"), "instance": ("Instance", "text"),
    "disk": ("Disk", "text"), "role": ("Role", "text"), "peer": ("PeerNode", "text"),
}  # fmt: skip

Known = dict[str, tuple[str, str]]


def list_storage(context: Context, options: Namespace, arguments: list[str]) -> int:
    """List storage units."""
    fields = _fields(options.output, _STORAGE)
    op = opcode(
        "OP_NODE_QUERY_STORAGE",
        nodes=arguments,
        storage_type=options.user_storage_type,
        output_fields=fields,
    )
    return _table(context, options, fields, _STORAGE, result_of(context, options, op))


def volumes(context: Context, options: Namespace, arguments: list[str]) -> int:
    """List logical volumes."""
    fields = _fields(options.output, _VOLUMES)
    op = opcode("OP_NODE_QUERYVOLS", nodes=arguments, output_fields=fields)
    return _table(context, options, fields, _VOLUMES, result_of(context, options, op))


def _fields(chosen: str | None, known: Known) -> list[str]:
    if not chosen:
        return list(known)
    added = chosen.startswith("+")
    fields = [*(known if added else ()), *chosen.removeprefix("+").split(",")]
    for field in fields:
        if field not in known:
            raise errors.OpPrereqError(
                f"There is no field {field!r}; there are: {', '.join(known)}.", errors.INVAL
            )
    return fields


def _table(
    context: Context,
    options: Namespace,
    fields: Sequence[str],
    known: Known,
    rows: list[list[Any]] | None,
) -> int:
    found = rows or []
    style = style_of(options)

    def lines() -> list[str]:
        columns = [table.column_of({"title": known[f][0], "kind": known[f][1]}) for f in fields]
        cells = [
            [table.cell([table.NORMAL, v], known[f][1], style) for f, v in zip(fields, row,
                                                                              strict=True)]
            for row in found
        ]  # fmt: skip
        return table.render(columns, cells, style)

    plain = [dict(zip(fields, row, strict=True)) for row in found]
    output.show(context, options, plain, lines, list(fields))
    return 0


def modify_storage(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Let new volumes be put on a physical volume, or not."""
    node, kind, name = arguments
    if options.allocatable is None:
        raise errors.OpPrereqError("Say what to change: --allocatable=yes or no.", errors.INVAL)
    op = opcode(
        "OP_NODE_MODIFY_STORAGE",
        node_name=node,
        storage_type=kind,
        name=name,
        changes={"allocatable": options.allocatable},
    )
    return submit(context, options, op)


def repair_storage(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Make a volume group consistent again."""
    node, kind, name = arguments
    op = opcode(
        "OP_REPAIR_NODE_STORAGE",
        node_name=node,
        storage_type=kind,
        name=name,
        ignore_consistency=options.ignore_consistency,
    )
    return submit(context, options, op)


def list_drbd(context: Context, options: Namespace, arguments: list[str]) -> int:
    """List the DRBD minors that a node has, from the configuration."""
    names = {uuid: name for name, uuid in context.call("QueryNodes", [], ["name", "uuid"], False)}
    rows = context.call("QueryNodes", arguments, ["uuid", "pinst_list", "sinst_list"], False)
    if not rows:
        raise errors.OpPrereqError(
            f"There is no node {arguments[0]}. See: gnt-node list", errors.NOENT
        )
    [(uuid, primary, secondary)] = rows
    there = sorted({*(primary or []), *(secondary or [])})
    found: list[list[Any]] = []
    if there:
        op = opcode("OP_INSTANCE_QUERY_DATA", instances=there, static=True)
        for name, instance in result_of(context, options, op).items():
            role = "primary" if name in (primary or []) else "secondary"
            found += _minors(uuid, role, instance, names)
    found.sort(key=lambda row: row[1])
    return _table(context, options, list(_DRBD), _DRBD, found)


def _minors(
    uuid: str, role: str, instance: dict[str, Any], names: dict[str, str]
) -> list[list[Any]]:
    """Return a row for each mirrored disk of *instance* at the node *uuid*."""
    rows: list[list[Any]] = []
    for disk in instance["disks"]:
        if disk["dev_type"] == "drbd":
            one, other, _, minor, minor_there = disk["logical_id"][:5]
            own, peer = (minor, other) if one == uuid else (minor_there, one)
            rows.append([names[uuid], own, instance["name"], disk["iv_name"], role, names[peer]])
    return rows
