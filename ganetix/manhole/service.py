"""The console's socket as a service."""

import posixpath
from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.internet.interfaces import IListeningPort, IReactorUNIX
from zope.interface import implementer

from ganetix.luxi import address
from ganetix.manhole.session import ConsoleFactory
from ganetix.toolkit.interfaces import IFileSystem
from ganetix.toolkit.services import IAwaitedService

MODE: Final = 0o600


@implementer(IAwaitedService)
@attrs.define(eq=False)
class ManholeService:
    """Listens on *path* with mode 0600, in a directory that only this user may enter.

    *open_directory* makes sure of that directory and returns a descriptor of it, which is kept for
    as long as the service runs; it raises `errors.GenericError` if the directory is not fit. A
    socket file that is there is left over: the daemon's pid file says that no other one runs.
    """

    reactor: IReactorUNIX
    path: str
    factory: ConsoleFactory
    files: IFileSystem
    open_directory: Callable[[str], int]
    close: Callable[[int], object]
    name: str = "manhole"
    _port: IListeningPort | None = attrs.field(default=None, init=False)
    _directory: int = attrs.field(default=-1, init=False)

    async def start(self) -> None:
        """Listen; raise `CannotListenError` if that can't be."""
        self._directory = self.open_directory(posixpath.dirname(self.path))
        if self.files.exists(self.path):
            self.files.remove(self.path)
        long = address.is_long(self.path)
        name = address.through(self._directory, self.path) if long else self.path
        self._port = self.reactor.listenUNIX(name, self.factory, mode=MODE)

    async def stop(self) -> None:
        """Listen no more and end the sessions."""
        port, self._port = self._port, None
        if port is not None:
            stopped: Any = port.stopListening()
            await stopped
        self.factory.close()
        if self._directory >= 0:
            self.close(self._directory)
            self._directory = -1
