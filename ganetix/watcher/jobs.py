"""The watcher's questions to the master daemon, and its jobs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import attrs

from ganetix import errors
from ganetix.watcher.decide import Instance, Node

LOW: Final = 10
"""The priority of what can wait."""
_WAIT: Final = 60
"""Seconds that one call waits for a job's change."""
_FINAL: Final = frozenset(("canceled", "error", "success"))
_SOURCE: Final = "gnt:watcher"


class Luxi(Protocol):
    """The part of LUXI's client that the watcher uses."""

    def call(self, method: str, *args: Any) -> Any:
        """Return the master daemon's answer; raise its error, or `errors.LuxiError`."""


@attrs.frozen
class Master:
    """The master daemon as the watcher uses it."""

    client: Luxi
    nanoseconds: Callable[[], int]

    def groups(self, name: str | None = None) -> Sequence[tuple[str, str]]:
        """Return uuid and name of all node groups, or of the one with that *name* or uuid."""
        chosen = name and ["|", ["==", "name", name], ["==", "uuid", name]]
        return [(row[0], row[1]) for row in self._rows("group", ["uuid", "name"], chosen)]

    def instances(self, group: str) -> Sequence[Instance]:
        """Return the instances whose primary node is in the group with uuid *group*."""
        fields = [
            "name", "status", "admin_state", "disks_active", "disk_template", "pnode", "snodes",
        ]  # fmt: skip
        rows = self._rows("instance", fields, ["==", "pnode.group.uuid", group])
        return [attrs.evolve(Instance(*row), secondaries=tuple(row[-1] or ())) for row in rows]

    def nodes(self) -> Sequence[Node]:
        """Return all nodes."""
        rows = self._rows("node", ["name", "bootid", "offline", "group.uuid"], None)
        return [Node(*row) for row in rows]

    def locked(self) -> frozenset[str]:
        """Return the names of the instances that a job has locked, or waits for."""
        rows = self._rows("lock", ["name", "owner", "pending"], None)
        held = [name.partition("/") for name, owner, pending in rows if owner or pending]
        return frozenset(name for level, _, name in held if level == "instance")

    def _rows(self, what: str, fields: list[str], chosen: Any) -> list[list[Any]]:
        """Return values, None where there is none now."""
        answer = self.client.call("Query", what, fields, chosen)
        return [[value if status == 0 else None for status, value in row] for row in answer["data"]]

    def check_takes_jobs(self) -> None:
        """Raise `errors.JobQueueDrainError` while the queue takes no new jobs."""
        [drained] = self.client.call("QueryConfigValues", ["drain_flag"])
        if drained:
            raise errors.JobQueueDrainError(
                "The job queue is drained. Open it with: gnt-cluster queue undrain"
            )

    def archive(self, age: int) -> tuple[int, int]:
        """Archive jobs that ended more than *age* seconds ago; return how many, how many not."""
        archived, left = self.client.call("AutoArchiveJobs", age, _WAIT)
        return archived, left

    def submit(self, op_id: str, why: str, /, **parameters: Any) -> int:
        """Submit one opcode as a job; return its number. *why* goes into its reason trail."""
        reason = [[_SOURCE, why, self.nanoseconds()]]
        op: Mapping[str, Any] = {"OP_ID": op_id, "reason": reason, **parameters}
        return int(self.client.call("SubmitJob", [op]))

    def result(self, job: int) -> Any:
        """Wait for *job*, made of one opcode, and return its result; raise its error."""
        seen: list[Any] | None = None
        serial = -1
        while seen is None or seen[0] not in _FINAL:
            seen, log = self.client.call("WaitForJobChange", job, ["status"], seen, serial, _WAIT)
            serial = max([serial, *(entry[0] for entry in log)])
        [row] = self.client.call("QueryJobs", [job], ["status", "opresult"])
        if row is None:
            raise errors.JobLost(f"Job {job} is not in the queue. See: gnt-job list --archived")
        status, results = row
        if status == "error":
            raise errors.from_wire(results[0])
        if status != "success":
            raise errors.OpExecError(f"Job {job} was canceled.")
        return results[0]
