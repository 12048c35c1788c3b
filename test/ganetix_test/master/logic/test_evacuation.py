"""Node and group evacuation, node migration, change of group."""

import msgspec

from ganetix.model.changes import Change, apply
from ganetix.opcodes.group import OpGroupEvacuate
from ganetix.opcodes.instance_disks import OpInstanceReplaceDisks
from ganetix.opcodes.instance_state import (
    OpInstanceChangeGroup,
    OpInstanceFailover,
    OpInstanceMigrate,
)
from ganetix.opcodes.node import OpNodeEvacuate, OpNodeMigrate
from ganetix.testing.logic import node_uuid, three_nodes
from ganetix_test.master.logic.evacuation_cases import (
    NODE1,
    NODE2,
    NODE3,
    NODE4,
    EvacuationCase,
    codec_of,
    kinds,
)


class NodeEvacuateTests(EvacuationCase):
    """OP_NODE_EVACUATE."""

    def test_primaries(self) -> None:
        """The mirrored one goes to its secondary, the shared one where the planner says."""
        jobs = self.evacuation("primary-only")
        self.assertEqual(kinds(jobs), [["a MIGRATE"], ["b MIGRATE"]])
        ((_,), (shared,)) = jobs
        assert isinstance(shared, OpInstanceMigrate)
        self.assertIn(shared.target_node, (NODE2, NODE3))
        self.assertIn(
            f"Instance a.example.com goes to {NODE2}, {NODE1} in group default.",
            self.context.logged,
        )

    def test_secondaries(self) -> None:
        """A mirror goes to the node that is left; early release is passed on."""
        self.mirrored("c.example.com", 2, 1)
        ((op,),) = self.evacuation("secondary-only", early_release=True)
        assert isinstance(op, OpInstanceReplaceDisks)
        self.assertEqual((op.instance_name, op.remote_node), ("c.example.com", NODE3))
        self.assertTrue(op.early_release)

    def test_all(self) -> None:
        """Everything leaves: a primary goes first, its mirror after it, in one job."""
        self.mirrored("c.example.com", 2, 1)
        jobs = self.evacuation("all")
        self.assertEqual(
            kinds(jobs),
            [["a MIGRATE", "a REPLACE_DISKS"], ["b MIGRATE"], ["c REPLACE_DISKS"]],
        )
        replaced = jobs[0][1]
        assert isinstance(replaced, OpInstanceReplaceDisks)
        self.assertEqual(replaced.remote_node, NODE3)

    def test_remote(self) -> None:
        """With a node all mirrors go there; that is for mirrors alone, and for another node."""
        self.mirrored("c.example.com", 2, 1)
        ((op,),) = self.evacuation("secondary-only", remote_node="node3")
        assert isinstance(op, OpInstanceReplaceDisks)
        self.assertEqual((op.mode, op.remote_node), ("replace_new_secondary", NODE3))
        for fields, words in (
            ({"mode": "primary-only", "remote_node": "node3"}, "Only mirrors"),
            ({"mode": "secondary-only", "remote_node": "node1"}, "to be evacuated"),
            ({"mode": "secondary-only", "remote_node": "node2"}, "primary node of"),
            ({"mode": "secondary-only", "remote_node": "node3", "iallocator": "hail"}, "Both"),
            ({"mode": "all", "iallocator": "dice"}, "not available"),
        ):
            op = codec_of("OP_NODE_EVACUATE", node_name="node1", **fields)
            self.assertIn(words, self.refusal(op))

    def test_no_allocator(self) -> None:
        """Without a default allocator one must be given."""
        settings = msgspec.structs.replace(self.context.cluster.cluster, default_iallocator="")
        self.context.state = apply(self.context.state, Change(cluster=settings), 0.0)
        op = OpNodeEvacuate(node_name="node1", mode="all")
        self.assertIn("No instance allocator", self.refusal(op))

    def test_stuck(self) -> None:
        """Instances on local files stay, and are told; when nothing can move it is an error."""
        self.add("d.example.com")
        self.assertEqual(len(self.evacuation("primary-only")), 2)
        self.assertTrue(any("d.example.com" in line for line in self.context.logged))
        self.add("e.example.com", pnode="node3")
        self.add("f.example.com", pnode="node3")
        told = self.refusal(OpNodeEvacuate(node_name="node3", mode="primary-only"))
        self.assertIn("Nothing can be moved: instances e.example.com, f.example.com (", told)
        self.assertIn("gnt-instance move -n NODE e.example.com", told)

    def test_empty(self) -> None:
        """A node without instances needs no jobs."""
        self.assertEqual(self.jobs(OpNodeEvacuate(node_name="node3", mode="all")), [])

    def test_locks(self) -> None:
        """The instances, the group and its nodes are shared: the jobs lock for themselves."""
        op = OpNodeEvacuate(node_name="node1", mode="primary-only")
        self.assertEqual(
            self.locks(op)[1:],
            [
                ("instance", ("a.example.com", "b.example.com"), "shared"),
                ("nodegroup", tuple(self.context.cluster.nodegroups), "shared"),
                ("node", tuple(node_uuid(number) for number in (1, 2, 3)), "shared"),
            ],
        )

    def test_children(self) -> None:
        """Jobs inherit priority, reason and debug level, and name their parent."""
        reason = [["gnt:user", "repair", 1]]
        jobs = self.evacuation("primary-only", priority=10, reason=reason, debug_level=2)
        for (op,) in jobs:
            self.assertEqual((op.priority, op.debug_level, op.reason), (10, 2, reason))
            self.assertEqual(op.comment, "Submitted by OP_NODE_EVACUATE")

    def test_reasons(self) -> None:
        """The log says what becomes of the cluster's score."""
        self.evacuation("primary-only")
        told = [line for _, lines in self.context.entries for line in lines]
        self.assertTrue(any("score goes from" in line for line in told), told)
        self.assertTrue(any("b.example.com: node" in line for line in told), told)


class NodeMigrateTests(EvacuationCase):
    """OP_NODE_MIGRATE."""

    def test_jobs(self) -> None:
        """Each primary gets a job; a target is for those that can go anywhere."""
        op = OpNodeMigrate(node_name="node1", target_node="node3", mode="non-live")
        ((first,), (second,)) = self.jobs(op)
        assert isinstance(first, OpInstanceMigrate)
        assert isinstance(second, OpInstanceMigrate)
        self.assertEqual((first.target_node, second.target_node), (None, "node3"))
        self.assertEqual((first.mode, first.allow_failover), ("non-live", False))

    def test_refused(self) -> None:
        """The same node, and a target with an allocator, are refused."""
        op = OpNodeMigrate(node_name="node1", target_node="node1")
        self.assertIn("leave", self.refusal(op))
        op = OpNodeMigrate(node_name="node1", target_node="node2", iallocator="hail")
        self.assertIn("Both", self.refusal(op))


class GroupTests(EvacuationCase):
    """OP_GROUP_EVACUATE and OP_INSTANCE_CHANGE_GROUP."""

    def setUp(self) -> None:
        """Make another group and leave only the instance on shared disks."""
        super().setUp()
        self.begin_with_groups()
        self.add("b.example.com", disk_template="sharedfile")
        self.add("c.example.com", disk_template="sharedfile", pnode="node2")

    def test_evacuate(self) -> None:
        """Everything goes to the other group."""
        jobs = self.jobs(OpGroupEvacuate(group_name="default"))
        self.assertEqual(kinds(jobs), [["b MIGRATE"], ["c MIGRATE"]])
        gone = {op.target_node for (op,) in jobs if isinstance(op, OpInstanceMigrate)}
        self.assertEqual(gone, {NODE3, NODE4})

    def test_sequential_failovers(self) -> None:
        """Migrations become failovers, and each job waits for the end of the one before."""
        op = OpGroupEvacuate(
            group_name="default", target_groups=["rack2"], sequential=True, force_failover=True
        )
        ((first,), (second,)) = self.jobs(op)
        self.assertIsInstance(first, OpInstanceFailover)
        self.assertEqual((first.depends, second.depends), (None, [(-1, ["error", "success"])]))

    def test_own_group(self) -> None:
        """The group itself is no target; without another group there is none."""
        op = OpGroupEvacuate(group_name="default", target_groups=["default"])
        self.assertIn("can't be a target", self.refusal(op))
        self.context.state = three_nodes(default_iallocator="hail")
        self.assertIn("no group but", self.refusal(OpGroupEvacuate(group_name="default")))

    def test_change_group(self) -> None:
        """One instance goes to the group that is named, or to any other."""
        for targets in (["rack2"], None):
            op = OpInstanceChangeGroup(instance_name="b", target_groups=targets)
            ((moved,),) = self.jobs(op)
            assert isinstance(moved, OpInstanceMigrate)
            self.assertIn(moved.target_node, (NODE3, NODE4))
        op = OpInstanceChangeGroup(instance_name="b", target_groups=["default"])
        self.assertIn("is in group default", self.refusal(op))
