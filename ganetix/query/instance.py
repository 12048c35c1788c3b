"""Values of instance fields."""

from collections.abc import Callable
from typing import Any, Final

from ganetix.model import params
from ganetix.model.objects import Disk, Instance, Nic, NodeGroup
from ganetix.query.consoles import console
from ganetix.query.results import (
    NO_DATA,
    NODE_OFFLINE,
    NOT_AVAILABLE,
    Cell,
    maybe,
    normal,
)
from ganetix.query.status import user_shutdown
from ganetix.query.view import View

Value = Callable[[View, Instance], Cell]

DRBD_META: Final = 128
"""MiB of DRBD metadata a disk."""
ALIASES: Final = {
    "bridge": "nic.bridge/0", "ip": "nic.ip/0", "mac": "nic.mac/0", "nic_link": "nic.link/0",
    "nic_mode": "nic.mode/0", "nic_network": "nic.network/0", "sda_size": "disk.size/0",
    "sdb_size": "disk.size/1", "vcpus": "be/vcpus", "be/memory": "be/maxmem",
}  # fmt: skip
LIVE: Final = frozenset(("console", "oper_ram", "oper_state", "oper_vcpus", "status"))


def _plain(name: str) -> Value:
    return lambda view, row: normal(getattr(row, name))


def _pnode(view: View, row: Instance) -> Any:
    return view.cluster.nodes[row.primary_node]


def _group(view: View, row: Instance) -> NodeGroup:
    return view.cluster.nodegroups[_pnode(view, row).group]


def _running(pick: Callable[[Any], Cell], absent: Cell) -> Value:
    """A live value of the primary node; *absent* when the instance does not run there."""

    def value(view: View, row: Instance) -> Cell:
        if _pnode(view, row).offline:
            return NODE_OFFLINE
        facts = view.live.node(row.primary_node)
        if facts is None:
            return NO_DATA
        state = facts.instances.get(row.name)
        return absent if state is None or state.state == "shutdown" else pick(state)

    return value


def status(view: View, row: Instance) -> str:
    """Return the status word; source: the reference's status rules."""
    if _pnode(view, row).offline:
        return "ERROR_nodeoffline"
    facts = view.live.node(row.primary_node)
    if facts is None:
        return "ERROR_nodedown"
    if view.live.running_on(row.name) - {row.primary_node}:
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


def template(view: View, row: Instance) -> str:
    """Return the disk template: diskless, the one of all disks, or mixed."""
    kinds = {disk.dev_type for disk in view.cluster.disks_of(row)}
    if not kinds:
        return "diskless"
    return kinds.pop() if len(kinds) == 1 else "mixed"


def disk_usage(disks: list[Disk]) -> int:
    """Return the MiB that *disks* take on a node, DRBD metadata included."""
    return sum(disk.size + (DRBD_META if disk.dev_type == "drbd" else 0) for disk in disks)


def _snode_groups(view: View, row: Instance, attribute: str) -> Cell:
    nodes = (view.cluster.nodes[uuid] for uuid in view.cluster.secondaries_of(row))
    return normal([getattr(view.cluster.nodegroups[node.group], attribute) for node in nodes])


def _snodes(view: View, row: Instance) -> Cell:
    return normal([view.cluster.nodes[uuid].name for uuid in view.cluster.secondaries_of(row)])


def _disk_values(pick: Callable[[Disk], Any]) -> Value:
    return lambda view, row: normal([pick(disk) for disk in view.cluster.disks_of(row)])


def _disk_value(pick: Callable[[Disk], Any], index: int) -> Value:
    def value(view: View, row: Instance) -> Cell:
        disks = row.disks
        return (
            maybe(pick(view.cluster.disks[disks[index]])) if index < len(disks) else NOT_AVAILABLE
        )

    return value


NicPick = Callable[[View, Instance, Nic], Any]


def _nic_param(name: str) -> NicPick:
    return lambda view, row, nic: view.nicparams(nic, _group(view, row)).get(name)


def _bridge(view: View, row: Instance, nic: Nic) -> Any:
    filled = view.nicparams(nic, _group(view, row))
    return filled.get("link") if filled.get("mode") == "bridged" else None


def _network_name(view: View, row: Instance, nic: Nic) -> Any:
    network = view.cluster.networks.get(nic.network) if nic.network else None
    return None if network is None else network.name


DISK_PICKS: Final[dict[str, Callable[[Disk], Any]]] = {
    "name": lambda disk: disk.name,
    "size": lambda disk: disk.size,
    "spindles": lambda disk: disk.spindles,
    "uuid": lambda disk: disk.uuid,
}
NIC_PICKS: Final[dict[str, NicPick]] = {
    "bridge": _bridge,
    "ip": lambda view, row, nic: nic.ip,
    "link": _nic_param("link"),
    "mac": lambda view, row, nic: nic.mac,
    "mode": _nic_param("mode"),
    "name": lambda view, row, nic: nic.name,
    "network": lambda view, row, nic: nic.network,
    "network.name": _network_name,
    "uuid": lambda view, row, nic: nic.uuid,
    "vlan": _nic_param("vlan"),
}


def _nic_values(pick: NicPick) -> Value:
    return lambda view, row: normal([pick(view, row, nic) for nic in row.nics])


def _nic_value(pick: NicPick, index: int) -> Value:
    def value(view: View, row: Instance) -> Cell:
        return maybe(pick(view, row, row.nics[index])) if index < len(row.nics) else NOT_AVAILABLE

    return value


FIELDS: Final[dict[str, Value]] = {
    **{
        name: _plain(name)
        for name in (
            "admin_state", "admin_state_source", "ctime", "mtime", "disks_active", "forthcoming",
            "hypervisor", "name", "network_port", "os", "serial_no", "tags", "uuid",
        )
    },
    "admin_up": lambda view, row: normal(row.admin_state == "up"),
    "beparams": lambda view, row: normal(view.beparams(row)),
    "hvparams": lambda view, row: normal(view.hvparams(row)),
    "osparams": lambda view, row: normal(params.os_params(view.cluster, row.os, row.osparams)),
    "custom_beparams": lambda view, row: normal(row.beparams),
    "custom_hvparams": lambda view, row: normal(row.hvparams),
    "custom_osparams": lambda view, row: normal(row.osparams),
    "custom_nicparams": lambda view, row: normal([nic.nicparams for nic in row.nics]),
    "oper_state": _running(lambda state: normal(True), normal(False)),
    "oper_ram": _running(lambda state: normal(state.memory), NOT_AVAILABLE),
    "oper_vcpus": _running(lambda state: normal(state.vcpus), NOT_AVAILABLE),
    "status": lambda view, row: normal(status(view, row)),
    "pnode": lambda view, row: normal(_pnode(view, row).name),
    "pnode.group": lambda view, row: normal(
        _group(view, row).name
    ),
    "pnode.group.uuid": lambda view, row: normal(_pnode(view, row).group),
    "snodes": _snodes,
    "snodes.group": lambda view, row: _snode_groups(view, row, "name"),
    "snodes.group.uuid": lambda view, row: _snode_groups(view, row, "uuid"),
    "disk_template": lambda view, row: normal(template(view, row)),
    "disk_usage": lambda view, row: normal(disk_usage(view.cluster.disks_of(row))),
    "disk.count": lambda view, row: normal(len(row.disks)),
    "nic.count": lambda view, row: normal(len(row.nics)),
    "disk.names": _disk_values(DISK_PICKS["name"]),
    "disk.sizes": _disk_values(DISK_PICKS["size"]),
    "disk.spindles": _disk_values(DISK_PICKS["spindles"]),
    "disk.uuids": _disk_values(DISK_PICKS["uuid"]),
    "nic.networks.names": _nic_values(_network_name),
    **{
        f"nic.{name}s": _nic_values(pick)
        for name, pick in NIC_PICKS.items()
        if name != "network.name"
    },
}  # fmt: skip


def _with_console(view: View, row: Instance) -> Cell:
    """The console of a running instance."""
    cell = FIELDS["oper_state"](view, row)
    if cell[0] != 0:
        return cell
    return normal(console(view.cluster, row)) if cell[1] else NOT_AVAILABLE


def value_of(name: str) -> Value | None:
    """Return how the field *name* is computed, None when there is no such field."""
    name = ALIASES.get(name, name)
    head, _, tail = name.partition("/")
    if name == "console":
        return _with_console
    if head == "be":
        return lambda view, row: maybe(view.beparams(row).get(tail))
    if head == "hv":
        return lambda view, row: maybe(view.hvparams(row).get(tail))
    if tail.isdecimal():
        return _indexed(head, int(tail))
    return FIELDS.get(name)


def _indexed(head: str, index: int) -> Value | None:
    kind, _, name = head.partition(".")
    if kind == "disk" and name in DISK_PICKS:
        return _disk_value(DISK_PICKS[name], index)
    if kind == "nic" and name in NIC_PICKS:
        return _nic_value(NIC_PICKS[name], index)
    return None


def rows(view: View) -> list[Instance]:
    """Return all instances."""
    return list(view.cluster.instances.values())


def named(view: View, name: str) -> Instance | None:
    """Return the instance with exactly that name."""
    return view.cluster.instances.get(view.cluster.indexes.instance_names.get(name, ""))
