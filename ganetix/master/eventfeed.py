"""What makes events: changes of jobs, their logs, instances and nodes.

Nothing is asked for this: the queue, the live state and the store say what changed, and what was
told of it before says whether that is news.
"""

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from ganetix import errors
from ganetix.master.events import EventLog
from ganetix.master.jobs.records import FINAL, Job, Status, status_of
from ganetix.master.livestate import LiveState
from ganetix.master.service import Master
from ganetix.model.change import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Node
from ganetix.query.instance import status
from ganetix.query.job import summary
from ganetix.query.node import role
from ganetix.query.view import View


@attrs.define
class _Seen:
    """What was told of a job that is not over."""

    state: tuple[Status, ...]
    serial: int


def _state(job: Job) -> tuple[Status, ...]:
    states = [op.status for op in job.ops]
    return (status_of(states), *states)


def _last(job: Job) -> int:
    return max((op.log[-1][0] for op in job.ops if op.log), default=0)


@attrs.define(eq=False)
class JobEvents:
    """Tells of jobs; *job* returns one as it may be shown, or raises `errors.JobLost`."""

    log: EventLog
    job: Callable[[int], Job]
    _seen: dict[int, _Seen] = attrs.field(factory=dict, init=False)

    def begin(self, jobs: Iterable[Job]) -> None:
        """Take *jobs* as known: they are those that the last master left."""
        for job in jobs:
            if not job.final:
                self._seen[job.id] = _Seen(_state(job), _last(job))

    def changed(self, job_id: int) -> None:
        """Tell what is new of a job: lines of its log first, then its state."""
        try:
            job = self.job(job_id)
        except errors.JobLost:
            self._seen.pop(job_id, None)
            self.log.add("job", {"id": job_id, "status": None})
            return
        seen = self._seen.setdefault(job_id, _Seen((), 0))
        self._tell_log(job, seen)
        state = _state(job)
        if state != seen.state:
            seen.state = state
            self.log.add("job", _told(job, *state))
        if state[0] in FINAL:
            del self._seen[job_id]

    def _tell_log(self, job: Job, seen: _Seen) -> None:
        for index, op in enumerate(job.ops):
            if not op.log or op.log[-1][0] <= seen.serial:
                continue
            new = [entry for entry in op.log if entry[0] > seen.serial]
            seen.serial = new[-1][0]
            for serial, time, kind, payload in new:
                data = {"job": job.id, "op": index, "serial": serial, "time": time}
                self.log.add("log", {**data, "type": kind, "payload": payload})


def _told(job: Job, status: Status, *opstatus: Status) -> dict[str, Any]:
    return {
        "id": job.id,
        "status": status,
        "summary": [summary(op.input) for op in job.ops],
        "opstatus": list(opstatus),
    }


@attrs.define(eq=False)
class StateEvents:
    """Tells of instances and nodes of the newest configuration, and of what is heard of them."""

    log: EventLog
    cluster: Callable[[], Cluster]
    live: LiveState
    _nodes: dict[str, dict[str, Any]] = attrs.field(factory=dict, init=False)
    _instances: dict[str, dict[str, Any]] = attrs.field(factory=dict, init=False)

    def begin(self) -> None:
        """Take what is there as known."""
        cluster = self.cluster()
        view = View(cluster, self.live)
        self._nodes = {node.uuid: _node(view, node) for node in cluster.nodes.values()}
        self._instances = {row.uuid: _instance(view, row) for row in cluster.instances.values()}

    def heard(self, node: str, instance: str | None) -> None:
        """Tell what is new since *node* said something of *instance*; None: of itself."""
        cluster = self.cluster()
        indexes = cluster.indexes
        if instance is not None:
            self._look_at(cluster, (), (indexes.instance_names.get(instance, ""),))
        else:
            self._look_at(cluster, (node,), indexes.primaries.get(node, ()))

    def committed(self, before: Cluster, after: Cluster, change: Change) -> None:
        """Tell what is new in a configuration."""
        nodes = [row.uuid for row in change.nodes]
        rows = {row.uuid for row in change.instances}
        if change.cluster is not None:
            nodes = list(after.nodes)
        for uuid in nodes:
            rows.update(after.indexes.primaries.get(uuid, ()))
        self._look_at(after, nodes, rows)
        self._gone(self._instances, "instance", change.drop_instances)
        self._gone(self._nodes, "node", change.drop_nodes)

    def _look_at(self, cluster: Cluster, nodes: Iterable[str], rows: Iterable[str]) -> None:
        view = View(cluster, self.live)
        for uuid in nodes:
            if (node := cluster.nodes.get(uuid)) is not None:
                self._note(self._nodes, "node", uuid, _node(view, node))
        for uuid in rows:
            if (row := cluster.instances.get(uuid)) is not None:
                self._note(self._instances, "instance", uuid, _instance(view, row))

    def _note(
        self, known: dict[str, dict[str, Any]], kind: str, uuid: str, data: dict[str, Any]
    ) -> None:
        if known.get(uuid) != data:
            known[uuid] = data
            self.log.add(kind, data)

    def _gone(self, known: dict[str, dict[str, Any]], kind: str, uuids: Iterable[str]) -> None:
        for uuid in uuids:
            if (data := known.pop(uuid, None)) is not None:
                self.log.add(kind, {"name": data["name"], "uuid": uuid, "removed": True})


def _node(view: View, row: Node) -> dict[str, Any]:
    return {
        "name": row.name,
        "uuid": row.uuid,
        "role": role(view.cluster, row),
        "heard": view.live.node(row.uuid) is not None,
    }


def _instance(view: View, row: Instance) -> dict[str, Any]:
    return {
        "name": row.name,
        "uuid": row.uuid,
        "status": status(view, row),
        "admin_state": row.admin_state,
        "pnode": view.cluster.nodes[row.primary_node].name,
    }


def feed(log: EventLog, master: Master, live: LiveState) -> None:
    """Have *log* told of all that changes in an opened *master*, and in what it hears."""
    jobs = JobEvents(log, master.queue.job)
    state = StateEvents(log, lambda: master.store.cluster, live)
    jobs.begin(master.queue.jobs())
    state.begin()
    master.queue.watchers.told = jobs.changed
    live.told = state.heard
    master.store.observers = (*master.store.observers, state.committed)
