"""The master's figures: jobs, locks, node calls, journal, candidates, stalls, nodes, instances."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

import attrs
from prometheus_client.metrics_core import Metric

from ganetix.master.jobs.records import FINAL, PENDING
from ganetix.master.livestate import LiveState
from ganetix.master.service import Master
from ganetix.model.objects import Instance
from ganetix.query.instance import status
from ganetix.query.node import role
from ganetix.query.view import View
from ganetix.rpc.tables.checks import NodeInfo
from ganetix.rpc.tables.instances import InstanceState
from ganetix.toolkit.metrics import MIB, Metrics, counter, gauge, gauges

STATES: Final = tuple(sorted({*FINAL, *PENDING, "running"}))
_MEMORY: Final = (("total", "memory_total"), ("free", "memory_free"), ("own", "memory_dom0"))


class Counted(Protocol):
    """Connections to nodes that tell of their calls."""

    observe: Callable[[str, str, float, bool], object]


@attrs.define(eq=False)
class MasterMetrics:
    """Figures of a *master* that is open, and of what it hears; *stalls* as in `Door`."""

    master: Master
    live: LiveState
    stalls: Callable[[], dict[str, Any]]
    metrics: Metrics = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the counters."""
        clock = self.master.parts.clock
        self.metrics = Metrics(lambda: clock.sleep(0), self.read)

    def count(self, pool: Counted) -> None:
        """Have the journal and the calls of *pool* counted, from now on."""
        made = self.metrics
        seconds = made.histogram("ganetix_journal_sync_seconds", "Writing and syncing a batch.")
        records = made.counter("ganetix_journal_records", "Records written and synced.")
        size = made.counter("ganetix_journal_written_bytes", "Bytes written and synced.")
        calls = made.histogram(
            "ganetix_rpc_seconds", "Calls of nodes, by class of time-out.", "node", "class"
        )
        failures = made.counter("ganetix_rpc_failures", "Calls that failed.", "node", "class")

        def written(number: int, length: int, took: float) -> None:
            seconds.observe(took)
            records.inc(number)
            size.inc(length)

        def called(node: str, kind: str, took: float, done: bool) -> None:
            calls.labels(node, kind).observe(took)
            if not done:
                failures.labels(node, kind).inc()

        self.master.store.journal.wrote = written
        pool.observe = called

    def read(self) -> Iterator[Metric]:
        """Yield what is known now."""
        yield from self._queue()
        yield from self._journal()
        view = View(self.master.store.cluster, self.live)
        yield from _nodes(view)
        yield from _instances(view)

    def _queue(self) -> Iterator[Metric]:
        jobs = Counter[tuple[str, ...]]((job.status,) for job in self.master.queue.jobs())
        states = {(state,): float(jobs[(state,)]) for state in STATES}
        yield gauges("ganetix_jobs", "Jobs that are not archived, by state.", ("status",), states)
        rows = self.master.locks.rows()
        waiting = sum(len(row.pending) for row in rows)
        yield gauge(
            "ganetix_locks_held",
            "Locks that somebody holds.",
            sum(bool(row.owners) for row in rows),
        )
        yield gauge("ganetix_locks_waited_for", "Requests for locks that wait.", waiting)
        stalls = self.stalls()
        yield counter(
            "ganetix_stalls", "Turns of the reactor of more than 50 ms.", stalls.get("stalls", 0)
        )
        longest = stalls.get("longest", 0.0)
        yield gauge("ganetix_stall_longest_seconds", "The longest turn of the reactor.", longest)

    def _journal(self) -> Iterator[Metric]:
        store = self.master.store
        journal, replicas = store.journal, store.journal.replicas
        yield gauge("ganetix_journal_bytes", "Size of the journal file.", journal.file.size)
        yield gauge("ganetix_journal_serial", "Number of the last record.", journal.serial)
        yield gauge("ganetix_epoch", "The mastership's epoch.", journal.epoch)
        yield gauge("ganetix_queue_drained", "1 when no jobs are taken.", float(store.drained))
        states = {("in_sync",): len(replicas.in_sync), ("behind",): len(replicas.behind)}
        what = "Master candidates beside the master, by what they have of the journal."
        yield gauges("ganetix_candidates", what, ("state",), states)


def _nodes(view: View) -> Iterator[Metric]:
    nodes = list(view.cluster.nodes.values())
    heard = {row.uuid: facts for row in nodes if (facts := view.live.node(row.uuid)) is not None}
    info: dict[str, NodeInfo] = {
        row.name: heard[row.uuid].figures
        for row in nodes
        if row.uuid in heard and heard[row.uuid].figures is not None
    }
    roles = [((row.name, role(view.cluster, row)), 1.0) for row in nodes]
    yield gauges("ganetix_node_role", "1 for the role that a node has.", ("node", "role"), roles)
    up = [((row.name,), float(row.uuid in heard)) for row in nodes]
    yield gauges("ganetix_node_up", "1 for a node that is heard.", ("node",), up)
    memory = [
        ((name, kind), getattr(row, field) * MIB)
        for name, row in info.items()
        for kind, field in _MEMORY
    ]
    what = "Memory of a node: total, free, and its own."
    yield gauges("ganetix_node_memory_bytes", what, ("node", "kind"), memory)
    cpus = [((name,), float(row.cpu_total)) for name, row in info.items()]
    yield gauges("ganetix_node_cpus", "CPUs of a node.", ("node",), cpus)
    yield from _storage(info)


def _storage(info: dict[str, NodeInfo]) -> Iterator[Metric]:
    labels = ("node", "type", "name")
    for name, field in (("size", "size"), ("free", "free")):
        rows = [
            ((node, unit.type, unit.name), getattr(unit, field) * MIB)
            for node, row in info.items()
            for unit in row.storage
            if getattr(unit, field) is not None
        ]
        yield gauges(f"ganetix_node_storage_{name}_bytes", "Storage of a node.", labels, rows)


def _instances(view: View) -> Iterator[Metric]:
    cluster = view.cluster
    rows = list(cluster.instances.values())
    states = [
        ((row.name, cluster.nodes[row.primary_node].name, status(view, row)), 1.0) for row in rows
    ]
    count = Counter[tuple[str, ...]]((key[2],) for key, _ in states)
    yield gauges("ganetix_instances", "Instances, by status.", ("status",), dict(count))
    what = "1 for the primary node and the status that an instance has."
    yield gauges("ganetix_instance_status", what, ("instance", "node", "status"), states)
    running = [(row.name, found) for row in rows if (found := _running(view, row)) is not None]
    memory = [((name,), float(state.memory * MIB)) for name, state in running]
    yield gauges("ganetix_instance_memory_bytes", "Memory of a guest.", ("instance",), memory)
    cpus = [((name,), float(state.vcpus)) for name, state in running]
    yield gauges("ganetix_instance_vcpus", "CPUs of a guest.", ("instance",), cpus)


def _running(view: View, row: Instance) -> InstanceState | None:
    facts = view.live.node(row.primary_node)
    return None if facts is None else facts.instances.get(row.name)
