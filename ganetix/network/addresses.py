"""The addresses that this machine owns, from the kernel's own tables. Parsing is pure."""

import ipaddress
import re
from typing import Final

import attrs

from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem, IWorker

IPV4: Final = "/proc/net/fib_trie"
IPV6: Final = "/proc/net/if_inet6"

_LEAF = re.compile(r"\|-- (\S+)\n((?:\s+/\d+ .*\n?)*)")


def ipv4_addresses(fib_trie: str) -> frozenset[str]:
    """Return the local IPv4 addresses in the text of ``/proc/net/fib_trie``."""
    leaves = _LEAF.findall(fib_trie)
    return frozenset(address for address, routes in leaves if "/32 host LOCAL" in routes)


def ipv6_addresses(if_inet6: str) -> frozenset[str]:
    """Return the local IPv6 addresses in the text of ``/proc/net/if_inet6``."""
    found = (line.split()[0] for line in if_inet6.splitlines() if line.strip())
    return frozenset(str(ipaddress.IPv6Address(int(digits, 16))) for digits in found)


@attrs.frozen
class Addresses:
    """Which addresses are this node's own.

    In a virtual cluster all nodes share the machine, so a node owns exactly *own*, the address
    that its daemons bind.
    """

    paths: Paths
    files: IFileSystem
    worker: IWorker
    own: str

    async def owned(self, address: str) -> bool:
        """Whether *address* is this node's."""
        if self.paths.virtual:
            return address == self.own
        found: frozenset[str] = await self.worker.run(self._thd_read)
        try:
            return str(ipaddress.ip_address(address)) in found
        except ValueError:
            return False

    def _thd_read(self) -> frozenset[str]:
        return ipv4_addresses(self._text(IPV4)) | ipv6_addresses(self._text(IPV6))

    def _text(self, path: str) -> str:
        try:
            return self.files.read(path).decode()
        except FileNotFoundError:
            return ""
