"""OP_NODE_REMOVE: a node leaves, and the pool stays full."""

from ganetix.opcodes.node import OpNodeRemove
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase

NODE1, NODE2, NODE3 = node_uuid(1), node_uuid(2), node_uuid(3)


class RemoveTests(UnitTestCase):
    """Nodes that leave."""

    def test_leaves(self) -> None:
        """The node is told to leave, and is gone from the configuration."""
        self.run_op(OpNodeRemove(node_name="node3"))
        self.assertNotIn(NODE3, self.context.cluster.nodes)
        self.assertEqual(
            [(m.node, m.call) for m in self.context.fake.made], [(NODE3, "node_leave_cluster")]
        )

    def test_pool(self) -> None:
        """Another node is promoted in its place, gets the key, and its digest is listed."""
        certs = {NODE1: "digest 1", NODE3: "digest 3"}
        self.context = LogicContext(three_nodes(candidate_pool_size=2, candidate_certs=certs))
        self.set_node(2, master_candidate=False)
        self.run_op(OpNodeRemove(node_name="node3"))
        self.assertTrue(self.context.cluster.nodes[NODE2].master_candidate)
        self.assertEqual(
            self.context.cluster.cluster.candidate_certs,
            {NODE1: "digest 1", NODE2: f"digest of {NODE2}"},
        )
        self.assertIn((NODE2, "upload_file"), [(m.node, m.call) for m in self.context.fake.made])

    def test_silent(self) -> None:
        """One that does not answer is removed all the same, with a warning."""
        self.context.fake.down = {NODE3}
        self.run_op(OpNodeRemove(node_name="node3"))
        self.assertNotIn(NODE3, self.context.cluster.nodes)
        self.assertIn("still has the cluster's files", self.context.logged[-1])

    def test_offline(self) -> None:
        """One that is offline is not asked."""
        self.set_node(3, offline=True, master_candidate=False)
        self.run_op(OpNodeRemove(node_name="node3"))
        self.assertEqual(self.context.fake.made, [])

    def test_refused(self) -> None:
        """The master, and nodes with instances."""
        self.add(pnode="node2")
        self.assertIn("is the master", self.refusal(OpNodeRemove(node_name="node1")))
        self.assertIn("vm1.example.com", self.refusal(OpNodeRemove(node_name="node2")))
