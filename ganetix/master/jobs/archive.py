"""Archived jobs: files that nobody keeps in memory, read when somebody asks for them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs
import msgspec
from twisted.logger import Logger

from ganetix.master.jobs.records import Job
from ganetix.master.jobs.watch import Watchers
from ganetix.master.store.store import Store
from ganetix.toolkit.clock import Clock

FILES_AT_ONCE: Final = 1000


@attrs.frozen
class Archive:
    """The archive directories of the queue; read on a thread, so that the reactor goes on.

    *shown* returns a job of the queue as it may be shown.
    """

    store: Store
    clock: Clock
    watchers: Watchers
    shown: Callable[[int], Job]
    log: Logger = attrs.field(factory=Logger)

    async def job(self, job_id: int) -> Job | None:
        """Return the archived job *job_id*, None when there is none."""
        return next(iter(await self.jobs((job_id,))), None)

    async def jobs(self, job_ids: Iterable[int] | None = None) -> list[Job]:
        """Return the archived jobs among *job_ids*, None: all; the log names damaged files."""
        await self.store.files.flush()
        found: list[Job] = await self.store.checkpoint.worker.run(self._thd_read, job_ids)
        return [job for job in found if job.id not in self.store.jobs]

    async def put(self, job_id: int) -> bool:
        """Archive a final job; whether it was."""
        if job_id not in self.store.jobs or not self.shown(job_id).final:
            return False
        await self._put((job_id,))
        return True

    async def put_old(self, age: float, timeout: float) -> tuple[int, int]:
        """Archive final jobs that ended more than *age* seconds ago (-1: all).

        Stops after *timeout* seconds. Returns (archived, jobs left to look at).
        """
        limit = self.clock.monotonic() + timeout
        now = self.clock.wall()
        jobs = [self.shown(job_id) for job_id in sorted(self.store.jobs)]
        old = [j.id for j in jobs if j.final and (age < 0 or now - _end(j) > age)]
        done = 0
        while done < len(old) and self.clock.monotonic() <= limit:
            some = old[done : done + FILES_AT_ONCE]
            await self._put(some)
            done += len(some)
        return done, len(self.store.jobs) if done < len(old) else 0

    async def _put(self, job_ids: Sequence[int]) -> None:
        await self.store.archive(job_ids)
        for job_id in job_ids:
            self.watchers.changed(job_id)

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


def _end(job: Job) -> float:
    found = job.end_timestamp or job.received_timestamp or (0, 0)
    return found[0] + found[1] / 1e6
