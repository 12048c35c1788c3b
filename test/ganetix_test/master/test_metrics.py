"""Promises of the master's figures: they are what the master has, and what it did."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix.luxi.peercred import Peer
from ganetix.master.handler.door import Door
from ganetix.master.handler.table import Handler
from ganetix.master.livestate import LiveState
from ganetix.master.logic.unit import Context, Want
from ganetix.master.metrics import STATES, MasterMetrics
from ganetix.opcodes.test import OpTestDelay
from ganetix.rpc.events import FiguresEvent, InstanceEvent
from ganetix.rpc.tables.checks import NodeInfo, StorageInfo
from ganetix.rpc.tables.instances import InstanceState
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld, ScriptedUnit
from ganetix_test.toolkit.test_metrics import parsed

DELAY = {"OP_ID": "OP_TEST_DELAY", "duration": 1.0, "reason": []}
GIB = 1 << 30


async def work(op: OpTestDelay, context: Context) -> None:
    """Rest."""
    await context.rest(None, lambda: context.clock.sleep(op.duration))


class Pool:
    """Connections to nodes, as far as they are counted."""

    observe: Any = None


class MasterMetricsTests(SynchronousTestCase):
    """The figures of a master with two nodes and two instances."""

    def setUp(self) -> None:
        """Boot it; its first node is heard and has one guest."""
        wants = (Want("cluster", ("BGL",), "exclusive"),)
        self.world = MasterWorld({OpTestDelay: ScriptedUnit(work, wants)})
        instances = (masters.instance(1), masters.instance(2, admin_state="down"))
        self.world.install(masters.cluster(2, instances))
        self.successResultOf(self.world.boot())
        self.live = LiveState()
        info = NodeInfo("b", 4096, 1024, 512, 8, storage=[StorageInfo("file", "/srv", 10, None)])
        state = InstanceState(instances[0].name, 128, 2, "running")
        self.live.whole("node1-uuid", (FiguresEvent(info), InstanceEvent(state.name, state)))
        stalls = {"stalls": 3, "longest": 0.25}
        self.figures = MasterMetrics(self.world.master, self.live, lambda: stalls)
        self.pool: Any = Pool()
        self.figures.count(self.pool)
        door = Door(
            self.world.master, self.live, self.world.clock, metrics=self.figures.metrics.text
        )
        self.handler = Handler(door)

    def call(self, method: str, *args: Any) -> Any:
        """Return what LUXI's *method* answers."""
        done = Deferred.fromCoroutine(self.handler(method, list(args), Peer(1, 0, 0)))
        self.world.reactor.advance(0)
        return self.successResultOf(done)

    def read(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Return the figures as they are now."""
        return parsed(self.call("QueryMetrics").encode())

    def test_jobs_and_locks(self) -> None:
        """Jobs by state, every state told; locks held and waited for."""
        self.call("SubmitManyJobs", [[DELAY]] * 3)
        found = self.read()
        jobs = {key[0]: value for key, value in found["ganetix_jobs"].items()}
        self.assertEqual(set(jobs), set(STATES))
        self.assertEqual((jobs["running"], jobs["waiting"], jobs["success"]), (1, 2, 0))
        self.assertEqual(found["ganetix_locks_held"], {(): 1.0})
        self.assertEqual(found["ganetix_locks_waited_for"], {(): 2.0})
        for _ in range(3):
            self.world.reactor.advance(2)
        found = self.read()
        self.assertEqual(found["ganetix_jobs"]["success",], 3.0)
        self.assertEqual(found["ganetix_locks_waited_for"], {(): 0.0})

    def test_journal(self) -> None:
        """Records, bytes and latencies rise with what is written."""
        before = self.read()
        self.call("SubmitJob", [DELAY])
        after = self.read()
        for name in (
            "ganetix_journal_records_total", "ganetix_journal_written_bytes_total",
            "ganetix_journal_sync_seconds_count", "ganetix_journal_serial",
            "ganetix_journal_bytes",
        ):  # fmt: skip
            self.assertGreater(after[name][()], before[name][()], name)
        self.assertEqual(after["ganetix_epoch"], {(): 1.0})

    def test_calls(self) -> None:
        """Calls are counted by node and class, failed ones twice."""
        self.pool.observe("node1", "fast", 0.02, True)
        self.pool.observe("node1", "fast", 3.0, False)
        found = self.read()
        self.assertEqual(found["ganetix_rpc_seconds_count"], {("fast", "node1"): 2.0})
        self.assertEqual(found["ganetix_rpc_failures_total"], {("fast", "node1"): 1.0})

    def test_stalls_and_candidates(self) -> None:
        """The stall meter's figures, and how candidates stand."""
        found = self.read()
        self.assertEqual(found["ganetix_stalls_total"], {(): 3.0})
        self.assertEqual(found["ganetix_stall_longest_seconds"], {(): 0.25})
        self.assertEqual(set(found["ganetix_candidates"]), {("in_sync",), ("behind",)})

    def test_nodes(self) -> None:
        """A node that is heard has figures; one that is not is down and has none."""
        found = self.read()
        one, two = "node1.example.com", "node2.example.com"
        self.assertEqual(found["ganetix_node_up"], {(one,): 1.0, (two,): 0.0})
        self.assertEqual(found["ganetix_node_memory_bytes"]["total", one], 4 * GIB)
        self.assertEqual(found["ganetix_node_cpus"], {(one,): 8.0})
        self.assertEqual(found["ganetix_node_role"], {(one, "M"): 1.0, (two, "C"): 1.0})
        free = found["ganetix_node_storage_free_bytes"]
        self.assertEqual(free, {("/srv", one, "file"): 10 * (1 << 20)})
        self.assertNotIn("ganetix_node_storage_size_bytes", found)

    def test_instances(self) -> None:
        """Each instance has a status; a guest has figures; there are sums."""
        found = self.read()
        names = [masters.instance(number).name for number in (1, 2)]
        node = "node1.example.com"
        self.assertEqual(
            found["ganetix_instance_status"],
            {(names[0], node, "running"): 1.0, (names[1], node, "ADMIN_down"): 1.0},
        )
        self.assertEqual(found["ganetix_instances"], {("running",): 1.0, ("ADMIN_down",): 1.0})
        self.assertEqual(found["ganetix_instance_memory_bytes"], {(names[0],): 128 * (1 << 20)})
        self.assertEqual(found["ganetix_instance_vcpus"], {(names[0],): 2.0})
