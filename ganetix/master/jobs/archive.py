"""Archived jobs: files that nobody keeps in memory, read when somebody asks for them."""

from collections.abc import Iterable

import attrs
import msgspec

from ganetix.master.jobs.records import Job
from ganetix.master.store.store import Store


@attrs.frozen
class Archive:
    """The archive directories of the queue; read on a thread, so that the reactor goes on."""

    store: Store

    async def job(self, job_id: int) -> Job | None:
        """Return the archived job *job_id*, None when there is none."""
        return next(iter(await self.jobs((job_id,))), None)

    async def jobs(self, job_ids: Iterable[int] | None = None) -> list[Job]:
        """Return the archived jobs among *job_ids*, None: all; damaged files are left out."""
        await self.store.files.flush()
        found: list[Job] = await self.store.checkpoint.worker.run(self._read, job_ids)
        return [job for job in found if job.id not in self.store.jobs]

    def _read(self, job_ids: Iterable[int] | None) -> list[Job]:
        wanted = self._all() if job_ids is None else job_ids
        read = (self._one(self.store.paths.archived_job(job_id)) for job_id in wanted)
        return [job for job in read if job is not None]

    def _all(self) -> list[int]:
        fs, root = self.store.fs, self.store.paths.archive_dir
        names = [name for part in fs.entries(root) for name in fs.entries(f"{root}/{part}")]
        numbers = (name.removeprefix("job-") for name in names if name.startswith("job-"))
        return sorted(int(number) for number in numbers if number.isdecimal())

    def _one(self, path: str) -> Job | None:
        if not self.store.fs.exists(path):
            return None
        try:
            job = msgspec.json.decode(self.store.fs.read(path), type=Job)
        except msgspec.DecodeError:
            return None
        return msgspec.structs.replace(job, archived=True)
