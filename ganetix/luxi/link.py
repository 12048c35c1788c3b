"""LUXI's Unix socket under Twisted: listening as a service, and connecting.

A name that is longer than the kernel takes is reached through a descriptor of its directory, which
the caller opens (file systems are a parameter).
"""

import posixpath
from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IListeningPort, IReactorUNIX
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ganetix.errors import LuxiError
from ganetix.luxi import address
from ganetix.luxi.aclient import Connect, Conversation, Link
from ganetix.luxi.server import LuxiFactory
from ganetix.toolkit.interfaces import IFileSystem
from ganetix.toolkit.prompt import write_now
from ganetix.toolkit.services import IAwaitedService

MODE: Final = 0o660
_BACKLOG: Final = 128


@implementer(IAwaitedService)
@attrs.define(eq=False)
class LuxiService:
    """Listens on *path* with mode 0660 and serves *factory*.

    A socket file that is there already is left over from a process that died: the daemon's pid
    file, taken before, says that no other one runs. *open_directory* returns a descriptor of a
    directory, kept for as long as the service runs; it is called only if *path* is too long.
    """

    reactor: IReactorUNIX
    path: str
    factory: LuxiFactory
    files: IFileSystem
    open_directory: Callable[[str], int]
    name: str = "luxi"
    _port: IListeningPort | None = attrs.field(default=None, init=False)

    async def start(self) -> None:
        """Listen; raise `CannotListenError` if that can't be."""
        if self.files.exists(self.path):
            self.files.remove(self.path)
        self._port = self.reactor.listenUNIX(self._name(), self.factory, _BACKLOG, MODE)

    async def stop(self) -> None:
        """Take no more connections, and end those that are there after their current answer."""
        port, self._port = self._port, None
        if port is not None:
            stopped: Any = port.stopListening()
            await stopped
        await self.factory.shut_down()

    def _name(self) -> str:
        if not address.is_long(self.path):
            return self.path
        return address.through(self.open_directory(posixpath.dirname(self.path)), self.path)


class _Receiver(Protocol):
    """Hands what comes in to a conversation."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def dataReceived(self, data: bytes) -> None:
        """See `IProtocol`."""
        self._conversation.received(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See `IProtocol`."""
        self._conversation.closed()


@attrs.frozen
class _Prompt:
    """Sends each request in the turn of the reactor in which it is written."""

    transport: Any

    def write(self, data: bytes) -> None:
        """See `Link`."""
        write_now(self.transport, data)

    def loseConnection(self) -> None:
        """Close."""
        self.transport.loseConnection()


def connector(
    reactor: IReactorUNIX,
    path: str,
    open_directory: Callable[[str], int],
    close: Callable[[int], object],
) -> Connect:
    """Return how an `AsyncClient` connects to the socket *path* under Twisted."""

    async def connect(conversation: Conversation) -> Link:
        descriptor = open_directory(posixpath.dirname(path)) if address.is_long(path) else -1
        name = path if descriptor < 0 else address.through(descriptor, path)
        try:
            endpoint = UNIXClientEndpoint(reactor, name)
            receiver = await connectProtocol(endpoint, _Receiver(conversation))
        except ConnectError as error:
            raise LuxiError(f"The master daemon does not answer on {path}: {error}") from None
        finally:
            if descriptor >= 0:
                close(descriptor)
        return _Prompt(receiver.transport)

    return connect
