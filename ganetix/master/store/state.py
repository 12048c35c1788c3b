"""The state that the journal builds: pure replay of entries over a checkpoint."""

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from ganetix import errors
from ganetix.master.jobs.records import Job
from ganetix.master.store.entries import Entry, with_log
from ganetix.model.changes import TABLES, Change
from ganetix.model.cluster import Cluster
from ganetix.model.codec import ConfigData, indexed


@attrs.define
class Replay:
    """A state being rebuilt. Replaying an entry twice, or over a newer checkpoint, is harmless."""

    config: ConfigData
    jobs: dict[int, Job]
    behind: tuple[str, ...] = ()
    last_job: int = 0
    drained: bool = False
    touched: set[int] = attrs.field(factory=set)
    """Jobs whose files must be written again."""
    archived: dict[int, Job] = attrs.field(factory=dict)
    changed: bool = False
    """Whether the configuration differs from the checkpoint's."""
    remedy: str = ""
    """What to say after the error if the configuration contradicts itself: file and remedy."""

    def play(self, entry: Entry) -> None:
        """Let *entry* happen."""
        if entry.base is not None:
            self.config = entry.base.config
            self.jobs = {job.id: job for job in entry.base.jobs}
            self.touched |= set(self.jobs)
            self.changed = True
        if entry.change is not None:
            self.config = _changed(self.config, entry.change, entry)
            self.changed = True
        for job in entry.jobs:
            self._put(job)
        for job_id, index, log in entry.logs:
            if job_id in self.jobs:
                self._put(with_log(self.jobs[job_id], index, log))
        for job_id in entry.archived:
            if (gone := self.jobs.pop(job_id, None)) is not None:
                self.archived[job_id] = gone
        self.last_job = max(self.last_job, entry.last_job)
        if entry.behind is not None:
            self.behind = entry.behind
        if entry.drained is not None:
            self.drained = entry.drained

    def _put(self, job: Job) -> None:
        self.jobs[job.id] = job
        self.touched.add(job.id)
        self.last_job = max(self.last_job, job.id)

    def cluster(self) -> Cluster:
        """Return the configuration with its indexes; raise ConfigurationError if inconsistent."""
        try:
            return indexed(self.config)
        except errors.ConfigurationError as error:
            raise errors.ConfigurationError(error.message + self.remedy) from error


def _changed(config: ConfigData, change: Change, entry: Entry) -> ConfigData:
    fresh: dict[str, Any] = {"serial_no": entry.config_serial, "mtime": entry.now}
    for table in TABLES:
        put, drop = getattr(change, table), getattr(change, f"drop_{table}")
        if put or drop:
            fresh[table] = _rows(getattr(config, table), put, drop)
    if change.cluster is not None:
        fresh["cluster"] = change.cluster
    return msgspec.structs.replace(config, **fresh)


def _rows(old: Mapping[str, Any], put: tuple[Any, ...], drop: tuple[str, ...]) -> dict[str, Any]:
    gone = set(drop)
    rows = {uuid: row for uuid, row in old.items() if uuid not in gone}
    rows.update((row.uuid, row) for row in put)
    return rows
