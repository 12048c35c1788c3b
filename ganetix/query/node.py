"""Values of node fields."""

from collections.abc import Callable
from typing import Any, Final

from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.query.results import (
    NO_DATA,
    NODE_OFFLINE,
    NOT_AVAILABLE,
    maybe,
)
from ganetix.query.view import View

Value = Callable[[View, Node], Any]


def role(cluster: Cluster, row: Node) -> str:
    """Return the node's role letter: M, C, D, O or R, the first that holds."""
    if row.uuid == cluster.cluster.master_node:
        return "M"
    if row.master_candidate:
        return "C"
    if row.drained:
        return "D"
    return "O" if row.offline else "R"


def _plain(name: str) -> Value:
    return lambda view, row: getattr(row, name)


def _live(pick: Callable[[Any], Any]) -> Value:
    def value(view: View, row: Node) -> Any:
        if row.offline:
            return NODE_OFFLINE
        facts = view.live.node(row.uuid)
        if facts is None or facts.figures is None:
            return NO_DATA
        return maybe(pick(facts.figures))

    return value


def _storage(which: str, spindles: bool = False) -> Value:
    kind = "lvm-pv" if spindles else None

    def pick(figures: Any) -> Any:
        units = [unit for unit in figures.storage if kind is None or unit.type == kind]
        return getattr(units[0], which) if units else None

    return _live(pick)


def _names(view: View, which: str, row: Node) -> list[str]:
    held = getattr(view.cluster.indexes, which).get(row.uuid, frozenset())
    return sorted(view.cluster.instances[uuid].name for uuid in held)


def _count(view: View, which: str, row: Node) -> int:
    return len(getattr(view.cluster.indexes, which).get(row.uuid, ()))


def _powered(view: View, row: Node) -> Any:
    has_oob = params.node(view.cluster, row).get("oob_program")
    return row.powered if has_oob else NOT_AVAILABLE


FIELDS: Final[dict[str, Value]] = {
    **{
        name: _plain(name)
        for name in (
            "name", "uuid", "ctime", "mtime", "serial_no", "tags", "offline", "drained",
            "master_candidate", "master_capable", "vm_capable",
        )
    },
    "pip": lambda view, row: row.primary_ip,
    "sip": lambda view, row: row.secondary_ip,
    "group": lambda view, row: view.cluster.nodegroups[row.group].name,
    "group.uuid": lambda view, row: row.group,
    "master": lambda view, row: row.uuid == view.cluster.cluster.master_node,
    "role": lambda view, row: role(view.cluster, row),
    "powered": _powered,
    "pinst_cnt": lambda view, row: _count(view, "primaries", row),
    "sinst_cnt": lambda view, row: _count(view, "secondaries", row),
    "pinst_list": lambda view, row: _names(view, "primaries", row),
    "sinst_list": lambda view, row: _names(view, "secondaries", row),
    "ndparams": lambda view, row: params.node(view.cluster, row),
    "custom_ndparams": lambda view, row: row.ndparams,
    "hv_state": _live(
        lambda facts: {name: {"description": told} for name, told in facts.hypervisors.items()}
    ),
    "disk_state": lambda view, row: NOT_AVAILABLE,
    "bootid": _live(lambda facts: facts.boot_id),
    "ctotal": _live(lambda facts: facts.cpu_total),
    "cnodes": _live(lambda facts: facts.cpu_nodes),
    "csockets": _live(lambda facts: facts.cpu_sockets),
    "cnos": _live(lambda facts: facts.cpu_dom0),
    "mtotal": _live(lambda facts: facts.memory_total),
    "mfree": _live(lambda facts: facts.memory_free),
    "mnode": _live(lambda facts: facts.memory_dom0),
    "dtotal": _storage("size"),
    "dfree": _storage("free"),
    "sptotal": _storage("size", spindles=True),
    "spfree": _storage("free", spindles=True),
}  # fmt: skip


def value_of(name: str) -> Value | None:
    """Return how the field *name* is computed, None when there is no such field."""
    if name.startswith("ndp/"):
        key = name.removeprefix("ndp/")
        return lambda view, row: maybe(params.node(view.cluster, row).get(key))
    return FIELDS.get(name)


def rows(view: View) -> list[Node]:
    """Return all nodes."""
    return list(view.cluster.nodes.values())


def named(view: View, name: str) -> Node | None:
    """Return the node with exactly that name."""
    return view.cluster.nodes.get(view.cluster.indexes.node_names.get(name, ""))
