"""Disks, images, NICs, channels and the serial console of a QEMU guest. Pure."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from ganetix.hypervisor.interface import DeviceKind, Guest, GuestDisk
from ganetix.hypervisor.libvirt.elements import alias, element, interface, wanted

SLOTS: Final = 32
"""Places on the PCI bus of the machine pc."""
SERIAL_BYTES: Final = 20
"""Bytes of a virtio disk's serial number; it is the beginning of the disk's uuid."""
_CONTROLLERS: Final = {"lsi": "lsilogic", "megasas": "lsisas1078", "virtio-scsi-pci": "virtio-scsi"}
_PREFIX: Final = {"virtio": "vd", "ide": "hd", "sata": "sd", "scsi": "sd"}
_PORTS: Final = {"http": 80, "https": 443, "ftp": 21}


def disks(guest: Guest, q35: bool) -> list[ET.Element]:
    """Return the controllers, disks, CDs and the floppy of *guest*."""
    hv = guest.hvparams
    names = _Names()
    made = [
        disk(guest, index, names.next(bus_of(str(hv["disk_type"]), q35)), q35)
        for index in range(len(guest.disks))
    ]
    made += [_cd(str(hv[name]), hv, names, q35) for name in _CDS if hv[name]]
    if hv["floppy_image_path"]:
        made.append(_floppy(str(hv["floppy_image_path"])))
    if any(found.get("bus") == "scsi" for one in made for found in one.iter("target")):
        model = _CONTROLLERS[hv["scsi_controller_type"]]
        made.insert(0, element("controller", {"type": "scsi", "index": 0, "model": model}))
    return made


_CDS: Final = ("cdrom_image_path", "cdrom2_image_path")


class _Names:
    """The next free device name on each bus."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def next(self, bus: str) -> tuple[str, str]:
        """Return *bus* and the next name on it."""
        prefix = _PREFIX[bus]
        index = self._used.get(prefix, 0)
        self._used[prefix] = index + 1
        return bus, device_name(bus, index)


def device_name(bus: str, index: int) -> str:
    """Return the name of disk *index* on *bus*, such as vda."""
    return f"{_PREFIX[bus]}{chr(ord('a') + index)}"


def bus_of(kind: str, q35: bool) -> str:
    """Return the bus of disk type *kind*; a q35 has SATA where a pc has IDE."""
    if kind == "paravirtual":
        return "virtio"
    if kind == "ide":
        return "sata" if q35 else "ide"
    return "scsi"


def disk(guest: Guest, index: int, place: tuple[str, str], q35: bool) -> ET.Element:
    """Return disk *index* of *guest* at *place* (bus, name), also for adding it while it runs."""
    one, hv = guest.disks[index], guest.hvparams
    bus, name = place
    lun = hv["disk_type"] == "scsi-block"
    return element(
        "disk",
        {"type": "file" if one.is_file else "block", "device": "lun" if lun else "disk"},
        element("driver", driver(one, hv)),
        element("source", {"file" if one.is_file else "dev": one.path}),
        element("target", {"dev": name, "bus": bus}),
        element("readonly") if one.mode == "ro" else None,
        element("serial", None, one.uuid[:SERIAL_BYTES]) if one.uuid and not lun else None,
        element("alias", {"name": alias(guest, "disk", index)}) if one.uuid else None,
        address(hv, index, q35) if bus == "virtio" else None,
    )


def driver(one: GuestDisk, hv: Mapping[str, Any]) -> dict[str, object]:
    """Return how QEMU reads and writes a disk."""
    cache, discard = hv["disk_cache"], hv["disk_discard"]
    return {
        "name": "qemu",
        "type": "raw",
        "cache": None if cache == "default" else cache,
        "io": hv["disk_aio"] or "threads",
        "discard": None if discard in ("", "default") else discard,
    }


def address(hv: Mapping[str, Any], index: int, q35: bool) -> ET.Element | None:
    """Return the PCI place of device *index*: after the reserved ones on a pc, else libvirt's own.

    So a device keeps its place, and the guest its names, when others come and go.
    """
    slot = int(hv["kvm_pci_reservations"]) + index
    if q35 or not hv["kvm_pci_reservations"] or slot >= SLOTS:
        return None
    place = {"domain": "0x0000", "bus": "0x00", "slot": f"0x{slot:02x}", "function": "0x0"}
    return element("address", {"type": "pci", **place})


def _cd(image: str, hv: Mapping[str, Any], names: _Names, q35: bool) -> ET.Element:
    kind = str(hv["cdrom_disk_type"] or "ide")
    bus, name = names.next(bus_of(kind, q35))
    # A virtio controller has disks only; a CD on it is a disk that can't be written.
    device = "disk" if bus == "virtio" else "cdrom"
    url = urlsplit(image) if "://" in image else None
    return element(
        "disk",
        {"type": "network" if url else "file", "device": device},
        element("driver", {"name": "qemu", "type": "raw"}),
        _remote(url.scheme, url.hostname or "", url.port, _path(image)) if url
        else element("source", {"file": image}),
        element("target", {"dev": name, "bus": bus}),
        element("readonly"),
    )  # fmt: skip


def _path(image: str) -> str:
    return image.split("://", 1)[1].partition("/")[2]


def _remote(scheme: str, host: str, port: int | None, path: str) -> ET.Element:
    where = element("host", {"name": host, "port": port or _PORTS[scheme]})
    return element("source", {"protocol": scheme, "name": path}, where)


def _floppy(image: str) -> ET.Element:
    return element(
        "disk",
        {"type": "file", "device": "floppy"},
        element("driver", {"name": "qemu", "type": "raw"}),
        element("source", {"file": image}),
        element("target", {"dev": "fda", "bus": "fdc"}),
    )


def nics(guest: Guest, q35: bool) -> list[ET.Element]:
    """Return the NICs of *guest*."""
    return [nic(guest, index, q35) for index in range(len(guest.nics))]


def nic(guest: Guest, index: int, q35: bool) -> ET.Element:
    """Return NIC *index* of *guest*; also for adding it to a running one."""
    hv, uuid = guest.hvparams, guest.nics[index].get("uuid")
    virtio = hv["nic_type"] == "paravirtual"
    queues = int(hv["virtio_net_queues"])
    backend = {
        "name": "vhost" if hv["vhost_net"] else "qemu",
        "queues": queues if queues > 1 else None,
    }
    model = "virtio" if virtio else str(hv["nic_type"])
    return interface(
        guest,
        index,
        element("model", {"type": model}),
        element("driver", backend) if virtio else None,
        element("alias", {"name": alias(guest, "nic", index)}) if uuid else None,
        address(hv, len(guest.disks) + index, q35) if virtio else None,
    )


def channels(hv: Mapping[str, Any]) -> list[ET.Element]:
    """Return the channels between host and guest: the guest agent, and SPICE's."""
    agent = element(
        "channel",
        {"type": "unix"},
        element("target", {"type": "virtio", "name": "org.qemu.guest_agent.0"}),
    )
    spice = element(
        "channel",
        {"type": "spicevmc"},
        element("target", {"type": "virtio", "name": "com.redhat.spice.0"}),
    )
    return wanted(
        [
            agent if hv["use_guest_agent"] else None,
            spice if hv["spice_bind"] and hv["spice_use_vdagent"] else None,
        ]
    )


def serial(hv: Mapping[str, Any], log: str) -> list[ET.Element]:
    """Return the serial console; what it says is kept in *log* too."""
    if not hv["serial_console"]:
        return []
    kept = element("log", {"file": log, "append": "on"}) if log else None
    target = element("target", {"type": "isa-serial", "port": 0})
    return [
        element("serial", {"type": "pty"}, kept, target),
        element("console", {"type": "pty"}, element("target", {"type": "serial", "port": 0})),
    ]


def added(guest: Guest, kind: DeviceKind, index: int, q35: bool) -> ET.Element:
    """Return disk or NIC *index* for the running *guest*, in a place that libvirt chooses."""
    if kind == "nic":
        made = nic(guest, index, q35)
    else:
        bus = bus_of(str(guest.hvparams["disk_type"]), q35)
        made = disk(guest, index, (bus, device_name(bus, index)), q35)
    for place in made.findall("address"):
        made.remove(place)
    return made
