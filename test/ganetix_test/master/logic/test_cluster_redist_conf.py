"""OP_CLUSTER_REDIST_CONF: everything that all nodes have is sent again."""

import attrs

from ganetix.master.logic.outside import Outside
from ganetix.opcodes.cluster import OpClusterRedistConf
from ganetix.rpc.tables.files import FileUpload, SsconfUpdate
from ganetix.testing.logic import node_uuid
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase


class RedistributionTests(UnitTestCase):
    """What goes where."""

    def setUp(self) -> None:
        """Count checkpoints."""
        self.checkpoints = 0
        super().setUp()

    def outside(self) -> Outside:
        """Return an outside that counts."""

        async def checkpoint() -> None:
            self.checkpoints += 1

        return attrs.evolve(OUTSIDE, checkpoint=checkpoint)

    def test_all(self) -> None:
        """Values go to all online nodes, files to all but the master; the file is written."""
        self.set_node(3, offline=True, master_candidate=False)
        self.run_op(OpClusterRedistConf())
        values = [m for m in self.context.fake.made if isinstance(m.request, SsconfUpdate)]
        files = [m for m in self.context.fake.made if isinstance(m.request, FileUpload)]
        self.assertEqual([m.node for m in values], [node_uuid(1), node_uuid(2)])
        self.assertEqual({m.node for m in files}, {node_uuid(2)})
        paths = [m.request.path for m in files if isinstance(m.request, FileUpload)]
        self.assertIn("/var/lib/ganeti/known_hosts", paths)
        self.assertNotIn("/var/lib/ganeti/rapi/users", paths, "a file that is not there")
        self.assertEqual(self.checkpoints, 1)

    def test_silent(self) -> None:
        """A node that does not answer is told, and the others are served."""
        self.context.fake.down = {node_uuid(2)}
        self.run_op(OpClusterRedistConf())
        self.assertTrue(any("node2.example.com did not take" in m for m in self.context.logged))
        self.assertIn(node_uuid(3), {m.node for m in self.context.fake.made})
