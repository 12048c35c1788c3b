"""The master daemon in the simulation: the real core on a fake machine."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ganetix.master.election import elect
from ganetix.master.jobs.execute import Units
from ganetix.master.livestate import LiveState
from ganetix.master.locks.waiter import Locks
from ganetix.master.service import Master
from ganetix.master.store.recovery import recover
from ganetix.master.store.store import StoreParts
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.rpc.call import INodes
from ganetix.rpc.client import ClientPool
from ganetix.rpc.events import Event
from ganetix.rpc.interfaces import Claim, IEventSink
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.testing.sim.links import Links, Where
from ganetix.testing.sim.machines import Machine, Process


@attrs.frozen
class Surroundings:
    """What the world gives to a master daemon.

    *watched* wraps the nodes, so that calls are seen; *made* is told each random token.
    """

    where: Where
    units: Callable[["MasterDaemon"], Units]
    make_locks: Callable[[], Locks]
    watched: Callable[["MasterDaemon", INodes], INodes]
    up: Callable[["MasterDaemon"], None]
    ended: Callable[["MasterDaemon", str], None]
    token: Callable[["MasterDaemon", int], bytes]


@attrs.define(eq=False)
class MasterDaemon:
    """One run of the master daemon."""

    machine: Machine
    around: Surroundings
    process: Process = attrs.field(init=False)
    live: LiveState = attrs.field(factory=LiveState, init=False)
    epoch: int = attrs.field(default=0, init=False)
    master: Master | None = attrs.field(default=None, init=False)
    ready: bool = attrs.field(default=False, init=False)
    """Whether clients may talk to it."""
    pool: ClientPool = attrs.field(init=False)
    _cluster: Cluster = attrs.field(init=False)

    def start(self) -> None:
        """Start it; `ready` says when clients may talk to it, *ended* hears when it gave up."""
        self.process = self.machine.process("masterd")
        with self.machine.powered():
            self._cluster = recover(self.machine.fs, self.machine.paths).replay.cluster()
            self.epoch = self._cluster.cluster.epoch
            started = Deferred.fromCoroutine(self._start())
            self.machine.timeline.grave.append(started.addErrback(self._failed))

    async def _start(self) -> None:
        machine, process = self.machine, self.process
        links = Links(process, self.around.where, lambda size: self.around.token(self, size))
        await self._elect(links)
        claim = Claim(self.epoch, machine.name)
        pool = self.pool = links.pool(self.newest, claim, _Sink(self), self._refused)
        parts = StoreParts(
            process.clock,
            machine.fs,
            machine.paths,
            self.around.watched(self, pool),
            process.worker(),
            process.worker(),
        )
        master = Master(
            parts,
            links.randomness,
            self.around.units(self),
            self.epoch,
            (self._committed,),
            locks=self.around.make_locks(),
        )
        master.open()
        self.master = master
        await pool.start()
        await master.start()
        self.ready = True
        self.around.up(self)

    async def stop(self) -> None:
        """Stop as an administrator stops it: jobs come to rest, everything is written."""
        self.ready = False
        if self.master is not None:
            await self.master.stop()
            await self.pool.stop()

    def _failed(self, failure: Any) -> None:
        if not self.process.time.dead:
            self.around.ended(self, failure.getErrorMessage())

    async def _elect(self, links: Links) -> None:
        pool = links.pool(self.newest, None, LiveState(), self._refused)
        await pool.start()
        try:
            await elect(pool, self._cluster, self.machine.name, self.process.clock)
        finally:
            await pool.stop()

    def serving(self) -> Master | None:
        """Return the master if clients can talk to it now."""
        return self.master if self.ready and not self.process.time.suspended else None

    def newest(self) -> Cluster:
        """Return the configuration as this daemon has it."""
        return self._cluster if self.master is None else self.master.store.cluster

    def _refused(self, node: str, obeyed: MasterInfo) -> None:
        self.around.ended(self, f"{node} obeys {obeyed.master_node}, epoch {obeyed.epoch}")

    def _committed(self, before: Cluster, after: Cluster, change: Change) -> None:
        if change.nodes or change.drop_nodes:
            self.pool.update()

    def connected(self, node: str) -> None:
        """Tell the master that *node* has a session."""
        if self.master is not None:
            self.master.node_connected(node)


@implementer(IEventSink)
@attrs.frozen
class _Sink:
    """Live facts, and the news that a node is back."""

    daemon: MasterDaemon

    def whole(self, node: str, events: Sequence[Event]) -> None:
        self.daemon.live.whole(node, events)
        self.daemon.connected(node)

    def event(self, node: str, event: Event) -> None:
        self.daemon.live.event(node, event)

    def lost(self, node: str) -> None:
        self.daemon.live.lost(node)
