"""The master daemon's tree: made from the real reactor, files, TLS and sockets."""

import contextvars
import grp
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IStreamClientEndpoint
from zope.interface import implementer

from ganetix import __version__, errors
from ganetix.daemons import settings
from ganetix.daemons.daemon import Daemon
from ganetix.daemons.manhole import Offer, consoles
from ganetix.daemons.memory import settle
from ganetix.daemons.metrics import MetricsOptions, metrics_port
from ganetix.daemons.outside import World, outside_of
from ganetix.daemons.own_keys import KeyFiles
from ganetix.daemons.stalls import StallMeter
from ganetix.ids import Randomness
from ganetix.luxi.link import LuxiService
from ganetix.luxi.peercred import Allowed, Peer, peer_of
from ganetix.luxi.server import LuxiFactory
from ganetix.manhole.console import Name
from ganetix.master.address import MasterAddress
from ganetix.master.autorestart import AutoRestart
from ganetix.master.election import elect
from ganetix.master.eventfeed import feed
from ganetix.master.events import EventLog
from ganetix.master.facts import MasterFacts
from ganetix.master.handler.door import Door
from ganetix.master.handler.table import Handler
from ganetix.master.livestate import LiveState
from ganetix.master.logic import table
from ganetix.master.metrics import MasterMetrics
from ganetix.master.service import Master
from ganetix.master.store.recovery import recover
from ganetix.master.store.store import StoreParts
from ganetix.model import journal
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths
from ganetix.rpc.client import ClientPool
from ganetix.rpc.events import Event
from ganetix.rpc.interfaces import Claim, Connect, IEventSink, NodeAddress
from ganetix.rpc.session import CALLS_VERSION
from ganetix.rpc.tables.sessions import MasterInfo, VersionInfo
from ganetix.tls.contexts import client_endpoint
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem, Worker
from ganetix.toolkit.services import ServiceTree

ADMINS: Final = ("gnt-daemons", "gnt-admin")
"""The groups whose members may speak LUXI, beside root and the daemon's own user."""


@attrs.frozen
class Parts:
    """What the pieces of the tree share."""

    daemon: Daemon
    paths: Paths
    clock: Clock
    randomness: Randomness
    connect: Connect
    port: int

    def pool(self, cluster: "Current", claim: Any, sink: IEventSink) -> ClientPool:
        """Return a pool of connections to the nodes of the newest configuration."""
        return ClientPool(
            lambda: addresses(cluster.newest(), self.port), self.connect, claim, sink,
            self.refused, self.clock, self.randomness, versions(),
        )  # fmt: skip

    def refused(self, node: str, obeyed: MasterInfo) -> None:
        """End the daemon: a node obeys another master."""
        self.daemon.fail(
            f"Node {node} obeys {obeyed.master_node} as master (epoch {obeyed.epoch}); this "
            "daemon is not the master any more."
        )


@attrs.define
class Current:
    """The newest configuration: from disk until the master is open, then the master's."""

    cluster: Cluster
    master: Master | None = None
    restart: AutoRestart | None = None

    def newest(self) -> Cluster:
        """Return it."""
        return self.cluster if self.master is None else self.master.store.cluster


def build(daemon: Daemon, paths: Paths, options: MetricsOptions) -> ServiceTree:
    """Return the tree, with the vote, the consoles and the port for figures that *options* say.

    Raise `errors.GanetiError` when this node can't be the master.
    """
    cluster = recover(FileSystem(), paths).replay.cluster()
    check_master(cluster, paths.hostname)
    clock = Clock(daemon.reactor, daemon.wall)
    parts = Parts(
        daemon, paths, clock, settings.randomness(), connector(daemon.reactor, paths),
        settings.default_port("ganeti-noded"),
    )  # fmt: skip
    current = Current(cluster)
    live = LiveState()
    reactor = daemon.reactor
    names = Worker(reactor, "names")
    workers = (Worker(reactor, "store"), Worker(reactor, "checkpoints"))
    sink = NodeEvents(live, current)
    claim = Claim(cluster.cluster.epoch, paths.hostname)
    pool = parts.pool(current, lambda: claim, sink)
    store = StoreParts(clock, FileSystem(), paths, pool, *workers)

    async def checkpoint() -> None:
        await master.store.checkpoint.run()

    world = World(reactor, paths, names, parts.port)
    units = table.units(outside_of(world, checkpoint, lambda: MasterFacts(master, live)))
    master = Master(
        store, parts.randomness, units, cluster.cluster.epoch,
        (lambda before, after, change: _changed(pool, change),),
    )  # fmt: skip
    restart = current.restart = AutoRestart(master, live, clock)
    electing = () if options["no-voting"] else (Election(parts, current),)
    events = EventLog(parts.randomness.token(4).hex())
    meter = StallMeter(daemon.reactor, daemon.log_fd)
    figures = MasterMetrics(master, live, meter.figures)

    def opened() -> None:
        feed(events, master, live)
        figures.count(pool)

    opening = Opening(current, master, opened)
    door = Door(master, live, clock, meter.figures, figures.metrics.text, events)
    luxi = _luxi(daemon, paths, Handler(door), clock)
    group = SocketGroup(paths, _groups())
    manhole = consoles(daemon, paths, Offer.of("masterd", options), _names(current, master, live))
    metrics = metrics_port(daemon, paths, options, figures.metrics.text)
    address = MasterAddress(pool, current.newest)
    core = (*workers, *electing, opening, pool, master, address, restart, Frozen())
    return ServiceTree("ganeti-masterd", (meter, names, *core, *manhole, *metrics, luxi, group))


def _names(current: Current, master: Master, live: LiveState) -> tuple[Name, ...]:
    """Return what the console calls the master's parts."""
    return (
        Name("config", "the configuration now, immutable", current.newest),
        Name("jobs", "the jobs now, by id", lambda: {job.id: job for job in master.queue.jobs()}),
        Name("queue", "the job queue", lambda: master.queue),
        Name("locks", "the locks; locks.rows()", lambda: master.locks),
        Name("nodes", "the nodes' connections; await nodes.call(...)", lambda: master.parts.nodes),
        Name("live", "what the nodes said last", lambda: live),
        Name("master", "the master itself: store, queue, locks, distribution", lambda: master),
    )


def check_master(cluster: Cluster, hostname: str) -> None:
    """Raise `errors.NotMasterError` when the configuration names another master than us."""
    if cluster.master.name != hostname:
        raise errors.NotMasterError(
            f"{hostname} is not the master: by its own configuration {cluster.master.name} is. "
            f"Run 'gnt-cluster master-failover' on {hostname} to change that."
        )


def addresses(cluster: Cluster, port: int) -> Mapping[str, NodeAddress]:
    """Return where the nodes of *cluster* answer, by uuid."""
    return {
        node.uuid: NodeAddress(node.uuid, node.name, node.primary_ip, port, node.offline)
        for node in cluster.nodes.values()
    }


def versions() -> VersionInfo:
    """Return the versions of this software."""
    return VersionInfo(__version__, CALLS_VERSION, journal.VERSION)


def _changed(pool: ClientPool, change: Change) -> None:
    if change.nodes or change.drop_nodes:
        # Links outlive the job that changed the nodes: they don't log in its name.
        contextvars.Context().run(pool.update)


def connector(reactor: EPollReactor, paths: Paths) -> Connect:
    """Return what reaches a node; raise `FileNotFoundError` on a machine without keys.

    It shows and trusts what the files have at that time: this node's own daemon may have renewed
    them, by order of this master or of another that is gone.
    """
    files = KeyFiles.of(paths)
    files.read()

    def connect(node: NodeAddress) -> IStreamClientEndpoint:
        make = TCP6ClientEndpoint if ":" in node.ip else TCP4ClientEndpoint
        plain = make(reactor, node.ip, node.port, timeout=10)
        return client_endpoint(files.read(), node.uuid, plain, reactor)

    return connect


def _luxi(daemon: Daemon, paths: Paths, handler: Handler, clock: Clock) -> LuxiService:
    allowed = Allowed(frozenset({0, os.geteuid()}), frozenset(_groups().values()))
    factory = LuxiFactory(handler, allowed, clock, _peer)
    return LuxiService(daemon.reactor, paths.luxi_socket, factory, FileSystem(), _directory)


def _groups() -> Mapping[str, int]:
    """Return the ids of the groups of `ADMINS` that this machine has."""
    return {row.gr_name: row.gr_gid for row in grp.getgrall() if row.gr_name in ADMINS}


def _peer(transport: Any) -> Peer:
    return peer_of(transport.getHandle())


def _directory(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


@implementer(IEventSink)
@attrs.frozen
class NodeEvents:
    """Gives what nodes push to the live state, then to who acts on it.

    A whole state means a new session.
    """

    live: LiveState
    current: Current

    def whole(self, node: str, events: Sequence[Event]) -> None:
        """See `IEventSink`."""
        self.live.whole(node, events)
        if self.current.master is not None:
            self.current.master.node_connected(node)
        if self.current.restart is not None:
            self.current.restart.whole(node)

    def event(self, node: str, event: Event) -> None:
        """See `IEventSink`."""
        self.live.event(node, event)
        if self.current.restart is not None:
            self.current.restart.event(event)

    def lost(self, node: str) -> None:
        """See `IEventSink`."""
        self.live.lost(node)


@attrs.define(eq=False)
class Election:
    """Asks the nodes who the master is, over connections that command nothing."""

    parts: Parts
    current: Current
    name: str = "election"

    async def start(self) -> None:
        """Return when enough nodes stand by us; raise `errors.GanetiError`."""
        pool = self.parts.pool(self.current, lambda: None, LiveState())
        await pool.start()
        try:
            await elect(pool, self.current.newest(), self.parts.paths.hostname, self.parts.clock)
        finally:
            await pool.stop()

    async def stop(self) -> None:
        """Nothing is left of it."""


@attrs.define(eq=False)
class Opening:
    """Opens the store, so that the pool knows the nodes before jobs call them; *opened* is told."""

    current: Current
    master: Master
    opened: Callable[[], object]
    name: str = "store"

    async def start(self) -> None:
        """Recover the state from disk; raise `errors.ConfigurationError`."""
        self.master.open()
        self.opened()
        self.current.master = self.master

    async def stop(self) -> None:
        """The master itself closes it."""


@attrs.define(eq=False)
class SocketGroup:
    """Lets the daemons' group at the LUXI socket, where that group is and we are in it."""

    paths: Paths
    groups: Mapping[str, int]
    name: str = "socket group"

    async def start(self) -> None:
        """Set the group; in a virtual cluster the socket is its owner's alone."""
        group = self.groups.get(ADMINS[0])
        if not self.paths.virtual and group in (*os.getgroups(), os.getegid()):
            os.chown(self.paths.luxi_socket, -1, group)

    async def stop(self) -> None:
        """The socket goes with the service that made it."""


@attrs.define(eq=False)
class Frozen:
    """Takes what start left in memory out of garbage collection: it stays for good."""

    name: str = "memory"

    async def start(self) -> None:
        """Freeze; a collection before it would hold the reactor up for nothing."""
        settle()

    async def stop(self) -> None:
        """Nothing to do at the end of a process."""
