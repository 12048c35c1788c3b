"""Dependencies between jobs, archived ones included."""

from collections.abc import Iterable, Sequence

import attrs

from ganetix.master.jobs.archive import Archive
from ganetix.master.jobs.records import Status
from ganetix.master.jobs.scheduler import Verdict, verdict
from ganetix.master.store.store import Store
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import Dependency


@attrs.frozen
class Dependencies:
    """Answers what a job still waits for, and what follows when it waits no more."""

    store: Store
    archive: Archive

    def unfinished(self, ops: Sequence[OpCode]) -> set[int]:
        """Return the jobs that *ops* wait for and that are not final."""
        jobs = self.store.jobs
        return {n for n, _ in _rows(ops) if n in jobs and not jobs[n].final}

    async def verdict(self, ops: Sequence[OpCode]) -> tuple[Verdict, str]:
        """Say whether a job with *ops* runs, is canceled or fails, and why."""
        rows = list(_rows(ops))
        if not rows:
            return "run", ""
        states = {job_id: await self._state(job_id) for job_id, _ in rows}
        return verdict(rows, states)

    async def _state(self, job_id: int) -> Status | None:
        if (live := self.store.jobs.get(job_id)) is not None:
            return live.status
        archived = await self.archive.job(job_id)
        return archived.status if archived is not None else None


def _rows(ops: Iterable[OpCode]) -> Iterable[Dependency]:
    for op in ops:
        yield from op.depends or ()
