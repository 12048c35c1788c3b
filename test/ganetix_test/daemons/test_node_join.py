"""`ganetix.daemons.node_join`: who may join is decided before any machine is touched."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons.node_join import uuid_for
from ganetix.testing.logic import node_uuid, three_nodes


class UuidTests(SynchronousTestCase):
    """A cluster of three nodes, the first its master."""

    def refusal(self, name: str, readd: bool) -> str:
        """Return the sentence with which *name* is refused."""
        refused = self.assertRaises(errors.OpPrereqError, uuid_for, three_nodes(), name, readd)
        return str(refused.message)

    def test_again(self) -> None:
        """A node that is added again keeps its uuid."""
        self.assertEqual(uuid_for(three_nodes(), "node2.example.com", True), node_uuid(2))

    def test_new(self) -> None:
        """A new one gets a uuid that no node has."""
        found = uuid_for(three_nodes(), "node4.example.com", False)
        self.assertNotIn(found, three_nodes().nodes)

    def test_master(self) -> None:
        """The master is refused: joining would stop and clean it."""
        for readd in (True, False):
            self.assertIn("is the master", self.refusal("node1.example.com", readd))

    def test_wrong_way(self) -> None:
        """A known node needs --readd, and an unknown one may not have it."""
        self.assertIn("--readd", self.refusal("node2.example.com", False))
        self.assertIn("--readd", self.refusal("node4.example.com", True))
