"""gnt-node info."""

from argparse import Namespace
from typing import Any, Final

from ganetix.cli import output, tree
from ganetix.cli.context import Context
from ganetix.errors import NOENT, OpPrereqError

_FIELDS: Final = (
    "name", "pip", "sip", "pinst_list", "sinst_list", "master_candidate", "drained", "offline",
    "master_capable", "vm_capable", "powered", "ndparams", "custom_ndparams", "ctime", "mtime",
    "uuid", "group", "hv_state",
)  # fmt: skip


def info(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show nodes in detail."""
    rows = context.call("QueryNodes", arguments, list(_FIELDS), False)
    if len(rows) < len(arguments):
        raise OpPrereqError(
            f"Not all of these are nodes: {', '.join(arguments)}. See: gnt-node list", NOENT
        )
    nodes = [dict(zip(_FIELDS, row, strict=True)) for row in rows]
    output.show(context, options, nodes, lambda: tree.render([_shown(node) for node in nodes]))
    return 0


def _shown(node: dict[str, Any]) -> tree.Tree:
    shown: tree.Tree = [
        ("Node name", node["name"]),
        ("primary ip", node["pip"]),
        ("secondary ip", node["sip"]),
        ("master candidate", node["master_candidate"]),
        ("drained", node["drained"]),
        ("offline", node["offline"]),
    ]
    if node["powered"] is not None:
        shown.append(("powered", node["powered"]))
    shown += [
        ("master_capable", node["master_capable"]),
        ("vm_capable", node["vm_capable"]),
    ]
    if node["vm_capable"]:
        shown += [
            ("primary for instances", sorted(node["pinst_list"] or [])),
            ("secondary for instances", sorted(node["sinst_list"] or [])),
        ]
        # Null when the node does not answer, and in a cluster of an older release.
        shown += [
            (f"hypervisor {name}", state["description"])
            for name, state in sorted((node["hv_state"] or {}).items())
        ]
    return [
        *shown,
        ("node group", node["group"]),
        ("UUID", node["uuid"]),
        ("creation time", tree.time_of(node["ctime"])),
        ("modification time", tree.time_of(node["mtime"])),
        ("node parameters", _with_source(node["ndparams"], node["custom_ndparams"])),
    ]


def _with_source(values: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value if key in own else f"default ({value})" for key, value in (values or {}).items()
    }
