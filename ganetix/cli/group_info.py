"""gnt-group info and show-ispecs-cmd."""

from argparse import Namespace
from typing import Any, Final

from ganetix.cli import output, tree
from ganetix.cli.context import Context
from ganetix.errors import NOENT, OpPrereqError

_FIELDS: Final = (
    "name", "ndparams", "custom_ndparams", "diskparams", "custom_diskparams", "ipolicy",
    "custom_ipolicy",
)  # fmt: skip


def info(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show the parameters of groups, and which come from the cluster."""
    rows = _groups(context, arguments)
    output.show(context, options, rows, lambda: tree.render([_shown(row) for row in rows]))
    return 0


def show_ispecs_cmd(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Print for each group a command that makes one with the same bounds of instances."""
    for row in _groups(context, arguments):
        policy = row["ipolicy"] if options.include_defaults else row["custom_ipolicy"]
        context.print(" ".join(["gnt-group add", *bounds_of(policy), row["name"]]))
    return 0


def _groups(context: Context, names: list[str]) -> list[dict[str, Any]]:
    rows = context.call("QueryGroups", names, list(_FIELDS), False)
    if len(rows) < len(names):
        raise OpPrereqError(
            f"Not all of these are node groups: {', '.join(names)}. See: gnt-group list", NOENT
        )
    return [dict(zip(_FIELDS, row, strict=True)) for row in rows]


def _shown(group: dict[str, Any]) -> tree.Tree:
    disks, own = group["diskparams"], group["custom_diskparams"]
    return [
        ("Node group", group["name"]),
        ("Node parameters", _with_source(group["ndparams"], group["custom_ndparams"])),
        (
            "Disk parameters",
            {name: _with_source(values, own.get(name, {})) for name, values in disks.items()},
        ),
        ("Instance policy", _policy(group["ipolicy"], group["custom_ipolicy"])),
    ]


def _policy(filled: dict[str, Any], own: dict[str, Any]) -> tree.Tree:
    shown = {**filled, "disk-templates": tree.joined(filled["disk-templates"])}
    marked = _with_source(shown, own)
    bounds = [
        [(bound, sizes_of(pair[bound])) for bound in ("max", "min")] for pair in filled["minmax"]
    ]
    return [
        ("bounds specs" if "minmax" in own else "bounds specs (default)", bounds),
        ("allowed disk templates", marked["disk-templates"]),
        ("vcpu-ratio", marked["vcpu-ratio"]),
        ("spindle-ratio", marked["spindle-ratio"]),
    ]


def _with_source(values: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return {key: value if key in own else f"default ({value})" for key, value in values.items()}


def bounds_of(policy: dict[str, Any]) -> list[str]:
    """Return the options that give a group, or a cluster, the bounds of *policy*."""
    pairs = [
        "/".join(f"{bound}:{sizes_of(pair[bound])}" for bound in ("min", "max"))
        for pair in policy.get("minmax", [])
    ]
    return ["--ipolicy-bounds-specs", "//".join(pairs)] if pairs else []


def sizes_of(specs: dict[str, Any]) -> str:
    """Return *specs* as an option takes them."""
    return ",".join(f"{key}={value}" for key, value in sorted(specs.items()))
