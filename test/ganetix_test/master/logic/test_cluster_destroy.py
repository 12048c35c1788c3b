"""OP_CLUSTER_DESTROY: only of an empty cluster, with its hooks before the work."""

from ganetix.opcodes.cluster import OpClusterDestroy
from ganetix.opcodes.node import OpNodeRemove
from ganetix.rpc.tables.hooks import HooksRun
from ganetix.testing.logic import node_uuid
from ganetix_test.master.logic.cases import UnitTestCase


class DestroyTests(UnitTestCase):
    """The end of a cluster."""

    def test_empty(self) -> None:
        """The post hooks are run on the master; the result is its uuid."""
        for name in ("node2", "node3"):
            self.run_op(OpNodeRemove(node_name=name))
        self.context.fake.made.clear()
        self.assertEqual(self.run_op(OpClusterDestroy()), node_uuid(1))
        (made,) = self.context.fake.made
        assert isinstance(made.request, HooksRun)
        self.assertEqual((made.request.path, made.request.phase), ("cluster-destroy", "post"))
        self.assertEqual(made.request.env["GANETI_OP_TARGET"], "cluster.example.com")

    def test_not_empty(self) -> None:
        """Other nodes and instances are named."""
        told = self.refusal(OpClusterDestroy())
        self.assertIn("node2.example.com, node3.example.com", told)
        for name in ("node2", "node3"):
            self.run_op(OpNodeRemove(node_name=name))
        self.add()
        self.assertIn("vm1.example.com", self.refusal(OpClusterDestroy()))

    def test_lock(self) -> None:
        """The cluster lock is exclusive."""
        self.assertEqual(self.locks(OpClusterDestroy()), [("cluster", ("BGL",), "exclusive")])
