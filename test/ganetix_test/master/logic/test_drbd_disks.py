"""Instances with disks on LVM and DRBD: made, watched, grown, moved and removed."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from ganetix.errors import OpExecError
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import (
    OpInstanceCreate,
    OpInstanceQueryData,
    OpInstanceRemove,
)
from ganetix.opcodes.instance_disks import OpInstanceActivateDisks, OpInstanceGrowDisk
from ganetix.opcodes.instance_state import OpInstanceFailover, OpInstanceMigrate
from ganetix.rpc.tables.storage import MirrorState
from ganetix.testing.logic import LogicContext, node_uuid, run, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase

NODE1, NODE2, NODE3 = (node_uuid(number) for number in (1, 2, 3))
NAME = "mail.example.com"
POLICY = {"minmax": [{"min": {"disk-size": 1}, "max": {}}]}


def creation(**fields: Any) -> OpInstanceCreate:
    """Return the opcode that makes `NAME` on node 1 with its mirror on node 2."""
    given: dict[str, Any] = {
        "instance_name": NAME,
        "mode": "create",
        "disks": [{"size": 1024}],
        "disk_template": "drbd",
        "nics": [{}],
        "os_type": "tiny",
        "pnode": "node1",
        "snode": "node2",
        **fields,
    }
    return OpInstanceCreate(**{key: value for key, value in given.items() if value is not None})


class DiskTestCase(UnitTestCase):
    """A cluster with LVM and DRBD."""

    def cluster(self) -> Cluster:
        """Return the configuration to begin with."""
        return three_nodes(
            enabled_disk_templates=["drbd", "plain", "file", "blockdev", "diskless"],
            volume_group_name="xenvg",
            **self.settings(),
        )

    def settings(self) -> dict[str, Any]:
        """Return more settings of the cluster."""
        return {}

    def setUp(self) -> None:
        """Keep what the nodes were asked about mirrors at hand."""
        super().setUp()
        self.world = self.context.world
        self.mirrors = self.world.mirrors

    def make(self, **fields: Any) -> Instance:
        """Create `NAME` and return it."""
        self.run_op(creation(**fields))
        return self.instance(NAME)

    def start(self, op: OpCode) -> Deferred[Any]:
        """Begin *op*, which waits for something."""
        return Deferred.fromCoroutine(run(self.unit(op), op, self.context))

    def disk(self) -> Disk:
        """Return the first disk of `NAME`."""
        return self.context.cluster.disks_of(self.instance(NAME))[0]


class CreateTests(DiskTestCase):
    """A new mirrored instance."""

    def test_records(self) -> None:
        """A disk has both nodes, its own port, minors and secret, and two volumes."""
        self.make()
        disk = self.disk()
        self.assertEqual(disk.logical_id[:5], [NODE1, NODE2, 11001, 0, 0])
        self.assertEqual(len(disk.logical_id[5]), 40)
        data, meta = disk.children
        self.assertEqual((data.size, meta.size), (1024, 128))
        self.assertEqual(data.logical_id[0], "xenvg")
        self.assertTrue(data.logical_id[1].endswith(".disk0_data"))
        self.assertEqual(meta.logical_id[1], data.logical_id[1].replace("_data", "_meta"))
        self.assertEqual(disk.nodes, [NODE1, NODE2])

    def test_second_disk(self) -> None:
        """Each disk has minors and a port of its own."""
        self.make(disks=[{"size": 1024}, {"size": 1024}])
        rows = [disk.logical_id for disk in self.context.cluster.disks_of(self.instance(NAME))]
        self.assertEqual([row[2:5] for row in rows], [[11001, 0, 0], [11002, 1, 1]])

    def test_both_nodes(self) -> None:
        """Both nodes get their half, the secondary is assembled first; the primary starts it."""
        self.assertEqual(self.run_op(creation()), ["node1.example.com", "node2.example.com"])
        self.assertEqual({node for node, _ in self.world.disks}, {NODE1, NODE2})
        self.assertEqual({node for node, _ in self.world.assembled}, {NODE1, NODE2})
        self.assertIn((NODE1, NAME), self.world.guests)

    def test_sync_is_watched(self) -> None:
        """How far the sync is goes to the job's log."""
        self.mirrors.ahead = [MirrorState(True, "ok", 40.0, 70)]
        work = self.start(creation())
        self.context.reactor.advance(7)
        self.successResultOf(work)
        told = "\n".join(self.context.logged)
        self.assertIn("disk/0 [########............]  40.0%, 1 min 10 s left", told)
        self.assertIn("are in sync", told)

    def test_goes_on_after_a_restart(self) -> None:
        """Restarted while the disks sync, it waits on, makes nothing twice, installs and starts."""
        self.mirrors.ahead = [MirrorState(True, "ok", 40.0, 70)]
        work = self.start(creation())
        self.assertEqual(self.context.rests, [{}])
        work.cancel()
        self.failureResultOf(work, CancelledError)
        before, self.context.resumed = dict(self.world.disks), {}
        self.assertNotIn((NODE1, NAME), self.world.guests)
        self.assertEqual(self.run_op(creation()), ["node1.example.com", "node2.example.com"])
        self.assertEqual(self.world.disks, before)
        self.assertIn((NODE1, NAME), self.world.guests)
        self.assertEqual(self.context.rests, [{}, {}, None])

    def test_no_wait(self) -> None:
        """Without the wait nobody looks."""
        self.mirrors.ahead = [MirrorState(True, "ok", 40.0, 70)]
        self.make(wait_for_sync=False)
        self.assertEqual(len(self.mirrors.ahead), 1)

    def test_degraded(self) -> None:
        """Disks that never sync are an error, and nothing of the instance is left."""
        before = self.world.seen()
        self.mirrors.ahead = [MirrorState(True, "ok")] * 20
        work = self.start(creation())
        self.context.reactor.pump([1.0] * 30)
        error = self.failureResultOf(work, OpExecError).value
        self.assertIn("degraded and do not sync: disk/0", error.message)
        self.assertEqual(self.world.seen(), before)
        self.assertEqual(self.context.cluster.instances, {})

    def test_port_comes_back(self) -> None:
        """The port of an instance that failed, or was removed, is given to the next one."""
        self.mirrors.ahead = [MirrorState(True, "ok")] * 20
        work = self.start(creation())
        self.context.reactor.pump([1.0] * 30)
        self.failureResultOf(work, OpExecError)
        self.assertEqual(self.context.cluster.cluster.tcpudp_port_pool, [11001])
        self.mirrors.ahead.clear()
        self.make()
        self.run_op(OpInstanceRemove(instance_name=NAME, shutdown_timeout=0))
        self.assertEqual(self.context.cluster.cluster.tcpudp_port_pool, [11001])
        self.make()
        self.assertEqual(self.disk().logical_id[2], 11001)

    def test_fails_anywhere(self) -> None:
        """Whichever node call fails, before or after its work, nothing is left."""

        def fresh() -> LogicContext:
            return LogicContext(self.cluster())

        self.assertGreater(self.fails_anywhere(creation(wait_for_sync=False), fresh), 8)

    def test_failing_node(self) -> None:
        """When the secondary can't make its half, the primary's is gone too."""

        def failing(node: str, call: str) -> None:
            if (node, call) == (NODE2, "blockdev_create"):
                raise OpExecError("The disk is full.")

        before = self.world.seen()
        self.world.before = failing
        self.assertIn("full", self.refusal(creation(), OpExecError))
        self.assertEqual(self.world.seen(), before)

    def test_refusals(self) -> None:
        """What can't be is refused before anything is made, with words that say what."""
        rows: list[tuple[dict[str, Any], str]] = [
            ({"snode": None}, "need a secondary node"),
            ({"snode": "node1"}, "as primary and as secondary"),
            ({"disk_template": "plain"}, "only drbd disks have one"),
            ({"disks": [{"size": 1024, "vg": "a b"}]}, "'a b' can't be a name for LVM"),
            ({"disks": [{"size": 1024, "metavg": "-x"}]}, "'-x' can't be a name for LVM"),
            ({"disks": [{"size": 90000}]}, "50000 MiB free in volume group xenvg"),
            ({"disks": [{"adopt": "data"}]}, "'adopt'"),
        ]
        before = self.world.seen()
        for fields, words in rows:
            with self.subTest(words):
                self.assertIn(words, self.refusal(creation(**fields)))
        self.assertEqual(self.world.seen(), before)

    def test_no_volume_group(self) -> None:
        """A cluster without a volume group says how to give it one."""
        self.context.state = three_nodes(enabled_disk_templates=["plain"])
        message = self.refusal(creation(disk_template="plain", snode=None))
        self.assertIn("no volume group", message)


class LifeTests(DiskTestCase):
    """A mirrored instance that is there."""

    def setUp(self) -> None:
        """Make it."""
        super().setUp()
        self.made = self.make()

    def test_shown(self) -> None:
        """The data has both sides as they are, and not the secret."""
        self.mirrors.ahead = [MirrorState(True, "ok", 40.0, 70), MirrorState(True, "syncing")]
        [disk] = self.run_op(OpInstanceQueryData(use_locking=True))[NAME]["disks"]
        self.assertEqual(disk["pstatus"], ["/dev/drbd0", 147, 0, 40.0, 70, True, 1])
        self.assertEqual(disk["sstatus"], ["/dev/drbd0", 147, 0, None, None, True, 2])
        self.assertEqual(
            disk["drbd_info"],
            {"primary_node": "node1.example.com", "primary_minor": 0,
             "secondary_node": "node2.example.com", "secondary_minor": 0, "port": 11001},
        )  # fmt: skip
        self.assertNotIn(self.disk().logical_id[5], str(disk))

    def test_shown_down(self) -> None:
        """Of disks that are down, and of a node that is offline, nothing is told."""
        self.mirrors.ahead = [MirrorState(True, "unknown")]
        self.set_node(2, offline=True)
        [disk] = self.run_op(OpInstanceQueryData(use_locking=True))[NAME]["disks"]
        self.assertEqual((disk["pstatus"], disk["sstatus"]), (None, None))

    def test_failover(self) -> None:
        """It starts on its secondary, and the old primary is the secondary then."""
        self.run_op(OpInstanceFailover(instance_name=NAME, shutdown_timeout=0))
        self.assertEqual(self.instance(NAME).primary_node, NODE2)
        self.assertEqual(self.disk().nodes, [NODE2, NODE1])
        self.assertEqual(self.disk().logical_id[:2], [NODE1, NODE2])
        self.assertIn((NODE2, NAME), self.world.guests)

    def test_failover_elsewhere(self) -> None:
        """It can go to its secondary only."""
        op = OpInstanceFailover(instance_name=NAME, target_node="node3", shutdown_timeout=0)
        self.assertIn("has its mirror on node2.example.com", self.refusal(op))

    def test_failover_stale(self) -> None:
        """A secondary without a good copy is refused, unless that is accepted."""
        self.mirrors.ahead = [MirrorState(True, "faulty")]
        op = OpInstanceFailover(instance_name=NAME, shutdown_timeout=0)
        self.assertIn("has no good copy of disk/0", self.refusal(op, OpExecError))
        self.mirrors.ahead = [MirrorState(True, "faulty")]
        self.run_op(
            OpInstanceFailover(instance_name=NAME, shutdown_timeout=0, ignore_consistency=True)
        )
        self.assertEqual(self.instance(NAME).primary_node, NODE2)

    def test_migrate(self) -> None:
        """Both nodes may write while it moves; afterwards the source is secondary."""
        self.run_op(OpInstanceMigrate(instance_name=NAME))
        self.assertEqual(self.instance(NAME).primary_node, NODE2)
        self.assertEqual(
            self.mirrors.done,
            [
                (NODE1, "two primaries", True), (NODE2, "two primaries", True),
                (NODE1, "close", "disk/0"),
                (NODE1, "two primaries", False), (NODE2, "two primaries", False),
            ],
        )  # fmt: skip

    def test_migrate_fails(self) -> None:
        """A failed migration leaves the disks to the source."""

        def failing(node: str, call: str) -> None:
            if call == "instance_migrate":
                raise OpExecError("It was cancelled.")

        self.world.before = failing
        self.refusal(OpInstanceMigrate(instance_name=NAME), OpExecError)
        self.assertEqual(
            self.mirrors.done[2:],
            [
                (NODE2, "close", "disk/0"),
                (NODE2, "two primaries", False), (NODE1, "two primaries", False),
            ],
        )  # fmt: skip
        self.assertEqual(self.instance(NAME).primary_node, NODE1)

    def test_cleanup(self) -> None:
        """After a migration whose end was lost the disks are the new primary's alone."""
        state = self.world.guests.pop((NODE1, NAME))
        self.world.guests[NODE2, NAME] = state
        self.run_op(OpInstanceMigrate(instance_name=NAME, cleanup=True))
        self.assertEqual(self.instance(NAME).primary_node, NODE2)
        self.assertEqual(
            self.mirrors.done,
            [
                (NODE1, "close", "disk/0"),
                (NODE1, "two primaries", False), (NODE2, "two primaries", False),
            ],
        )  # fmt: skip

    def test_grow(self) -> None:
        """Both volumes grow, the device follows on the primary, and the size is noted."""
        self.run_op(OpInstanceGrowDisk(instance_name=NAME, disk=0, amount=512))
        disk = self.disk()
        self.assertEqual(
            (disk.size, disk.children[0].size, disk.children[1].size), (1536, 1536, 128)
        )
        self.assertEqual(set(self.world.disks.values()), {1536, 128})
        self.assertIn((NODE1, "resize", "disk/0"), self.mirrors.done)

    def test_activate_without_secondary(self) -> None:
        """With the secondary marked offline the disks are active on the primary alone."""
        self.set_node(2, offline=True)
        self.run_op(OpInstanceActivateDisks(instance_name=NAME))
        self.assertIn(
            "has no mirror now: node2.example.com is offline", "\n".join(self.context.logged)
        )

    def test_remove(self) -> None:
        """Both halves are gone."""
        self.run_op(OpInstanceRemove(instance_name=NAME, shutdown_timeout=0))
        self.assertEqual((self.world.disks, self.world.guests), ({}, {}))
