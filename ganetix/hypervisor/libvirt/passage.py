"""The way between two libvirt daemons for the time of a migration, through the cluster's own TLS.

On the target a port leads to the daemon's local socket, for nodes of the cluster only. On the
source a local socket leads to that port. Bytes go through as they are.
"""

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
    ITransport,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from ganetix.errors import GanetiError, HypervisorError
from ganetix.toolkit.tasks import Tasks


@attrs.frozen
class Ends:
    """How to reach what is where.

    *door* listens on a port of this node, *daemon* connects to the local libvirt daemon, *local*
    listens at the path of a local socket, *remote* connects to a port of another node. *known*
    raises `errors.GanetiError` for the transport of somebody who may not come in.
    """

    door: Callable[[int], IStreamServerEndpoint]
    daemon: Callable[[], IStreamClientEndpoint]
    local: Callable[[str], IStreamServerEndpoint]
    remote: Callable[[str, int], IStreamClientEndpoint]
    known: Callable[[ITransport], object]


@attrs.define(eq=False)
class LibvirtPassage:
    """`Passage` over the network. *directory* takes the local sockets."""

    ends: Ends
    directory: str
    _open: dict[str, IListeningPort] = attrs.field(factory=dict, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    async def open(self, port: int) -> None:
        """See `Passage`."""
        factory = _Doorway(self._tasks, self.ends.daemon, self.ends.known)
        await self._listen(str(port), self.ends.door(port), factory)

    async def close(self, port: int) -> None:
        """See `Passage`."""
        await self._stop(str(port))

    async def reach(self, address: str, port: int) -> str:
        """See `Passage`."""
        socket = f"{self.directory}/libvirt-{address}-{port}"
        factory = _Doorway(self._tasks, lambda: self.ends.remote(address, port), _anybody)
        await self._listen(socket, self.ends.local(socket), factory)
        return socket

    async def leave(self, socket: str) -> None:
        """See `Passage`."""
        await self._stop(socket)

    async def _listen(self, key: str, endpoint: IStreamServerEndpoint, factory: Factory) -> None:
        await self._stop(key)
        try:
            self._open[key] = await endpoint.listen(factory)
        except CancelledError:
            raise
        except OSError as error:
            raise HypervisorError(f"Nothing can be received at {key}: {error}.") from error

    async def _stop(self, key: str) -> None:
        listening = self._open.pop(key, None)
        if listening is not None:
            await _stopped(listening)


async def _stopped(listening: IListeningPort) -> None:
    done = listening.stopListening()
    if done is not None:
        await done


def _anybody(transport: ITransport) -> None:
    """The socket's directory says who may."""


@attrs.define(eq=False)
class _Doorway(Factory):
    """Makes one end for each connection that comes in; *onward* leads to where it goes."""

    tasks: Tasks
    onward: Callable[[], IStreamClientEndpoint]
    known: Callable[[ITransport], object]
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> "_End":
        """See Twisted."""
        return _End(self)


class _End(Protocol):
    """One end of a connection; what it hears the *other* one says."""

    log = Logger()

    def __init__(self, doorway: _Doorway | None, other: "_End | None" = None) -> None:
        self._doorway = doorway
        self._other = other
        self._early: list[bytes] = []

    def connectionMade(self) -> None:
        """Reach the other end, or join with the one that has reached here."""
        if self._doorway is not None:
            self._doorway.tasks.spawn("connecting libvirt daemons", self._reach(self._doorway))
        elif self._other is not None:
            self._other.joined(self)

    def dataReceived(self, data: bytes) -> None:
        """Pass it on; keep what comes before there is an other end."""
        if self._other is None:
            self._early.append(data)
            return
        try:
            self._admit()
        except GanetiError as error:
            self.log.warn("A connection to libvirt was refused: {why}", why=error.message)
            self._drop()
            return
        self._say(self._other, data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Hang up at the other end."""
        other, self._other = self._other, None
        if other is not None and other.transport is not None:
            other.transport.loseConnection()

    def joined(self, other: "_End") -> None:
        """Use *other* from now on, each as fast as the other one reads."""
        self._other = other
        mine: Any = self.transport
        theirs: Any = other.transport
        mine.registerProducer(theirs, True)
        theirs.registerProducer(mine, True)
        early, self._early = self._early, []
        for data in early:
            self.dataReceived(data)

    async def _reach(self, doorway: _Doorway) -> None:
        factory = Factory.forProtocol(lambda: _End(None, self))
        factory.noisy = False
        try:
            await doorway.onward().connect(factory)
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a network may raise
            self.log.error("libvirt can't be reached: {why}", why=str(error))
            self._drop()

    def _admit(self) -> None:
        if self._doorway is not None and self.transport is not None:
            self._doorway.known(self.transport)

    def _drop(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()

    def _say(self, other: "_End", data: bytes) -> None:
        if other.transport is not None:
            other.transport.write(data)
