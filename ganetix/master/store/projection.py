"""Job files: renamed into place after each durable batch, without sync."""

from collections.abc import Iterable

import attrs
import msgspec

from ganetix.master.jobs.records import Job
from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem, IWorker
from ganetix.toolkit.tasks import Tasks


@attrs.define(eq=False)
class JobFiles:
    """Writes the newest state of each changed job; changes between two rounds are one write."""

    worker: IWorker
    fs: IFileSystem
    paths: Paths
    _changed: dict[int, Job] = attrs.field(factory=dict, init=False)
    _archived: list[int] = attrs.field(factory=list, init=False)
    _dirty: set[str] = attrs.field(factory=set, init=False)
    _last_job: int = attrs.field(default=0, init=False)
    _drained: bool | None = attrs.field(default=None, init=False)
    _busy: bool = attrs.field(default=False, init=False)
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

    def dirty(self) -> list[str]:
        """Return, and forget, the files written since the last call."""
        paths, self._dirty = sorted(self._dirty), set()
        return paths

    def written(self) -> None:
        """Tell that a batch is durable: the files may follow."""
        if not self._busy and (self._changed or self._archived or self._drained is not None):
            self._busy = True
            self._tasks.spawn("job files", self._run())

    async def flush(self) -> None:
        """Write everything that is noted."""
        self.written()
        await self._tasks.drained()

    async def _run(self) -> None:
        try:
            while self._changed or self._archived or self._drained is not None:
                jobs, self._changed = self._changed, {}
                gone, self._archived = self._archived, []
                drained, self._drained = self._drained, None
                self._dirty |= {self.paths.job(job_id) for job_id in jobs}
                await self.worker.run(self._write, list(jobs.values()), gone, drained)
        finally:
            self._busy = False

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
