"""OP_NODE_SET_PARAMS: a node that was offline is connected before it is asked anything."""

from ganetix import errors
from ganetix.opcodes.node import OpNodeSetParams
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.roles import CryptoTokens
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase, changed_node

NODE3 = node_uuid(3)


class BackOnlineTests(UnitTestCase):
    """node3 was offline, as a master knows nothing of its certificate, and comes back."""

    def setUp(self) -> None:
        """Let node3 be offline, and refuse calls as long as it is."""
        super().setUp()
        offline = changed_node(three_nodes(), 3, offline=True, master_candidate=False)
        state = changed_node(offline, 3, primary_ip="192.0.2.99", secondary_ip="192.0.2.99")
        self.context = LogicContext(state, handlers={"node_crypto_tokens": self.tokens})
        self.refused = False

    async def tokens(self, node: str, request: Nothing) -> CryptoTokens:
        """Answer as a node that the master calls only when it is online."""
        if self.context.cluster.nodes[node].offline or self.refused:
            raise errors.RemoteError("It can't be reached.")
        return CryptoTokens("the digest")

    def test_candidate_with_certificate(self) -> None:
        """It becomes a candidate again, and its certificate may command again."""
        self.run_op(OpNodeSetParams(node_name="node3", offline=False))
        cluster = self.context.cluster
        self.assertTrue(cluster.nodes[NODE3].master_candidate)
        self.assertEqual(cluster.cluster.candidate_certs[NODE3], "the digest")

    def test_no_candidate_without_certificate(self) -> None:
        """One that does not tell its certificate is online, but no candidate."""
        self.refused = True
        op = OpNodeSetParams(node_name="node3", offline=False)
        self.refusal(op, errors.RemoteError)
        node = self.context.cluster.nodes[NODE3]
        self.assertFalse(node.offline or node.master_candidate)
