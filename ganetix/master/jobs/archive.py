"""Archived jobs: files that nobody keeps in memory, read when somebody asks for them."""

from collections.abc import Iterable

import attrs
import msgspec
from twisted.logger import Logger

from ganetix.master.jobs.records import Job
from ganetix.master.store.store import Store


@attrs.frozen
class Archive:
    """The archive directories of the queue; read on a thread, so that the reactor goes on."""

    store: Store
    log: Logger = attrs.field(factory=Logger)

    async def job(self, job_id: int) -> Job | None:
        """Return the archived job *job_id*, None when there is none."""
        return next(iter(await self.jobs((job_id,))), None)

    async def jobs(self, job_ids: Iterable[int] | None = None) -> list[Job]:
        """Return the archived jobs among *job_ids*, None: all; the log names damaged files."""
        await self.store.files.flush()
        found: list[Job] = await self.store.checkpoint.worker.run(self._thd_read, job_ids)
        return [job for job in found if job.id not in self.store.jobs]

    def _thd_read(self, job_ids: Iterable[int] | None) -> list[Job]:
        wanted = self._thd_all() if job_ids is None else job_ids
        read = (self._thd_one(self.store.paths.archived_job(job_id)) for job_id in wanted)
        return [job for job in read if job is not None]

    def _thd_all(self) -> list[int]:
        fs, root = self.store.fs, self.store.paths.archive_dir
        names = [name for part in fs.entries(root) for name in fs.entries(f"{root}/{part}")]
        numbers = (name.removeprefix("job-") for name in names if name.startswith("job-"))
        return sorted(int(number) for number in numbers if number.isdecimal())

    def _thd_one(self, path: str) -> Job | None:
        if not self.store.fs.exists(path):
            return None
        try:
            job = msgspec.json.decode(self.store.fs.read(path), type=Job)
        except msgspec.DecodeError as error:
            self.log.warn(
                "{path} is no job that can be read and is left out ({why}); remove it.",
                path=path, why=error,
            )  # fmt: skip
            return None
        return msgspec.structs.replace(job, archived=True)
