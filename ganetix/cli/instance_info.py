"""gnt-instance info."""

from argparse import Namespace
from collections.abc import Callable
from typing import Any, Final

from ganetix import errors
from ganetix.cli import output, tree
from ganetix.cli.cluster_info import roman
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, result_of
from ganetix.cli.units import format_size

Data = dict[str, Any]
Show = Callable[[int], str]

STATES: Final = {2: "syncing", 3: "unknown", 4: "faulty"}
"""The states of a disk's data that do not go without saying."""


def info(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show instances in detail."""
    if bool(arguments) == options.show_all:
        raise errors.OpPrereqError("Give names of instances, or --all, but not both.", errors.INVAL)
    op = opcode(
        "OP_INSTANCE_QUERY_DATA",
        instances=arguments,
        static=options.static,
        use_locking=not options.static,
    )
    found: dict[str, Data] = result_of(context, options, op)
    show = roman if options.roman_integers else str
    rows = [found[name] for name in sorted(found)]
    output.show(context, options, rows, lambda: tree.render([_shown(row, show) for row in rows]))
    return 0


def _shown(data: Data, show: Show) -> tree.Tree:
    shown: tree.Tree = [
        ("Instance name", data["name"]),
        ("UUID", data["uuid"]),
        ("Serial number", show(data["serial_no"])),
        ("Creation time", tree.time_of(data["ctime"])),
        ("Modification time", tree.time_of(data["mtime"])),
        ("State", _state(data)),
        ("Nodes", _nodes(data)),
        ("Operating system", data["os"]),
        ("Operating system parameters", _actual(data["os_instance"], data["os_actual"])),
    ]
    if data.get("policy_violations"):
        shown.insert(6, ("Instance policy violations", data["policy_violations"]))
    if data.get("network_port") is not None:
        shown.append(("Allocated network port", show(data["network_port"])))
    for interface, addresses in sorted((data.get("guest_addresses") or {}).items()):
        shown.append((f"Address of {interface} in the guest", ", ".join(addresses)))
    return [
        *shown,
        ("Hypervisor", data["hypervisor"]),
        ("Hypervisor parameters", _actual(data["hv_instance"], data["hv_actual"])),
        ("Back-end parameters", _actual(data["be_instance"], data["be_actual"])),
        ("NICs", [[(f"nic/{i}", _nic(nic))] for i, nic in enumerate(data["nics"])]),
        ("Disk template", data["disk_template"]),
        ("Disks", [_disk(index, disk, show) for index, disk in enumerate(data["disks"])]),
    ]


def _state(data: Data) -> str:
    state = f"configured to be {data['config_state']}"
    if data.get("run_state") is not None:
        state += f", actual state is {data['run_state']}"
    return state


def _nodes(data: Data) -> tree.Tree:
    groups = zip(
        data["snodes"], data["snodes_group_names"], data["snodes_group_uuids"], strict=True
    )
    return [
        ("primary", data["pnode"]),
        ("group", f"{data['pnode_group_name']} (UUID {data['pnode_group_uuid']})"),
        (
            "secondaries",
            [f"{node} (group {name}, group UUID {uuid})" for node, name, uuid in groups],
        ),
    ]


def _actual(own: Data, actual: Data) -> Data:
    return {
        key: str(own[key]) if key in own else f"default ({value})" for key, value in actual.items()
    }


def _nic(nic: list[Any]) -> tree.Tree:
    name, uuid, ip, mac, mode, link, vlan, network, _ = nic
    return [
        ("MAC", mac),
        ("IP", ip),
        ("mode", mode),
        ("link", link),
        ("vlan", vlan),
        ("network", network),
        ("UUID", uuid),
        ("name", name),
    ]


def _disk(index: int, disk: Data, show: Show) -> tree.Tree:
    shown: tree.Tree = [
        ("access mode", disk.get("mode")),
        *_place(disk),
    ]
    if disk.get("spindles") is not None:
        shown.append(("spindles", show(disk["spindles"])))
    for title, key in (("on primary", "pstatus"), ("on secondary", "sstatus")):
        if disk.get(key):
            shown.append((title, _status(disk[key])))
    children = [
        _disk(number, child, show) for number, child in enumerate(disk.get("children") or [])
    ]
    if children:
        shown.append(("child devices", children))
    shown += [("name", disk.get("name")), ("UUID", disk.get("uuid"))]
    size = disk.get("size")
    sized = "unknown size" if size is None else f"size {format_size(size, 'h')}"
    return [(f"disk/{index}", f"{disk['dev_type']}, {sized}"), *shown]


def _place(disk: Data) -> tree.Tree:
    mirror = disk.get("drbd_info")
    if mirror:
        return [
            ("nodeA", f"{mirror['primary_node']}, minor={mirror['primary_minor']}"),
            ("nodeB", f"{mirror['secondary_node']}, minor={mirror['secondary_minor']}"),
            ("port", str(mirror["port"])),
        ]
    return [("logical_id", "/".join(map(str, disk["logical_id"])))]


def _status(status: list[Any]) -> str:
    path, major, minor, percent, seconds, degraded, ldisk = status
    text = path if major is None else f"{path} ({major}:{minor})"
    if percent is not None:
        text += f", {percent:.2f}% in sync"
        text += f", {seconds} s to go" if seconds is not None else ", unknown time to go"
    if degraded:
        text += ", degraded"
    return f"{text}, disk state {STATES[ldisk]}" if ldisk in STATES else text
