"""Whether another machine's daemon takes a connection."""

from typing import Any, Final

import attrs
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.protocol import Protocol

WITHIN: Final = 5.0
"""Seconds that it has."""


@attrs.frozen
class Reach:
    """Tries TCP connections with *reactor*; from *source*, an address of this machine, if given."""

    reactor: Any
    source: str = ""

    async def __call__(self, address: str, port: int) -> str:
        """Return why *address* can't be reached at *port*, nothing if it can (no full stop)."""
        bind = (self.source, 0) if self.source else None
        endpoint = HostnameEndpoint(self.reactor, address, port, timeout=WITHIN, bindAddress=bind)
        try:
            found: Any = await connectProtocol(endpoint, Protocol())
        except (ConnectError, DNSLookupError, OSError) as error:
            return (str(error) or type(error).__name__).rstrip(".")
        found.transport.loseConnection()
        return ""
