"""What libvirt says that QEMU can do on this node. Pure."""

import json

import attrs

from ganetix.hypervisor.libvirt.elements import parsed


@attrs.frozen
class Emulator:
    """A QEMU program: its path, and the machine types that it offers."""

    path: str
    machines: frozenset[str]


def emulator(capabilities: str) -> Emulator | None:
    """Return the QEMU for x86-64 in the XML of libvirt's capabilities; None without one."""
    for guest in parsed(capabilities).iter("guest"):
        arch = guest.find("arch")
        if guest.findtext("os_type") != "hvm" or arch is None or arch.get("name") != "x86_64":
            continue
        names = {machine.text or "" for machine in arch.iter("machine")}
        names |= {machine.get("canonical", "") for machine in arch.iter("machine")}
        return Emulator(arch.findtext("emulator") or "", frozenset(names - {""}))
    return None


def firmwares(domain_capabilities: str) -> frozenset[str]:
    """Return the kinds of firmware that libvirt can choose, such as efi."""
    root = parsed(domain_capabilities)
    return frozenset(
        value.text or ""
        for enum in root.iterfind("os/enum[@name='firmware']")
        for value in enum.iter("value")
    )


def addresses(told: bytes, family: str | None) -> list[str]:
    """Return the addresses in the output of ``ip -json address show dev NAME``.

    *family* is ``inet`` or ``inet6``; None takes both. Addresses of the link alone are left out.
    """
    return [
        row["local"]
        for device in json.loads(told)
        for row in device.get("addr_info", ())
        if row.get("scope") != "link" and family in (None, row["family"])
    ]
