"""The domain XML of a QEMU guest. Pure."""

import shlex
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

from ganetix.hypervisor.interface import Guest
from ganetix.hypervisor.kvm import devices, graphics
from ganetix.hypervisor.libvirt.elements import element, identity, processors, text_of, wanted
from ganetix.model import hv_checks

QEMU_NAMESPACE: Final = "http://libvirt.org/schemas/domain/qemu/1.0"
DEFAULT_KVM_PATH: Final = "/usr/bin/kvm"
"""The reference's default; it stands for the QEMU that libvirt finds on the node."""
UEFI: Final = "uefi"
_BOOT: Final = {"cdrom": "cdrom", "disk": "hd", "floppy": "fd", "network": "network"}


@attrs.frozen
class Passwords:
    """The passwords of the graphical consoles, out of their files; empty for none."""

    vnc: str = attrs.field(default="", repr=False)
    spice: str = attrs.field(default="", repr=False)


@attrs.frozen
class Place:
    """What the XML needs to know of the node.

    *accelerator* is libvirt's domain type: ``kvm``, or ``qemu`` for emulation in software.
    *console_log* is the file that takes what the serial console says. *addresses* are the
    addresses to bind, by interface name.
    """

    accelerator: Literal["kvm", "qemu"]
    console_log: str = ""
    passwords: Passwords = Passwords()
    addresses: tuple[tuple[str, str], ...] = ()


def machine(guest: Guest) -> str:
    """Return the machine type as QEMU knows it."""
    return str(guest.hvparams["machine_version"] or "pc")


def is_q35(guest: Guest) -> bool:
    """Whether the machine is a q35, which has PCI Express and SATA and no IDE."""
    return "q35" in machine(guest)


def domain(guest: Guest, place: Place) -> str:
    """Return the XML of *guest* on *place*; its parameters have been found usable."""
    hv = guest.hvparams
    root = element(
        "domain",
        {"type": place.accelerator},
        *identity(guest),
        _memory_backing(hv),
        *processors(guest),
        _os(guest),
        _features(hv),
        _cpu(guest, place.accelerator),
        element("clock", {"offset": "localtime" if hv["use_localtime"] else "utc"}),
        element("on_poweroff", None, "destroy"),
        element("on_reboot", None, "restart" if hv["reboot_behavior"] == "reboot" else "destroy"),
        element("on_crash", None, "destroy"),
        _devices(guest, place),
        _account(hv),
        _extra(hv),
    )
    return text_of(root)


def _memory_backing(hv: Mapping[str, Any]) -> ET.Element | None:
    return element("memoryBacking", None, element("hugepages")) if hv["mem_path"] else None


def _os(guest: Guest) -> ET.Element:
    hv = guest.hvparams
    given = hv["kernel_path"]
    bios, _ = extra_words(hv)
    return element(
        "os",
        {"firmware": "efi" if bios == UEFI else None},
        element("type", {"arch": "x86_64", "machine": machine(guest)}, "hvm"),
        *wanted(
            [
                element("loader", {"type": "rom"}, bios) if bios not in ("", UEFI) else None,
                element("kernel", None, str(given)) if given else None,
                element("initrd", None, str(hv["initrd_path"])) if hv["initrd_path"] else None,
                element("cmdline", None, _command_line(hv)) if given else None,
            ]
        ),
        element("boot", {"dev": _BOOT[hv["boot_order"]]}),
    )


def extra_words(hv: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the firmware that ``kvm_extra`` asks for with ``-bios``, and its other words.

    The firmware is a file, or `UEFI` for what libvirt finds on the node; empty for the usual BIOS.
    """
    words = shlex.split(str(hv["kvm_extra"]))
    if "-bios" not in words[:-1]:
        return "", words
    at = words.index("-bios")
    return words[at + 1], words[:at] + words[at + 2 :]


def _command_line(hv: Mapping[str, Any]) -> str:
    console = f"console=ttyS0,{hv['serial_speed']}" if hv["serial_console"] else ""
    words = (f"root={hv['root_path']}", str(hv["kernel_args"]), console)
    return " ".join(word for word in words if word)


def _features(hv: Mapping[str, Any]) -> ET.Element:
    return element(
        "features", None, element("acpi") if hv["acpi"] else None, element("apic"), element("pae")
    )


def _cpu(guest: Guest, accelerator: str) -> ET.Element | None:
    """Return the processor: its model with features as QEMU writes them, and its shape."""
    hv = guest.hvparams
    model, *features = str(hv["cpu_type"]).split(",")
    shape = hv_checks.topology(hv, guest.vcpus)
    children = wanted(
        [
            element("model", {"fallback": "forbid"}, model) if _named(model) else None,
            None
            if shape is None
            else element(
                "topology",
                {"sockets": shape[0], "dies": 1, "cores": shape[1], "threads": shape[2]},
            ),
            *(map(_feature, features)),
        ]
    )
    if not model:
        return element("cpu", None, *children) if children else None
    return element("cpu", _cpu_mode(model, accelerator), *children)


def _named(model: str) -> bool:
    return model not in ("", "host", "max")


def _cpu_mode(model: str, accelerator: str) -> dict[str, str]:
    if _named(model):
        return {"mode": "custom", "match": "exact", "check": "none"}
    # In software there is no host's processor to pass through: all that can be emulated is next.
    passed = model == "host" and accelerator == "kvm"
    return {"mode": "host-passthrough" if passed else "maximum", "check": "none"}


def _feature(text: str) -> ET.Element:
    name, sign, value = text.partition("=")
    on = value == "on" if sign else text.startswith("+")
    bare = name if sign else text[1:]
    return element("feature", {"policy": "require" if on else "disable", "name": bare})


def _devices(guest: Guest, place: Place) -> ET.Element:
    hv = guest.hvparams
    emulator = str(hv["kvm_path"])
    chosen = emulator if emulator != DEFAULT_KVM_PATH else ""
    return element(
        "devices",
        None,
        element("emulator", None, chosen) if chosen else None,
        *devices.disks(guest, is_q35(guest)),
        *devices.nics(guest, is_q35(guest)),
        *devices.channels(hv),
        *devices.serial(hv, place.console_log),
        *graphics.consoles(
            guest, dict(place.addresses), place.passwords.vnc, place.passwords.spice
        ),
        *graphics.inputs(hv),
        *graphics.sounds(hv),
        element("memballoon", {"model": "virtio"}),
    )


def _account(hv: Mapping[str, Any]) -> ET.Element | None:
    if hv["security_model"] != "user":
        return None
    label = element("label", None, str(hv["security_domain"]))
    return element("seclabel", {"type": "static", "model": "dac", "relabel": "yes"}, label)


def _extra(hv: Mapping[str, Any]) -> ET.Element | None:
    _, words = extra_words(hv)
    if not words:
        return None
    ET.register_namespace("qemu", QEMU_NAMESPACE)
    return element(
        f"{{{QEMU_NAMESPACE}}}commandline",
        None,
        *(element(f"{{{QEMU_NAMESPACE}}}arg", {"value": word}) for word in words),
    )
