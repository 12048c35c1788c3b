"""Values of node group fields."""

from collections.abc import Callable
from typing import Any, Final

from ganetix.model import params, policy
from ganetix.model.objects import NodeGroup
from ganetix.query.results import maybe
from ganetix.query.view import View

Value = Callable[[View, NodeGroup], Any]


def _plain(name: str) -> Value:
    return lambda view, row: getattr(row, name)


def _instances(view: View, row: NodeGroup) -> list[str]:
    index, cluster = view.cluster.indexes.primaries, view.cluster
    held = (uuid for node in cluster.members(row.uuid) for uuid in index.get(node.uuid, ()))
    return sorted(cluster.instances[uuid].name for uuid in held)


FIELDS: Final[dict[str, Value]] = {
    **{
        name: _plain(name)
        for name in ("alloc_policy", "ctime", "mtime", "name", "serial_no", "tags", "uuid")
    },
    "custom_diskparams": lambda view, row: row.diskparams,
    "custom_ipolicy": lambda view, row: row.ipolicy,
    "custom_ndparams": lambda view, row: row.ndparams,
    "diskparams": lambda view, row: {
        template: {**values, **row.diskparams.get(template, {})}
        for template, values in view.cluster.cluster.diskparams.items()
    },
    "ipolicy": lambda view, row: policy.of_group(view.cluster, row),
    "ndparams": lambda view, row: params.group_node(view.cluster, row),
    "node_cnt": lambda view, row: len(view.cluster.members(row.uuid)),
    "node_list": lambda view, row: [n.name for n in view.cluster.members(row.uuid)],
    "pinst_cnt": lambda view, row: len(_instances(view, row)),
    "pinst_list": _instances,
}


def value_of(name: str) -> Value | None:
    """Return how the field *name* is computed, None when there is no such field."""
    if name.startswith("ndp/"):
        key = name.removeprefix("ndp/")
        return lambda view, row: maybe(params.group_node(view.cluster, row).get(key))
    return FIELDS.get(name)


def rows(view: View) -> list[NodeGroup]:
    """Return all groups."""
    return list(view.cluster.nodegroups.values())
