"""What filled hypervisor parameters may not be together. Pure.

`schema` knows each parameter alone, `hv_refused` what libvirt can't do; here is what depends on
others. All of it can be told without asking a node: what a node has to have is asked there.
"""

import ipaddress
import re
import shlex
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from ganetix import errors
from ganetix.model.hv_refused import REFUSED

Params = Mapping[str, Any]

SERIAL_SPEEDS: Final = (
    75, 110, 300, 600, 1200, 1800, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 115200,
    230400, 345600, 460800,
)  # fmt: skip
SOUND_CARDS: Final = {
    "ac97": "ac97", "es1370": "es1370", "hda": "ich6", "pcspk": "pcspk", "sb16": "sb16",
    "usb-audio": "usb",
}  # fmt: skip
"""QEMU's names of sound cards, and libvirt's."""
VIDEO_CARDS: Final = {
    "cirrus": "cirrus", "none": "none", "qxl": "qxl", "std": "vga", "virtio": "virtio",
    "vmware": "vmvga",
}  # fmt: skip
"""QEMU's names of graphics cards, and libvirt's."""
MIGRATION_CAPS: Final = ("auto-converge", "compress", "postcopy-ram", "xbzrle")
CAPABILITIES: Final = frozenset(
    """
    audit_control audit_write block_suspend chown dac_override dac_read_search fowner fsetid
    ipc_lock ipc_owner kill lease linux_immutable mac_admin mac_override mknod net_admin
    net_bind_service net_broadcast net_raw setgid setfcap setpcap setuid sys_admin sys_boot
    sys_chroot sys_module sys_nice sys_pacct sys_ptrace sys_rawio sys_resource sys_time
    sys_tty_config syslog wake_alarm
    """.split()  # noqa: SIM905  # a list of 30 quoted names is harder to read
)
_CPU_LIST = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*")
_USB_HOST = re.compile(r"host:[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4}")
_FEATURE = re.compile(r"[+-][\w.-]+|[\w.-]+=(on|off)")
_INTERFACE = re.compile(r"[\w.:-]{1,15}")


def require_usable(hypervisor: str, filled: Params, vcpus: int | None = None) -> None:
    """Raise `errors.OpPrereqError` if the *filled* parameters of *hypervisor* can't be.

    With *vcpus*, what depends on the number of processors is checked too.
    """
    for refusal in REFUSED.get(hypervisor, ()):
        if refusal.applies(filled[refusal.name]):
            _refuse(hypervisor, refusal.name, filled[refusal.name], refusal.reason)
    for name, wrong in CHECKS.get(hypervisor, {}).items():
        if trouble := wrong(filled):
            _refuse(hypervisor, name, filled[name], trouble)
    if vcpus is not None and hypervisor == "kvm":
        _require_shape(filled, vcpus)


def _refuse(hypervisor: str, name: str, value: object, why: str) -> None:
    raise errors.OpPrereqError(
        f"Hypervisor parameter {hypervisor}:{name} can't be '{value}': {why}.", errors.INVAL
    )


def _require_shape(filled: Params, vcpus: int) -> None:
    topology(filled, vcpus)
    masks = str(filled["cpu_mask"]).split(":")
    if len(masks) not in (1, vcpus):
        _refuse(
            "kvm", "cpu_mask", filled["cpu_mask"],
            f"it has {len(masks)} entries and the instance {vcpus} virtual processors",
        )  # fmt: skip


def topology(filled: Params, vcpus: int) -> tuple[int, int, int] | None:
    """Return (sockets, cores, threads) for *vcpus* processors, or None if nothing is said.

    What is not said is 1 but for the first of sockets, cores, threads, which takes the rest.
    Raise `errors.OpPrereqError` when the numbers don't make *vcpus*.
    """
    names = ("cpu_sockets", "cpu_cores", "cpu_threads")
    given = [int(filled[name]) for name in names]
    if not any(given):
        return None
    known = 1
    for number in given:
        known *= number or 1
    shape = [number or 1 for number in given]
    if 0 in given:
        shape[given.index(0)] = max(vcpus // known, 1)
    if shape[0] * shape[1] * shape[2] != vcpus:
        told = ", ".join(f"{name}={number}" for name, number in zip(names, given, strict=True))
        raise errors.OpPrereqError(
            f"Hypervisor parameters {told} don't make {vcpus} virtual processors: sockets, cores "
            "and threads multiplied must be their number.",
            errors.INVAL,
        )
    return shape[0], shape[1], shape[2]


def _boot_order(filled: Params) -> str:
    if filled["boot_order"] == "cdrom" and not filled["cdrom_image_path"]:
        return "booting from CD needs cdrom_image_path"
    return ""


def _image(name: str) -> Callable[[Params], str]:
    def wrong(filled: Params) -> str:
        value = str(filled[name])
        if not value or value.startswith(("/", "http://", "https://", "ftp://")):
            return ""
        return "it must be an absolute path, or a URL with http, https or ftp"

    return wrong


def _words(name: str, separator: str, known: Collection[str], why: str) -> Callable[[Params], str]:
    """Return the check that *name* is a list of words that are *known*; *why* follows the word."""

    def wrong(filled: Params) -> str:
        for word in str(filled[name]).split(separator):
            if word and word not in known:
                return f"'{word}' {why}"
        return ""

    return wrong


def _cpu_mask(filled: Params) -> str:
    for entry in str(filled["cpu_mask"] or "all").split(":"):
        if entry != "all" and not _CPU_LIST.fullmatch(entry):
            return f"'{entry}' is neither 'all' nor a list of processors such as 0,2-3"
    return ""


def _cpu_type(filled: Params) -> str:
    for feature in str(filled["cpu_type"]).split(",")[1:]:
        if not _FEATURE.fullmatch(feature):
            return f"'{feature}' is no feature; write +name, -name, name=on or name=off"
    return ""


def _disk_aio(filled: Params) -> str:
    if filled["disk_aio"] == "native" and filled["disk_cache"] != "none":
        return "native input and output needs disk_cache=none"
    return ""


def _kernel(filled: Params) -> str:
    if filled["kernel_path"] and not filled["root_path"]:
        return "a kernel from outside of the guest needs root_path"
    return ""


def _initrd(filled: Params) -> str:
    if filled["initrd_path"] and not filled["kernel_path"]:
        return "an initrd needs kernel_path"
    return ""


def _extra(filled: Params) -> str:
    try:
        shlex.split(str(filled["kvm_extra"]))
    except ValueError as error:
        return f"it can't be split into arguments ({error})"
    return ""


def _security(filled: Params) -> str:
    if (filled["security_model"] == "user") != bool(filled["security_domain"]):
        return "security_model=user and an account in security_domain need each other"
    return ""


def _serial_speed(filled: Params) -> str:
    if filled["serial_console"] and filled["serial_speed"] not in SERIAL_SPEEDS:
        return f"a serial console runs at one of {', '.join(map(str, SERIAL_SPEEDS))}"
    return ""


_NEED_SPICE: Final = (
    "spice_image_compression", "spice_ip_version", "spice_jpeg_wan_compression",
    "spice_password_file", "spice_streaming_video", "spice_use_tls",
    "spice_zlib_glz_wan_compression",
)  # fmt: skip


def _spice_bind(filled: Params) -> str:
    bind = str(filled["spice_bind"])
    if not bind:
        given = [name for name in _NEED_SPICE if filled[name]]
        return f"{', '.join(given)} needs spice_bind" if given else ""
    if filled["vnc_bind_address"]:
        return "spice_bind and vnc_bind_address exclude each other"
    address = _address(bind)
    if address is None:
        return "" if _INTERFACE.fullmatch(bind) else "it is neither an IP address nor an interface"
    if filled["spice_ip_version"] not in (0, address.version):
        return f"it is an IPv{address.version} address, and spice_ip_version says another"
    return ""


def _vnc_bind(filled: Params) -> str:
    bind = str(filled["vnc_bind_address"])
    if not bind or bind.startswith("/") or _address(bind) or _INTERFACE.fullmatch(bind):
        return ""
    return "it is neither an IP address nor an interface nor an absolute path"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _usb_devices(filled: Params) -> str:
    for device in str(filled["usb_devices"]).split(","):
        known = device in ("", "keyboard", "mouse", "tablet")
        if not known and not _USB_HOST.fullmatch(device):
            return f"'{device}' is none of keyboard, mouse, tablet, host:VENDOR:PRODUCT"
    return ""


def _vga(filled: Params) -> str:
    if filled["vga"] and filled["vga"] not in VIDEO_CARDS:
        return f"there are {', '.join(VIDEO_CARDS)}"
    return ""


CHECKS: Final[Mapping[str, Mapping[str, Callable[[Params], str]]]] = {
    "kvm": {
        "boot_order": _boot_order,
        "cdrom_image_path": _image("cdrom_image_path"),
        "cdrom2_image_path": _image("cdrom2_image_path"),
        "cpu_mask": _cpu_mask,
        "cpu_type": _cpu_type,
        "disk_aio": _disk_aio,
        "root_path": _kernel,
        "initrd_path": _initrd,
        "kvm_extra": _extra,
        "migration_caps": _words(
            "migration_caps", ":", MIGRATION_CAPS,
            f"is not known; there are {', '.join(MIGRATION_CAPS)}, joined by colons",
        ),
        "security_domain": _security,
        "serial_speed": _serial_speed,
        "soundhw": _words(
            "soundhw", ",", SOUND_CARDS,
            f"is not known; there are {', '.join(SOUND_CARDS)}, joined by commas",
        ),
        "spice_bind": _spice_bind,
        "usb_devices": _usb_devices,
        "vga": _vga,
        "vnc_bind_address": _vnc_bind,
    },
    "lxc": {
        "cpu_mask": _cpu_mask,
        "drop_capabilities": _words(
            "drop_capabilities", ",", CAPABILITIES, "is no capability that libvirt knows"
        ),
    },
}  # fmt: skip
"""For each parameter what is wrong with it, given all of them; empty when nothing is."""
