"""OP_NODE_SET_PARAMS: a candidate that is told to be none stays none."""

from ganetix.opcodes.node import OpNodeSetParams
from ganetix.testing.logic import node_uuid
from ganetix_test.master.logic.cases import UnitTestCase


class DemotionTests(UnitTestCase):
    """All three nodes are candidates, and the pool would take more."""

    def candidates(self) -> list[bool]:
        """Return for each node whether it is a candidate."""
        nodes = self.context.cluster.nodes
        return [nodes[node_uuid(number)].master_candidate for number in (1, 2, 3)]

    def test_nobody_is_lacking(self) -> None:
        """All other nodes are candidates, so the pool is as full as it can be: no refusal."""
        self.run_op(OpNodeSetParams(node_name="node3", master_candidate=False))
        self.assertEqual(self.candidates(), [True, True, False])

    def test_not_promoted_again(self) -> None:
        """Refilling the pool does not take back the node that has just left it."""
        op = OpNodeSetParams(node_name="node3", master_candidate=False, auto_promote=True)
        self.run_op(op)
        self.assertEqual(self.candidates(), [True, True, False])
