"""A listening endpoint as a service: a port that can't be bound fails the daemon's start."""

import fcntl
import socket
import struct
from typing import Final

import attrs
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.logger import Logger

from ganetix import errors

_SIOCGIFADDR: Final = 0x8915
"""Linux's request for an interface's IPv4 address."""


@attrs.define(eq=False)
class Listening:
    """Listens on *endpoint* for *factory*; *where* names address and port in messages."""

    name: str
    endpoint: IStreamServerEndpoint
    factory: IProtocolFactory
    where: str
    log: Logger = attrs.field(factory=Logger)
    _port: IListeningPort | None = attrs.field(default=None, init=False)

    async def start(self) -> None:
        """Listen; raise `errors.GenericError` when that can't be."""
        try:
            self._port = await self.endpoint.listen(self.factory)
        except CannotListenError as error:
            raise errors.GenericError(
                f"Can't listen on {self.where}: {error.socketError}. Another program may be "
                "listening there; -p and -b choose another port and address."
            ) from error
        self.log.info("Listening on {where}", where=self.where)

    async def stop(self) -> None:
        """Listen no more."""
        port, self._port = self._port, None
        stopping = None if port is None else port.stopListening()
        if stopping is not None:
            await stopping


def interface_address(interface: str) -> str:
    """Return the IPv4 address of *interface*; raise `errors.GenericError` when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        asked = struct.pack("256s", interface.encode()[:15])
        try:
            answer = fcntl.ioctl(trial.fileno(), _SIOCGIFADDR, asked)
        except OSError as error:
            raise errors.GenericError(
                f"The interface '{interface}' has no IPv4 address here ({error.strerror})."
            ) from error
    return socket.inet_ntoa(answer[20:24])


def bind_address(address: str | None, interface: str | None, own: str) -> str:
    """Return the address to bind: *address*, that of *interface*, or *own* (empty: all).

    Raise `errors.GenericError` when both are given and differ.
    """
    if interface is None:
        return address or own
    found = interface_address(interface)
    if address not in (None, found):
        raise errors.GenericError(
            f"The interface '{interface}' has the address {found}, not {address}; give one of them."
        )
    return found
