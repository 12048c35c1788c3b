"""Job files: renamed into place soon after each durable batch, without sync."""

from collections.abc import Iterable
from typing import Final

import attrs
import msgspec
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from ganetix.master.jobs.records import Job
from ganetix.paths import Paths
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker
from ganetix.toolkit.tasks import Tasks

GATHER: Final = 0.1
"""Seconds between a durable batch and the job files: a short job is then one file, not three."""


@attrs.define(eq=False)
class JobFiles:
    """Writes the newest state of each changed job; changes between two rounds are one write.

    *worker* is not the journal's: a thousand files must not keep a batch waiting.
    """

    clock: Clock
    worker: IWorker
    fs: IFileSystem
    paths: Paths
    log: Logger = attrs.field(factory=Logger)
    _changed: dict[int, Job] = attrs.field(factory=dict, init=False)
    _archived: list[int] = attrs.field(factory=list, init=False)
    _dirty: set[str] = attrs.field(factory=set, init=False)
    _last_job: int = attrs.field(default=0, init=False)
    _drained: bool | None = attrs.field(default=None, init=False)
    _busy: bool = attrs.field(default=False, init=False)
    _timer: IDelayedCall | None = attrs.field(default=None, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    def put(self, job: Job) -> None:
        """Note the new state of *job*."""
        self._changed[job.id] = job
        self._last_job = max(self._last_job, job.id)

    def archive(self, job_ids: Iterable[int]) -> None:
        """Note that the files of *job_ids* move to the archive."""
        self._archived.extend(job_ids)

    def drain(self, drained: bool) -> None:
        """Note that the drain flag is now *drained*."""
        self._drained = drained

    async def settle(self, worker: IWorker) -> None:
        """Write what is noted and make all files durable; the syncs run on *worker*.

        Raise OSError when the disk refuses; it is tried again the next time.
        """
        await self._round()
        paths, self._dirty = sorted(self._dirty), set()
        try:
            await worker.run(self._sync, paths)
        except BaseException:
            self._dirty |= set(paths)
            raise

    def _sync(self, paths: list[str]) -> None:
        for path in paths:
            if self.fs.exists(path):
                self.fs.sync(path)

    def written(self) -> None:
        """Tell that a batch is durable: the files may follow."""
        if not self._busy and self._timer is None and self._noted():
            self._timer = self.clock.call_later(GATHER, self._go)

    async def flush(self) -> None:
        """Write everything that is noted."""
        await self._tasks.drained()
        self.abandon()
        if self._noted():
            self._go()
            await self._tasks.drained()
            self.abandon()

    def abandon(self) -> None:
        """Stop at once, as a crash would."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _noted(self) -> bool:
        return bool(self._changed or self._archived or self._drained is not None)

    def _go(self) -> None:
        self._timer = None
        self._busy = True
        self._tasks.spawn("job files", self._run())

    async def _run(self) -> None:
        try:
            await self._round()
        except OSError as error:
            self.log.warn(
                "Job files can't be written ({why}); the journal has what is not in them.",
                why=str(error),
            )
        finally:
            self._busy = False
        self.written()

    async def _round(self) -> None:
        """Write what is noted now; after an error it is noted again."""
        jobs, self._changed = self._changed, {}
        gone, self._archived = self._archived, []
        drained, self._drained = self._drained, None
        try:
            await self.worker.run(self._write, list(jobs.values()), gone, drained)
        except OSError:
            self._note_again(jobs, gone, drained)
            raise
        self._dirty |= {self.paths.job(job_id) for job_id in jobs}
        self._dirty |= {self.paths.archived_job(job_id) for job_id in gone}

    def _note_again(self, jobs: dict[int, Job], gone: list[int], drained: bool | None) -> None:
        self._changed = {**jobs, **self._changed}
        self._archived = gone + self._archived
        self._drained = drained if self._drained is None else self._drained

    def _write(self, jobs: list[Job], gone: list[int], drained: bool | None) -> None:
        for job in jobs:
            self.fs.replace(self.paths.job(job.id), msgspec.json.encode(job), 0o640, False)
        for job_id in gone:
            self._move(job_id)
        if jobs:
            last = f"{self._last_job}\n".encode()
            self.fs.replace(self.paths.serial_file, last, 0o640, False)
        if drained:
            self.fs.replace(self.paths.drain_file, b"", 0o644, False)
        elif drained is not None and self.fs.exists(self.paths.drain_file):
            self.fs.remove(self.paths.drain_file)

    def _move(self, job_id: int) -> None:
        live, target = self.paths.job(job_id), self.paths.archived_job(job_id)
        if self.fs.exists(live):
            self.fs.make_dirs(target.rsplit("/", 1)[0], 0o750)
            self.fs.rename(live, target)
