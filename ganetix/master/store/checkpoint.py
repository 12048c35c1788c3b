"""Checkpoints: folding the journal into ``config.data`` and the job files.

A checkpoint is due when the configuration has been quiet for `QUIET` seconds, at the latest
`LATEST` seconds after a change or after `LIMIT` bytes of journal, at a clean stop, and when asked.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
from twisted.internet.interfaces import IDelayedCall

from ganetix.master.store import entries
from ganetix.master.store.journal import Journal
from ganetix.model.cluster import Cluster
from ganetix.model.codec import encode_config
from ganetix.model.journal import Record, encode
from ganetix.paths import Paths
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker
from ganetix.toolkit.tasks import Tasks

QUIET: Final = 1.0
LATEST: Final = 30.0
LIMIT: Final = 4 * 1024 * 1024


@attrs.define(eq=False)
class Checkpoint:
    """Writes the projections durably, then begins the journal anew.

    *worker* is one of its own: the journal's is never kept waiting. *cluster* returns the newest
    configuration; *head* the entry that the new journal begins with; *settle* makes job files of
    all changes so far, on stable storage.
    """

    clock: Clock
    worker: IWorker
    fs: IFileSystem
    paths: Paths
    journal: Journal
    cluster: Callable[[], Cluster]
    head: Callable[[], entries.Entry]
    settle: Callable[[IWorker], Awaitable[None]]
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _timer: IDelayedCall | None = attrs.field(default=None, init=False)
    _since: float | None = attrs.field(default=None, init=False)
    _running: bool = attrs.field(default=False, init=False)

    def touch(self) -> None:
        """Tell that the configuration has changed."""
        now = self.clock.monotonic()
        self._since = now if self._since is None else self._since
        delay = max(0.0, min(QUIET, self._since + LATEST - now))
        if self._timer is not None and self._timer.active():
            self._timer.reset(delay)
        else:
            self._timer = self.clock.call_later(delay, self._due)

    def written(self) -> None:
        """Tell that a batch was written: a long journal is folded."""
        if self.journal.file.size > LIMIT:
            self._due()

    def _due(self) -> None:
        if not self._running:
            self._running = True
            self._tasks.spawn("checkpoint", self.run())

    async def run(self) -> None:
        """Make a checkpoint now."""
        self._running = True
        self._cancel()
        self._since = None
        try:
            await self._fold()
        finally:
            self._running = False

    async def _fold(self) -> None:
        await self.journal.durable()
        # What is in the file now; a batch on its way there comes after the cut, or is kept by it.
        serial = self.journal.file.last
        head = encode(Record(self.journal.epoch, serial, entries.encode(self.head())))
        await self.settle(self.worker)
        await self.worker.run(self._write_config, self.cluster())
        await self.journal.worker.run(self.journal.file.cut, serial, head)

    def _write_config(self, cluster: Cluster) -> None:
        self.fs.replace(self.paths.config_file, encode_config(cluster), 0o640, True)

    def _cancel(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    async def stop(self) -> None:
        """Fold everything for the last time."""
        self._cancel()
        await self._tasks.drained()
        await self.run()

    def abandon(self) -> None:
        """Stop at once, as a crash would."""
        self._cancel()
