"""Pieces of libvirt's domain XML that every driver needs. Pure."""

import string
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ganetix.hypervisor.interface import DeviceKind, Guest

MAX_INTERFACE: Final = 15
"""Bytes that the kernel allows in the name of a network interface."""


def element(
    tag: str, attributes: Mapping[str, object] | None = None, *children: ET.Element | str | None
) -> ET.Element:
    """Return an XML element; attributes and children that are None are left out."""
    given = {name: str(value) for name, value in (attributes or {}).items() if value is not None}
    made = ET.Element(tag, given)
    for child in children:
        if isinstance(child, str):
            made.text = child
        elif child is not None:
            made.append(child)
    return made


def text_of(root: ET.Element) -> str:
    """Return *root* as text for libvirt and for people."""
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def identity(guest: Guest) -> list[ET.Element]:
    """Return name, uuid, memory of *guest*."""
    return [
        element("name", None, guest.name),
        element("uuid", None, guest.uuid),
        element("memory", {"unit": "MiB"}, str(guest.memory)),
        element("currentMemory", {"unit": "MiB"}, str(guest.memory)),
    ]


def processors(guest: Guest) -> list[ET.Element]:
    """Return the number of virtual processors, and on which real ones each of them may run."""
    masks = str(guest.hvparams.get("cpu_mask") or "all").split(":")
    one = masks[0] if len(masks) == 1 and masks[0] != "all" else None
    made = [element("vcpu", {"placement": "static", "cpuset": one}, str(guest.vcpus))]
    pins = [
        element("vcpupin", {"vcpu": index, "cpuset": mask})
        for index, mask in enumerate(masks if len(masks) > 1 else ())
        if mask != "all"
    ]
    return [*made, element("cputune", None, *pins)] if pins else made


def interface_name(guest: Guest, index: int) -> str:
    """Return the name of the host's end of NIC *index*: the same at each start.

    It is made of the NIC's MAC address, which no other NIC of the cluster has.
    """
    digits = str(guest.nics[index]["mac"]).replace(":", "")
    return f"tap-{digits[1:]}"[:MAX_INTERFACE]


def interface(
    guest: Guest, index: int, *details: ET.Element | None, tap: bool = True
) -> ET.Element:
    """Return NIC *index* of *guest* with driver-specific *details*.

    A NIC that scripts set up is a bare tap device (or, without *tap*, is not possible); one on a
    bridge or Open vSwitch is connected by libvirt itself.
    """
    nic = guest.nics[index]
    kind, source = _source(nic)
    target = {"dev": interface_name(guest, index)}
    if kind == "ethernet" and tap:
        target["managed"] = "yes"
    return element(
        "interface",
        {"type": kind},
        element("mac", {"address": nic["mac"]}),
        *source,
        element("target", target),
        *details,
    )


def alias(guest: Guest, kind: DeviceKind, index: int) -> str:
    """Return the name by which libvirt knows a disk or NIC of *guest*."""
    if kind == "disk":
        return f"ua-disk-{guest.disks[index].uuid}"
    return f"ua-nic-{guest.nics[index].get('uuid')}"


def scripted(nic: Mapping[str, Any]) -> bool:
    """Whether the host's end of *nic* is set up by the node and not by libvirt."""
    return bool(nic.get("scripted")) or nic["mode"] in ("routed", "ext")


def with_free_name(device: str, domain: str) -> str:
    """Return *device*, if it is a disk with a name on its bus that no disk in *domain* has.

    The names of a running guest's disks stay when one before them goes, and their numbers don't.
    """
    made = parsed(device)
    target = made.find("target")
    if made.tag != "disk" or target is None:
        return device
    used = {one.get("dev") for one in parsed(domain).iterfind("devices/disk/target")}
    own = target.get("dev", "")
    names = (own, *(f"{own[:-1]}{letter}" for letter in string.ascii_lowercase))
    target.set("dev", next((name for name in names if name not in used), own))
    return text_of(made)


def with_disks_of(guest: Guest, domain: str) -> str:
    """Return *domain*, in which each disk of *guest* is where it is now.

    A running guest has its disks open by the names that they had: disk 1 is disk 0 since the one
    before it was taken, and another has its name. Who opens them next has to find the right ones.
    """
    root = parsed(domain)
    paths = {alias(guest, "disk", index): disk.path for index, disk in enumerate(guest.disks)}
    for one in root.iterfind("devices/disk"):
        known, source = one.find("alias"), one.find("source")
        path = None if known is None else paths.get(known.get("name", ""))
        if source is not None and path is not None:
            source.set("file" if one.get("type") == "file" else "dev", path)
    return text_of(root)


def parsed(text: str) -> ET.Element:
    """Return the element that is in *text*."""
    return ET.fromstring(text)  # noqa: S314 - this node, or its own libvirt daemon, wrote it


def _source(nic: Mapping[str, Any]) -> tuple[str, list[ET.Element]]:
    if scripted(nic):
        return "ethernet", []
    source = [element("source", {"bridge": nic["link"]})]
    if nic["mode"] == "openvswitch":
        source += _vlan(str(nic.get("vlan") or ""))
        source.append(element("virtualport", {"type": "openvswitch"}))
    return "bridge", source


def _vlan(text: str) -> list[ET.Element]:
    """Return what ``.10`` (access), ``:10:20`` (trunk) or ``.10:20:30`` (both) mean."""
    native, _, trunk = text.removeprefix(".").partition(":")
    trunks = [tag for tag in trunk.split(":") if tag]
    if not native and not trunks:
        return []
    tags = [element("tag", {"id": native, "nativeMode": "untagged" if trunks else None})]
    tags = tags if native else []
    tags += [element("tag", {"id": tag}) for tag in trunks]
    return [element("vlan", {"trunk": "yes" if trunks else None}, *tags)]


def wanted(children: Iterable[ET.Element | None]) -> list[ET.Element]:
    """Return *children* without those that are None."""
    return [child for child in children if child is not None]
