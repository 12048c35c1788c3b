"""OP_INSTANCE_MOVE: disks are copied to another node, and nothing is lost when that fails."""

from typing import Any

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.opcodes.group import OpGroupSetParams
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.opcodes.instance_state import OpInstanceMove
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix.testing.transfers import TransferWorld
from ganetix_test.master.logic.cases import UnitTestCase

VM = "vm1.example.com"
NODE1, NODE2 = node_uuid(1), node_uuid(2)


def moving(**fields: Any) -> OpInstanceMove:
    """Return a move to node2."""
    given: dict[str, Any] = {"instance_name": VM, "target_node": "node2", **fields}
    return OpInstanceMove(**given)


class MoveTestCase(UnitTestCase):
    """A running instance with two file disks on node1."""

    def cluster(self) -> Cluster:
        """See `UnitTestCase`."""
        return three_nodes(compression_tools=["gzip"])

    def setUp(self) -> None:
        """Create it."""
        super().setUp()
        self.transfers = TransferWorld()
        self.context = LogicContext(self.cluster(), handlers=dict(self.transfers.handlers()))
        self.before = self.add(VM, disks=[{"size": 1024}, {"size": 2048}])
        self.context.fake.made.clear()

    def places(self) -> set[str]:
        """Return the nodes that hold disk files."""
        return {node for node, _ in self.context.world.disks}

    def runs_on(self) -> list[str]:
        """Return the nodes that run the guest."""
        return sorted(node for node, name in self.context.world.guests if name == VM)


class MoveTests(MoveTestCase):
    """Moves that succeed."""

    def test_running(self) -> None:
        """It is stopped, copied, started at the target; nothing is left at the source."""
        self.run_op(moving(compress="gzip"))
        now = self.instance()
        self.assertEqual((now.primary_node, now.admin_state, now.disks_active), (NODE2, "up", True))
        self.assertEqual((self.runs_on(), self.places()), ([NODE2], {NODE2}))
        self.assertEqual({node for node, _ in self.context.world.directories}, {NODE2})
        self.assertEqual({node for node, _ in self.context.world.assembled}, {NODE2})
        self.assertEqual(now.disks, self.before.disks)
        self.assertTrue(all(disk.nodes == [NODE2] for disk in self.context.cluster.disks_of(now)))
        self.assertEqual(
            [
                (node, place.kind, place.index, tool)
                for node, place, tool in self.transfers.received
            ],
            [(NODE2, "raw", 0, "gzip"), (NODE2, "raw", 1, "gzip")],
        )
        self.assertEqual([node for node, _ in self.transfers.sent], [NODE1, NODE1])
        self.assertEqual(self.transfers.open, set())

    def test_stopped(self) -> None:
        """One that is down stays so, with its disks down."""
        self.add("vm2.example.com", start=False)
        self.run_op(moving(instance_name="vm2.example.com"))
        now = self.instance("vm2.example.com")
        self.assertEqual(
            (now.primary_node, now.admin_state, now.disks_active), (NODE2, "down", False)
        )
        paths = {str(d.logical_id[1]) for d in self.context.cluster.disks_of(now)}
        self.assertEqual({path for _, path in self.context.world.assembled} & paths, set())

    def test_diskless(self) -> None:
        """One without disks only starts elsewhere."""
        self.add("vm2.example.com", disk_template="diskless", disks=[])
        self.run_op(moving(instance_name="vm2.example.com"))
        self.assertIn((NODE2, "vm2.example.com"), self.context.world.guests)
        self.assertEqual(self.transfers.sent, [])

    def test_locks(self) -> None:
        """The instance and both nodes are locked."""
        self.assertEqual(
            self.locks(moving())[1:],
            [("instance", (VM,), "exclusive"), ("node", (NODE1, NODE2), "exclusive"),
             ("node-res", (NODE1, NODE2), "exclusive")],
        )  # fmt: skip


class FailureTests(MoveTestCase):
    """Moves that can't be, or fail."""

    def test_refused(self) -> None:
        """Each reason is told before anything is done."""
        for op, word in (
            (moving(target_node="node1"), "primary node of instance"),
            (moving(compress="lzop"), "no compression tool"),
        ):
            self.assertIn(word, self.refusal(op))
        self.context.world.memory[NODE2] = 100
        self.assertIn("memory free", self.refusal(moving()))
        self.set_node(2, drained=True)
        self.assertIn("drained", self.refusal(moving()))
        self.set_node(1, offline=True)
        self.assertIn("node1.example.com is offline", self.refusal(moving(target_node="node3")))
        self.assertEqual(self.transfers.sent, [])

    def test_template(self) -> None:
        """Disks that every node sees are not copied."""
        self.add("vm2.example.com", disk_template="sharedfile")
        told = self.refusal(moving(instance_name="vm2.example.com"))
        self.assertIn("'gnt-instance failover'", told)

    def test_policy(self) -> None:
        """The policy of the target's group counts, unless it is ignored."""
        self.run_op(
            OpGroupSetParams(group_name="default", ipolicy={"disk-templates": ["diskless"]})
        )
        self.assertIn("breaks the instance policy", self.refusal(moving()))
        self.run_op(moving(ignore_ipolicy=True))
        self.assertEqual(self.instance().primary_node, NODE2)

    def test_broken_copy(self) -> None:
        """When the copy breaks off the instance is at the source, stopped, with all its disks."""
        self.transfers.breaks = "the line is dead"
        seen = dict(self.context.world.disks)
        self.assertIn("the line is dead", self.refusal(moving(), errors.OpExecError))
        now = self.instance()
        self.assertEqual(
            (now.primary_node, now.admin_state, now.disks_active), (NODE1, "up", False)
        )
        self.assertEqual((self.context.world.disks, self.runs_on()), (seen, []))
        self.assertEqual({node for node, _ in self.context.world.directories}, {NODE1})
        self.assertEqual((self.context.world.assembled, self.transfers.open), (set(), set()))

    def test_shutdown(self) -> None:
        """A guest that can't be stopped stays, unless its consistency is ignored."""

        def refuse(node: str, call: str) -> None:
            if call == "instance_shutdown":
                raise errors.HypervisorError("The guest does not listen.")

        self.context.world.before = refuse
        self.refusal(moving(), errors.HypervisorError)
        self.assertEqual(self.places(), {NODE1})
        self.run_op(moving(ignore_consistency=True))
        self.assertEqual(self.instance().primary_node, NODE2)

    def test_start(self) -> None:
        """When only the start fails the instance is at the target, and says so."""

        def refuse(node: str, call: str) -> None:
            if call == "instance_start":
                raise errors.HypervisorError("No room.")

        self.context.world.before = refuse
        self.assertIn("is now on node2", self.refusal(moving(), errors.OpExecError))
        self.assertEqual(
            (self.instance().primary_node, self.instance().disks_active), (NODE2, False)
        )
        self.assertEqual(self.places(), {NODE2})

    def test_old_disk(self) -> None:
        """An old disk that can't be removed is told, and the move is done."""

        def refuse(node: str, call: str) -> None:
            if call == "blockdev_remove":
                raise errors.StorageError("It is busy.")

        self.context.world.before = refuse
        self.run_op(moving())
        self.assertIn("WARNING: node1.example.com keeps ", " ".join(self.context.logged))
        self.assertEqual(self.runs_on(), [NODE2])

    def test_offline_instance(self) -> None:
        """One that is marked offline is moved and stays offline."""
        self.add("vm2.example.com", start=False)
        self.run_op(OpInstanceSetParams(instance_name="vm2", offline=True))
        self.run_op(moving(instance_name="vm2.example.com"))
        self.assertEqual(self.instance("vm2.example.com").admin_state, "offline")
