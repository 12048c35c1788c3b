"""Columns of instance fields.

A list of thousands of instances has hundreds of thousands of values: the fields that every list
shows are worked out a column at once.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Final

from ganetix.model import params
from ganetix.model.objects import Disk, Instance, NodeGroup
from ganetix.query.consoles import console
from ganetix.query.results import (
    NO_DATA,
    NODE_OFFLINE,
    NOT_AVAILABLE,
    Absent,
    each,
    maybe,
)
from ganetix.query.status import user_shutdown
from ganetix.query.view import View

Column = Callable[[View, Sequence[Instance]], list[Any]]

DRBD_META: Final = 128
"""MiB of DRBD metadata a disk."""
ALIASES: Final = {
    "bridge": "nic.bridge/0", "ip": "nic.ip/0", "mac": "nic.mac/0", "nic_link": "nic.link/0",
    "nic_mode": "nic.mode/0", "nic_network": "nic.network/0", "sda_size": "disk.size/0",
    "sdb_size": "disk.size/1", "vcpus": "be/vcpus", "be/memory": "be/maxmem",
}  # fmt: skip


def _plain(name: str) -> Column:
    pick = attrgetter(name)
    return lambda view, rows: list(map(pick, rows))


def _pnode(view: View, row: Instance) -> Any:
    return view.cluster.nodes[row.primary_node]


def _group(view: View, row: Instance) -> NodeGroup:
    return view.cluster.nodegroups[_pnode(view, row).group]


def _hosted(view: View, uuid: str) -> Any:
    """Return what is known to run on a node by name, or why nothing is known."""
    if view.cluster.nodes[uuid].offline:
        return NODE_OFFLINE
    facts = view.live.node(uuid)
    return NO_DATA if facts is None else facts.instances


def _running(pick: Callable[[Any], Any], otherwise: Any) -> Column:
    """Live values of the primary nodes; *otherwise* for an instance that does not run there."""

    def value(hosted: Any, name: str) -> Any:
        if isinstance(hosted, Absent):
            return hosted
        state = hosted.get(name)
        return otherwise if state is None or state.state == "shutdown" else pick(state)

    def column(view: View, rows: Sequence[Instance]) -> list[Any]:
        places = {uuid: _hosted(view, uuid) for uuid in {row.primary_node for row in rows}}
        return [value(places[row.primary_node], row.name) for row in rows]

    return column


def status(view: View, row: Instance) -> str:
    """Return the status word; source: the reference's status rules."""
    if _pnode(view, row).offline:
        return "ERROR_nodeoffline"
    facts = view.live.node(row.primary_node)
    if facts is None:
        return "ERROR_nodedown"
    places = view.live.running_on(row.name)
    if len(places) > (row.primary_node in places):
        return "ERROR_wrongnode"
    state = facts.instances.get(row.name)
    if state is None:
        return _stopped(view, row)
    if state.state == "shutdown":
        return _shut_down_by_user(view, row)
    return "running" if row.admin_state == "up" else "ERROR_up"


def _shut_down_by_user(view: View, row: Instance) -> str:
    if row.admin_state != "up":
        return "ADMIN_down"
    return "USER_down" if user_shutdown(view.cluster, row) else "ERROR_down"


def _stopped(view: View, row: Instance) -> str:
    if row.admin_state == "up":
        return "ERROR_down"
    if row.admin_state == "offline":
        return "ADMIN_offline"
    by_user = row.admin_state_source == "user" and user_shutdown(view.cluster, row)
    return "USER_down" if by_user else "ADMIN_down"


def disk_usage(disks: list[Disk]) -> int:
    """Return the MiB that *disks* take on a node, DRBD metadata included."""
    return sum([disk.size + (DRBD_META if disk.dev_type == "drbd" else 0) for disk in disks])


def _snode_groups(attribute: str) -> Column:
    def value(view: View, row: Instance) -> Any:
        nodes = (view.cluster.nodes[uuid] for uuid in view.cluster.secondaries_of(row))
        return [getattr(view.cluster.nodegroups[node.group], attribute) for node in nodes]

    return each(value)


def _snodes(view: View, row: Instance) -> list[str]:
    return [view.cluster.nodes[uuid].name for uuid in view.cluster.secondaries_of(row)]


def _of_disks(name: str) -> Column:
    pick = attrgetter(name)

    def column(view: View, rows: Sequence[Instance]) -> list[Any]:
        disks = view.cluster.disks
        return [[pick(disks[uuid]) for uuid in row.disks] for row in rows]

    return column


def _of_nics(name: str) -> Column:
    pick = attrgetter(name)
    return lambda view, rows: [list(map(pick, row.nics)) for row in rows]


def _of_filled_nics(pick: Callable[[Mapping[str, Any]], Any]) -> Column:
    def column(view: View, rows: Sequence[Instance]) -> list[Any]:
        nodes, groups, filled = view.cluster.nodes, view.cluster.nodegroups, view.nicparams
        return [
            [pick(filled(nic, groups[nodes[row.primary_node].group])) for nic in row.nics]
            for row in rows
        ]

    return column


def _bridge(filled: Mapping[str, Any]) -> Any:
    return filled.get("link") if filled.get("mode") == "bridged" else None


def _network_names(view: View, rows: Sequence[Instance]) -> list[Any]:
    known = {uuid: network.name for uuid, network in view.cluster.networks.items()}
    return [[known.get(nic.network or "") for nic in row.nics] for row in rows]


def _nth(column: Column, index: int) -> Column:
    def nth(values: Sequence[Any]) -> Any:
        return maybe(values[index]) if index < len(values) else NOT_AVAILABLE

    return lambda view, rows: list(map(nth, column(view, rows)))


NIC_FIELDS: Final[dict[str, Column]] = {
    **{name: _of_nics(name) for name in ("ip", "mac", "name", "network", "uuid")},
    **{name: _of_filled_nics(itemgetter(name)) for name in ("link", "mode", "vlan")},
    "bridge": _of_filled_nics(_bridge),
    "network.name": _network_names,
}
SINGLE: Final = {
    **{f"disk.{name}": _of_disks(name) for name in ("name", "size", "spindles", "uuid")},
    **{f"nic.{name}": column for name, column in NIC_FIELDS.items()},
}
"""Fields that are asked for with an index."""


FIELDS: Final[dict[str, Column]] = {
    **{
        name: _plain(name)
        for name in (
            "admin_state", "admin_state_source", "ctime", "mtime", "disks_active", "forthcoming",
            "hypervisor", "name", "network_port", "os", "serial_no", "tags", "uuid",
        )
    },
    **{f"custom_{name}": _plain(name) for name in ("beparams", "hvparams", "osparams")},
    "admin_up": each(lambda view, row: row.admin_state == "up"),
    "beparams": each(View.beparams),
    "hvparams": each(View.hvparams),
    "osparams": each(lambda view, row: params.os_params(view.cluster, row.os, row.osparams)),
    "oper_state": _running(lambda state: True, False),
    "oper_ram": _running(attrgetter("memory"), NOT_AVAILABLE),
    "oper_vcpus": _running(attrgetter("vcpus"), NOT_AVAILABLE),
    "status": each(status),
    "pnode": each(lambda view, row: _pnode(view, row).name),
    "pnode.group": each(lambda view, row: _group(view, row).name),
    "pnode.group.uuid": each(lambda view, row: _pnode(view, row).group),
    "snodes": each(_snodes),
    "snodes.group": _snode_groups("name"),
    "snodes.group.uuid": _snode_groups("uuid"),
    "disk_template": each(lambda view, row: params.template_of(view.cluster.disks_of(row))),
    "disk_usage": each(lambda view, row: disk_usage(view.cluster.disks_of(row))),
    "disk.count": each(lambda view, row: len(row.disks)),
    "nic.count": each(lambda view, row: len(row.nics)),
    "disk.names": SINGLE["disk.name"],
    "disk.sizes": SINGLE["disk.size"],
    "disk.spindles": SINGLE["disk.spindles"],
    "disk.uuids": SINGLE["disk.uuid"],
    "custom_nicparams": _of_nics("nicparams"),
    "nic.networks.names": _network_names,
    **{f"nic.{name}s": column for name, column in NIC_FIELDS.items() if name != "network.name"},
}  # fmt: skip


def _console(view: View, row: Instance) -> Any:
    """The console of a running instance."""
    [running] = FIELDS["oper_state"](view, [row])
    if isinstance(running, Absent):
        return running
    return console(view.cluster, row) if running else NOT_AVAILABLE


def column_of(name: str) -> Column | None:
    """Return how the column of the field *name* is computed, None when there is no such field."""
    name = ALIASES.get(name, name)
    head, _, tail = name.partition("/")
    if name == "console":
        return each(_console)
    if head == "be":
        return each(lambda view, row: maybe(view.beparams(row).get(tail)))
    if head == "hv":
        return each(lambda view, row: maybe(view.hvparams(row).get(tail)))
    if tail.isdecimal() and head in SINGLE:
        return _nth(SINGLE[head], int(tail))
    return FIELDS.get(name)


def rows(view: View) -> list[Instance]:
    """Return all instances."""
    return list(view.cluster.instances.values())


def named(view: View, name: str) -> Instance | None:
    """Return the instance with exactly that name."""
    return view.cluster.instances.get(view.cluster.indexes.instance_names.get(name, ""))
