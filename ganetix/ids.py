"""Identities: uuids, secrets and MAC addresses, all drawn from one injected source."""

import ipaddress
import re
from collections.abc import Callable, Container

import attrs

NodeName = str
NodeUuid = str
InstanceName = str
InstanceUuid = str
GroupUuid = str
DiskUuid = str
JobId = int

_MAC_PREFIX = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){2}")
_HOST_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


@attrs.frozen
class Randomness:
    """Where every random choice comes from.

    `token` returns that many random bytes; `uniform` a float in [0, 1) for jitter and choices.
    A simulation passes seeded ones.
    """

    token: Callable[[int], bytes]
    uniform: Callable[[], float]

    def uuid(self) -> str:
        """Return a new random uuid (RFC 9562, version 4) as text."""
        raw = bytearray(self.token(16))
        raw[6] = (raw[6] & 0x0F) | 0x40
        raw[8] = (raw[8] & 0x3F) | 0x80
        text = raw.hex()
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def secret(self, size: int = 20) -> str:
        """Return *size* random bytes as hexadecimal digits."""
        return self.token(size).hex()

    def mac(self, prefix: str, used: Container[str]) -> str:
        """Return a MAC address with *prefix* (three octets, ``aa:00:00``) that is not in *used*."""
        while True:
            tail = self.token(3)
            address = f"{prefix}:{tail[0]:02x}:{tail[1]:02x}:{tail[2]:02x}"
            if address not in used:
                return address


def valid_hostname(name: str) -> bool:
    """Tell whether *name* is a usable lower-case host name: labels of letters, digits, ``-_``."""
    return 0 < len(name) <= 255 and all(_HOST_LABEL.fullmatch(label) for label in name.split("."))


def valid_ip(address: str) -> bool:
    """Tell whether *address* is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True


def valid_mac_prefix(prefix: str) -> bool:
    """Tell whether *prefix* is three octets of a MAC address in lower case, ``aa:00:00``."""
    return _MAC_PREFIX.fullmatch(prefix) is not None
