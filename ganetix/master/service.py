"""The master's core as one service: store, locks, executor and job queue, made from its parts."""

from collections.abc import Callable

import attrs
from zope.interface import implementer

from ganetix.ids import Randomness
from ganetix.master.config.distribute import Distribution
from ganetix.master.config.pause import WatcherPause
from ganetix.master.hooks import HooksRunner
from ganetix.master.jobs.context import Surroundings
from ganetix.master.jobs.execute import Executor, Units
from ganetix.master.jobs.queue import JobQueue
from ganetix.master.locks.waiter import Locks
from ganetix.master.store.store import Store, StoreParts, open_store
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.toolkit.services import IAwaitedService

Committed = Callable[[Cluster, Cluster, Change], None]


@implementer(IAwaitedService)
@attrs.define(eq=False)
class Master:
    """Everything that decides. *committed* callables are told of each new configuration."""

    parts: StoreParts
    randomness: Randomness
    units: Units
    epoch: int
    committed: tuple[Committed, ...] = ()
    name: str = "master"
    locks: Locks = attrs.field(factory=Locks)
    store: Store = attrs.field(init=False)
    queue: JobQueue = attrs.field(init=False)
    distribution: Distribution = attrs.field(init=False)
    watcher_pause: WatcherPause = attrs.field(init=False)
    _opened: bool = attrs.field(default=False, init=False)

    async def start(self) -> None:
        """Recover the state, open the store, and take up the jobs.

        Raise `errors.ConfigurationError` with file and remedy when the state can't be used.
        """
        if not self._opened:
            self.open()
        await self.queue.start()
        self.distribution.push(self.store.cluster)

    def open(self) -> None:
        """Recover the state without starting anything. Blocks: before the reactor is busy."""
        self._opened = True
        parts = self.parts
        self.store = open_store(parts, self.epoch)
        self.distribution = Distribution(parts.nodes, parts.clock)
        self.watcher_pause = WatcherPause(
            parts.fs, parts.checkpoint_worker, parts.paths, parts.clock
        )
        self.store.observers = (self.distribution.committed, *self.committed)
        around = Surroundings(self.store, parts.nodes, parts.clock, self.randomness, parts.paths)
        hooks = HooksRunner(parts.nodes, parts.paths)
        executor = Executor(around, self.locks, hooks, self.units)
        self.queue = JobQueue(self.store, parts.clock, executor)
        self.store.observers = (*self.store.observers, self._filters_changed)

    def _filters_changed(self, before: Cluster, after: Cluster, change: Change) -> None:
        if change.filters or change.drop_filters:
            self.queue.filters_changed()

    def node_connected(self, uuid: str) -> None:
        """Tell that a node has a session again."""
        self.store.journal.replicas.node_connected(uuid)
        self.distribution.forget(uuid)
        self.distribution.node_connected(uuid)

    def abandon(self) -> None:
        """Stop at once, as a crash would: nothing more is begun or written."""
        self.queue.stopping = True
        self.store.abandon()

    async def stop(self) -> None:
        """Let jobs come to rest, then make everything durable."""
        await self.queue.stop()
        await self.distribution.stop()
        await self.store.stop()
