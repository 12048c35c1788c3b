"""A network in memory: connections between hosts, driven by one injected clock.

Nothing moves unless the clock does, and what is due at one moment moves in the order in which it
was sent, so a run repeats exactly. Hosts are plain names; a process that can be suspended or die
by itself is named ``host/process``. Latency and cuts are set for a pair of hosts, both ways, and
hold for connections that are open already.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet import error
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
    ITransport,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from ganetix.tls.identity import Identity
from ganetix.toolkit.clock import Clock

Pair = frozenset[str]


def host_of(name: str) -> str:
    """Return the host of *name*, a host or a process on one."""
    return name.partition("/")[0]


@implementer(IAddress)
@attrs.frozen
class PipeAddress:
    """One end of a connection."""

    host: str
    port: int


@attrs.define(eq=False)
class PipeNetwork:
    """All hosts and what connects them. *latency* is seconds one way between any two hosts.

    *watch* is told of all bytes as they arrive, with the address that they arrive at.
    """

    clock: Clock
    latency: float = 0.0005
    watch: Callable[["PipeAddress", bytes], None] = attrs.field(default=lambda *_: None)
    _listening: dict[PipeAddress, IProtocolFactory] = attrs.field(factory=dict, init=False)
    _latencies: dict[Pair, float] = attrs.field(factory=dict, init=False)
    _cut: set[Pair] = attrs.field(factory=set, init=False)
    _open: list["PipeTransport"] = attrs.field(factory=list, init=False)
    _identities: dict[str, Identity] = attrs.field(factory=dict, init=False)
    _dead: set[str] = attrs.field(factory=set, init=False)
    _held: dict[str, list[Callable[[], None]]] = attrs.field(factory=dict, init=False)

    def identify(self, host: str, identity: Identity) -> None:
        """Let connections from *host* belong to *identity*."""
        self._identities[host] = identity

    def identity_of(self, transport: ITransport) -> Identity:
        """Say who is at the other end of *transport*; this is what TLS does for real."""
        peer: Any = transport.getPeer()
        return self._identities[host_of(peer.host)]

    def server(self, host: str, port: int = 1811) -> IStreamServerEndpoint:
        """Return the endpoint to listen on *host*."""
        return _ServerEndpoint(self, PipeAddress(host, port))

    def client(self, source: str, host: str, port: int = 1811) -> IStreamClientEndpoint:
        """Return the endpoint that connects *source* to *host*."""
        return _ClientEndpoint(self, source, PipeAddress(host, port))

    def set_latency(self, one: str, other: str, seconds: float) -> None:
        """Let bytes between two hosts take *seconds* from now on."""
        self._latencies[frozenset((one, other))] = seconds

    def partition(self, one: str, other: str) -> None:
        """Let nothing through between two hosts; nobody is told."""
        self._cut.add(frozenset((one, other)))

    def heal(self, one: str, other: str) -> None:
        """Let bytes through again; what waited goes on its way."""
        pair = frozenset((one, other))
        self._cut.discard(pair)
        for transport in [end for end in self._open if end.pair == pair]:
            transport.kick()

    def reset(self, one: str, other: str) -> None:
        """Break all connections between two hosts now; what was under way is lost."""
        self._break({frozenset((one, other))})

    def die(self, name: str, *, told: bool = True) -> None:
        """End everything of the process or host *name*, which hears nothing any more.

        The other ends hear of it if *told*: the kernel says so when a process ends, but nobody
        does when a machine loses its power. A dead process never comes back under its name; a
        host may.
        """
        for end in [end for end in self._open if name in (end.host.host, host_of(end.host.host))]:
            end.vanish()
            if told:
                end.other.broken(error.ConnectionLost("the other end died"))
        for address in [a for a in self._listening if name in (a.host, host_of(a.host))]:
            del self._listening[address]
        if "/" in name:
            self._dead.add(name)
            self._held.pop(name, None)

    def hold(self, name: str) -> None:
        """Suspend the process *name*: what arrives for it waits."""
        self._held.setdefault(name, [])

    def let(self, name: str) -> None:
        """Let *name* go on, with what waited for it first."""
        for call in self._held.pop(name, ()):
            call()

    def tell(self, name: str, call: Callable[[], None]) -> None:
        """Let *call* happen inside *name*: now, when it goes on, or never if it is dead."""
        if name in self._held:
            self._held[name].append(call)
        elif name not in self._dead:
            call()

    def _break(self, pairs: set[Pair]) -> None:
        for transport in [end for end in self._open if end.pair in pairs]:
            transport.broken(error.ConnectionLost("the network broke the connection"))

    def delay(self, pair: Pair) -> float | None:
        """Seconds that bytes take between the hosts of *pair*; None: they do not get through."""
        return None if pair in self._cut else self._latencies.get(pair, self.latency)

    def listen(self, address: PipeAddress, factory: IProtocolFactory) -> None:
        """Let *factory* answer at *address*; raise CannotListenError if something does."""
        if address in self._listening:
            raise error.CannotListenError(address.host, address.port, OSError("in use"))
        self._listening[address] = factory

    def unlisten(self, address: PipeAddress) -> None:
        """Let nothing answer at *address*."""
        self._listening.pop(address, None)

    def connect(
        self, here: PipeAddress, there: PipeAddress, factory: IProtocolFactory
    ) -> IProtocol:
        """Connect both ends now; raise ConnectionRefusedError if nothing answers."""
        acceptor = self._listening.get(there)
        server = acceptor.buildProtocol(here) if acceptor is not None else None
        if server is None:
            raise error.ConnectionRefusedError()
        client = factory.buildProtocol(there)
        if client is None:
            raise error.NoProtocol()
        near = PipeTransport(self, here, there, client)
        far = PipeTransport(self, there, here, server)
        near.other, far.other = far, near
        self._open += [near, far]
        server.makeConnection(far)
        client.makeConnection(near)
        return client

    def forget(self, transport: "PipeTransport") -> None:
        """*transport* has ended."""
        if transport in self._open:
            self._open.remove(transport)


@implementer(ITransport)
@attrs.define(eq=False)
class PipeTransport:
    """One end of a connection."""

    network: PipeNetwork
    host: PipeAddress
    peer: PipeAddress
    protocol: IProtocol
    other: "PipeTransport" = attrs.field(init=False)
    disconnecting: bool = attrs.field(default=False, init=False)
    _ended: bool = attrs.field(default=False, init=False)
    _queue: deque[tuple[float, bytes | Failure]] = attrs.field(factory=deque, init=False)
    _scheduled: bool = attrs.field(default=False, init=False)

    @property
    def pair(self) -> Pair:
        """The hosts that it connects."""
        return frozenset((host_of(self.host.host), host_of(self.peer.host)))

    def write(self, data: bytes) -> None:
        """See `ITransport`."""
        if data and not self.disconnecting and not self._ended:
            self._send(data)

    def writeSequence(self, data: Any) -> None:
        """See `ITransport`."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """See `ITransport`."""
        if not self.disconnecting and not self._ended:
            self.disconnecting = True
            self._send(Failure(error.ConnectionDone()))
            self.network.clock.call_later(0, self.broken, error.ConnectionDone())

    def abortConnection(self) -> None:
        """See `twisted.internet.interfaces.ITCPTransport`."""
        if not self._ended:
            self.disconnecting = True
            self._queue.clear()
            self._send(Failure(error.ConnectionLost()))
            self.network.clock.call_later(0, self.broken, error.ConnectionAborted())

    def getPeer(self) -> PipeAddress:
        """See `ITransport`."""
        return self.peer

    def getHost(self) -> PipeAddress:
        """See `ITransport`."""
        return self.host

    def broken(self, why: Exception) -> None:
        """End this end now."""
        self.network.tell(self.host.host, lambda: self._end(why))

    def vanish(self) -> None:
        """End without a word."""
        self._ended = True
        self.network.forget(self)

    def _end(self, why: Exception) -> None:
        if not self._ended:
            self._ended = True
            self.network.forget(self)
            self.protocol.connectionLost(Failure(why))

    def kick(self) -> None:
        """Send on what waited for a cut to heal."""
        if self._queue and not self._scheduled:
            self._schedule()

    def _send(self, item: bytes | Failure) -> None:
        due = self.network.clock.monotonic() + (self.network.delay(self.pair) or 0.0)
        if self._queue:
            due = max(due, self._queue[-1][0])
        self._queue.append((due, item))
        self.kick()

    def _schedule(self) -> None:
        self._scheduled = True
        wait = self._queue[0][0] - self.network.clock.monotonic()
        self.network.clock.call_later(max(0.0, wait), self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        if self.network.delay(self.pair) is None:
            return
        now = self.network.clock.monotonic()
        chunk: list[bytes] = []
        end: Failure | None = None
        while self._queue and self._queue[0][0] <= now and end is None:
            item = self._queue.popleft()[1]
            if isinstance(item, Failure):
                end = item
            else:
                chunk.append(item)
        self.kick()
        self.other.receive(b"".join(chunk), end)

    def receive(self, data: bytes, end: Failure | None) -> None:
        """Give the protocol what arrived."""
        self.network.tell(self.host.host, lambda: self._take(data, end))

    def _take(self, data: bytes, end: Failure | None) -> None:
        if data and not self._ended:
            self.network.watch(self.host, data)
            self.protocol.dataReceived(data)
        if end is not None and isinstance(end.value, Exception):
            self.broken(end.value)


@implementer(IStreamServerEndpoint)
@attrs.frozen
class _ServerEndpoint:
    network: PipeNetwork
    address: PipeAddress

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        self.network.listen(self.address, protocolFactory)
        return succeed(_Port(self.network, self.address))


@implementer(IListeningPort)
@attrs.frozen
class _Port:
    network: PipeNetwork
    address: PipeAddress

    def startListening(self) -> None:
        """See `IListeningPort`; `listen` has started it."""

    def stopListening(self) -> Deferred[None]:
        self.network.unlisten(self.address)
        return succeed(None)

    def getHost(self) -> PipeAddress:
        return self.address


@implementer(IStreamClientEndpoint)
@attrs.frozen
class _ClientEndpoint:
    network: PipeNetwork
    source: str
    address: PipeAddress

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        pair = frozenset((host_of(self.source), host_of(self.address.host)))
        wait = self.network.delay(pair)
        if wait is None:
            # A host that is cut off does not even refuse; the caller's own time-out ends it.
            return Deferred(lambda waiting: waiting.errback(Failure(error.TimeoutError())))
        here = PipeAddress(self.source, 0)
        done: Deferred[IProtocol] = Deferred(lambda _: timer.cancel())

        def arrive() -> None:
            try:
                done.callback(self.network.connect(here, self.address, protocolFactory))
            except error.ConnectError as refused:
                done.errback(Failure(refused))

        timer = self.network.clock.call_later(wait, self.network.tell, self.source, arrive)
        return done
