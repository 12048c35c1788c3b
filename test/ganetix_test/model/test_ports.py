"""Ports of the cluster."""

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model import ports
from ganetix.model.changes import Change, apply
from ganetix.testing.logic import three_nodes


class PortTests(SynchronousTestCase):
    """Which port comes next."""

    def test_fresh(self) -> None:
        """New ports follow the highest one that was ever given."""
        found, change = ports.take(three_nodes(highest_used_port=11005), 2)
        self.assertEqual(found, [11006, 11007])
        assert change.cluster is not None
        self.assertEqual(change.cluster.highest_used_port, 11007)

    def test_given_back(self) -> None:
        """Ports that were given back are taken first, and are in nobody's pool then."""
        cluster = three_nodes(highest_used_port=11005, tcpudp_port_pool=[11003, 11001])
        found, change = ports.take(cluster, 2)
        self.assertEqual(found, [11001, 11003])
        assert change.cluster is not None
        self.assertEqual(change.cluster.tcpudp_port_pool, [])
        self.assertEqual(
            apply(cluster, Change(cluster=change.cluster), 0.0).cluster, change.cluster
        )

    def test_none_left(self) -> None:
        """Without a free port it is refused in words."""
        cluster = three_nodes(highest_used_port=ports.LAST)
        with self.assertRaisesRegex(errors.OpPrereqError, "All ports from 11000 to 14999"):
            ports.take(cluster)
        before = msgspec.structs.replace(cluster.cluster, highest_used_port=ports.LAST - 1)
        found, _ = ports.take(apply(cluster, Change(cluster=before), 0.0))
        self.assertEqual(found, [ports.LAST])
