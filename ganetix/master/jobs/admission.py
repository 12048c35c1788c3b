"""Which queued jobs may start now: job filters, and limits that jobs' own reasons set.

A reason ``rate-limit:N:LABEL`` lets a job start only while fewer than N jobs with that label run.
A job that may not start is held under what holds it, so that it is looked at again exactly when
that has changed: a limit when one of its jobs has ended, a rule when rules have changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import attrs

from ganetix.master.jobs import filters
from ganetix.master.jobs.records import Job
from ganetix.model.objects import Filter

Key = tuple[str, str]
"""What holds jobs: a pausing or limiting rule by its uuid, or a label."""
_PREFIX: Final = "rate-limit"


@attrs.define(eq=False)
class Admission:
    """The rules, and how many jobs of each limit run."""

    _rules: tuple[filters.Rule, ...] = ()
    _running: dict[int, frozenset[Key]] = attrs.field(factory=dict)

    def load(self, rows: Mapping[str, Filter], running: Iterable[Job]) -> None:
        """Let *rows* be the rules from now on; *running* jobs count under the new ones."""
        self._rules = filters.compiled(rows.values())
        self._running = {}
        for job in running:
            self.started(job)

    def rejected(self, job: Job) -> str | None:
        """Return why *job* is rejected, None when it is not. A job that began is not any more."""
        rule = self._deciding(job)
        if rule is None or rule.row.action != "REJECT":
            return None
        return (
            f"Job {job.id} was rejected by job filter {rule.row.uuid}"
            f"{_told(rule)}; 'gnt-filter info {rule.row.uuid}' shows it."
        )

    def held_by(self, job: Job) -> Key | None:
        """Return what keeps *job* from starting now, None when nothing does."""
        rule = self._deciding(job)
        if rule is not None and rule.row.action == "PAUSE":
            return ("rule", rule.row.uuid)
        if job.start_timestamp is None:
            for key, limit in self._limits(job, rule):
                if self._count(key) >= limit:
                    return key
        return None

    def started(self, job: Job) -> None:
        """Count *job* as running."""
        rule = filters.deciding(self._rules, job)
        self._running[job.id] = frozenset(key for key, _ in self._limits(job, rule))

    def ended(self, job_id: int) -> frozenset[Key]:
        """Return the limits under which *job_id* ran, and count it no more."""
        return self._running.pop(job_id, frozenset())

    def _deciding(self, job: Job) -> filters.Rule | None:
        """Rules are about jobs that have not begun: one that is resumed goes on."""
        if job.start_timestamp is not None:
            return None
        return filters.deciding(self._rules, job)

    def _limits(self, job: Job, rule: filters.Rule | None) -> Iterator[tuple[Key, int]]:
        if rule is not None and rule.limit is not None:
            yield ("rule", rule.row.uuid), rule.limit
        for entry in filters.reasons(job):
            label, limit = _label(str(entry[1]))
            if limit > 0:
                yield ("label", label), limit

    def _count(self, key: Key) -> int:
        return sum(key in keys for keys in self._running.values())


def _label(reason: str) -> tuple[str, int]:
    """Return label and limit of a reason that limits; the limit 0 for others."""
    prefix, _, rest = reason.partition(":")
    limit, colon, label = rest.partition(":")
    if prefix != _PREFIX or not colon or not (limit.isascii() and limit.isdecimal()):
        return "", 0
    return label, int(limit)


def _told(rule: filters.Rule) -> str:
    """Return what its maker said about *rule*, in brackets."""
    said = [str(entry[1]) for entry in rule.row.reason_trail if entry[0] == "gnt:user"]
    return f" ({said[0]})" if said else ""
