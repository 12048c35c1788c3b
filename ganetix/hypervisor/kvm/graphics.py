"""Graphical consoles, graphics card, input devices and sound of a QEMU guest. Pure."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from ganetix.hypervisor.interface import Guest
from ganetix.hypervisor.libvirt.elements import element
from ganetix.model.hv_checks import SOUND_CARDS, VIDEO_CARDS


def consoles(
    guest: Guest, addresses: Mapping[str, str], vnc_password: str, spice_password: str
) -> list[ET.Element]:
    """Return the graphical console, if there is one, and the graphics card.

    *addresses* tells the address of an interface that a console is bound to.
    """
    hv = guest.hvparams
    if hv["spice_bind"]:
        shown = [_spice(guest, _bound(hv["spice_bind"], addresses), spice_password)]
    elif hv["vnc_bind_address"]:
        shown = [_vnc(guest, addresses, vnc_password)]
    else:
        shown = []
    card = VIDEO_CARDS.get(hv["vga"]) or _usual_card(hv)
    return [*shown, element("video", None, element("model", {"type": card}))]


def _usual_card(hv: Mapping[str, Any]) -> str:
    if hv["spice_bind"]:
        return "qxl"
    return "vga" if hv["vnc_bind_address"] else "none"


def _bound(bind: object, addresses: Mapping[str, str]) -> str:
    return addresses.get(str(bind), str(bind))


def _port(guest: Guest) -> dict[str, object]:
    """The port that the cluster gave the instance; a free one of libvirt's where it gave none."""
    return {"port": guest.port} if guest.port else {"autoport": "yes"}


def _vnc(guest: Guest, addresses: Mapping[str, str], password: str) -> ET.Element:
    hv = guest.hvparams
    bind = str(hv["vnc_bind_address"])
    rest = {"keymap": hv["keymap"] or None, "passwd": password or None}
    if bind.startswith("/"):
        listen = element("listen", {"type": "socket", "socket": f"{bind}/{guest.name}.vnc"})
        return element("graphics", {"type": "vnc", **rest}, listen)
    listen = element("listen", {"type": "address", "address": _bound(bind, addresses)})
    return element("graphics", {"type": "vnc", **_port(guest), **rest}, listen)


def _spice(guest: Guest, address: str, password: str) -> ET.Element:
    hv = guest.hvparams
    tls = bool(hv["spice_use_tls"])
    port: dict[str, object] = {"tlsPort": guest.port} if tls and guest.port else _port(guest)
    return element(
        "graphics",
        {
            "type": "spice",
            **port,
            "defaultMode": "secure" if tls else None,
            "keymap": hv["keymap"] or None,
            "passwd": password or None,
        },
        element("listen", {"type": "address", "address": address}),
        _compression("image", hv["spice_image_compression"]),
        _compression("jpeg", hv["spice_jpeg_wan_compression"]),
        _compression("zlib", hv["spice_zlib_glz_wan_compression"]),
        _compression("playback", "on" if hv["spice_playback_compression"] else "off"),
        element("streaming", {"mode": hv["spice_streaming_video"]})
        if hv["spice_streaming_video"]
        else None,
    )


def _compression(what: str, value: str) -> ET.Element | None:
    return element(what, {"compression": value}) if value else None


def inputs(hv: Mapping[str, Any]) -> list[ET.Element]:
    """Return mouse or tablet, and the other USB devices."""
    kinds = [hv["usb_mouse"], *str(hv["usb_devices"]).split(",")]
    return [_usb(kind) for kind in kinds if kind]


def _usb(kind: str) -> ET.Element:
    if not kind.startswith("host:"):
        return element("input", {"type": kind, "bus": "usb"})
    _, vendor, product = kind.split(":")
    return element(
        "hostdev",
        {"mode": "subsystem", "type": "usb"},
        element(
            "source",
            None,
            element("vendor", {"id": f"0x{vendor:0>4}"}),
            element("product", {"id": f"0x{product:0>4}"}),
        ),
    )


def sounds(hv: Mapping[str, Any]) -> list[ET.Element]:
    """Return the sound cards."""
    cards = str(hv["soundhw"]).split(",")
    return [element("sound", {"model": SOUND_CARDS[card]}) for card in cards if card]
