"""TLS for whole messages: each is encrypted and sent in the turn in which it was written.

Twisted's own wrapper gathers small writes until the reactor's next turn, and its sockets wait for
one more. A node call is one write, so both only delay it: measured with three nodes, half a
millisecond of each commit.
"""

from typing import Any, Final

import attrs
from OpenSSL.SSL import WantReadError
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer

from ganetix.toolkit.prompt import write_now

RECORD: Final = 1 << 14
"""Bytes that TLS encrypts at once; what is longer is sent in several pieces."""


class _Protocol(TLSMemoryBIOProtocol):
    _long = False
    """Whether what is being written has more pieces: they are sent together."""

    def write(self, bytes: bytes) -> None:
        """See `twisted.internet.interfaces.ITransport`."""
        self._long = len(bytes) > RECORD
        super().write(bytes)  # type: ignore[no-untyped-call]  # Twisted has no types here

    def _flushSendBIO(self) -> None:
        """Send what was encrypted: the one place where Twisted's class does."""
        try:
            data = self._tlsConnection.bio_read(1 << 15)
        except WantReadError:
            return  # nothing was
        transport: Any = self.transport
        if self._long:
            transport.write(data)
        else:
            write_now(transport, data)


class _Factory(TLSMemoryBIOFactory):
    protocol = _Protocol


@implementer(IStreamServerEndpoint)
@attrs.frozen
class Server:
    """Listens with *plain* and speaks TLS as *creator* says."""

    creator: IOpenSSLServerConnectionCreator
    plain: IStreamServerEndpoint
    reactor: IReactorTime

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """See `IStreamServerEndpoint`."""
        return self.plain.listen(_Factory(self.creator, False, protocolFactory, self.reactor))


@implementer(IStreamClientEndpoint)
@attrs.frozen
class Client:
    """Connects with *plain* and speaks TLS as *creator* says."""

    creator: IOpenSSLClientConnectionCreator
    plain: IStreamClientEndpoint
    reactor: IReactorTime

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """See `IStreamClientEndpoint`; fires with the protocol inside TLS."""
        factory = _Factory(self.creator, True, protocolFactory, self.reactor)
        made: Deferred[Any] = self.plain.connect(factory)
        return made.addCallback(lambda wrapper: wrapper.wrappedProtocol)
