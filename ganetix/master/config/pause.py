"""The watcher's pause: a file with the second until which it lasts."""

import attrs
from twisted.logger import Logger

from ganetix.paths import Paths
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker


@attrs.frozen
class WatcherPause:
    """Reads and writes the pause file."""

    fs: IFileSystem
    worker: IWorker
    paths: Paths
    clock: Clock
    log: Logger = attrs.field(factory=Logger)

    @property
    def _path(self) -> str:
        return f"{self.paths.data_dir}/watcher.pause"

    async def read(self) -> float | None:
        """Return until when (seconds since the epoch) the watcher pauses, or None."""
        until: float | None = await self.worker.run(self._thd_read)
        return until if until is not None and until > self.clock.wall() else None

    async def write(self, until: float | None) -> None:
        """Pause until *until*, or go on with None."""
        await self.worker.run(self._thd_write, until)

    def _thd_read(self) -> float | None:
        if not self.fs.exists(self._path):
            return None
        try:
            return float(int(self.fs.read(self._path)))
        except ValueError:
            self.log.warn(
                "{path} has no time in it and pauses nothing; 'gnt-cluster watcher pause' or "
                "'continue' mends it.",
                path=self._path,
            )
            return None

    def _thd_write(self, until: float | None) -> None:
        if until is not None:
            self.fs.replace(self._path, f"{int(until)}\n".encode(), 0o644, False)
        elif self.fs.exists(self._path):
            self.fs.remove(self._path)
