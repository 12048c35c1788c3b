"""The domain XML of a Linux container. Pure."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any, Final

from ganetix.errors import HypervisorError
from ganetix.hypervisor.interface import Guest
from ganetix.hypervisor.libvirt.elements import element, identity, interface, processors, text_of

INIT: Final = "/sbin/init"


def domain(guest: Guest) -> str:
    """Return the XML of *guest*: its first disk is the root file system, without partitions.

    Raise `errors.HypervisorError` for one without a disk.
    """
    if not guest.disks:
        raise HypervisorError(
            f"Container {guest.name} has no disk, and so no root file system; create it with one."
        )
    hv = guest.hvparams
    return text_of(
        element(
            "domain",
            {"type": "lxc"},
            *identity(guest),
            *processors(guest),
            element(
                "os",
                None,
                element("type", {"arch": "x86_64"}, "exe"),
                element("init", None, INIT),
            ),
            element("features", None, _capabilities(hv)),
            element("on_poweroff", None, "destroy"),
            element("on_reboot", None, "restart"),
            element("on_crash", None, "destroy"),
            element(
                "devices",
                None,
                *(_file_system(guest, index) for index in range(len(guest.disks))),
                *(interface(guest, index, tap=False) for index in range(len(guest.nics))),
                *_consoles(hv),
            ),
        )
    )


def _capabilities(hv: Mapping[str, Any]) -> ET.Element:
    dropped = [name for name in str(hv["drop_capabilities"]).split(",") if name]
    return element(
        "capabilities",
        {"policy": "default"},
        *(element(name, {"state": "off"}) for name in dropped),
    )


def _file_system(guest: Guest, index: int) -> ET.Element:
    """Return disk *index*: the first is the root, the others are ``/mnt/diskN`` inside."""
    disk = guest.disks[index]
    loop = element("driver", {"type": "loop", "format": "raw"}) if disk.is_file else None
    return element(
        "filesystem",
        {"type": "file" if disk.is_file else "block", "accessmode": "passthrough"},
        loop,
        element("source", {"file" if disk.is_file else "dev": disk.path}),
        element("target", {"dir": f"/mnt/disk{index}" if index else "/"}),
        element("readonly") if disk.mode == "ro" else None,
    )


def _consoles(hv: Mapping[str, Any]) -> list[ET.Element]:
    """Return the terminals: what init gets as its console, and as many more as are asked for."""
    return [
        element("console", {"type": "pty"}, element("target", {"type": "lxc", "port": index}))
        for index in range(max(int(hv["num_ttys"]), 1))
    ]
