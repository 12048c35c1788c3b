"""The simple values on the nodes: at once where a node acts on them, else in company."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as FakeTime

from ganetix.errors import RemoteError
from ganetix.master.config.distribute import LATER, Distribution
from ganetix.model.change import Change
from ganetix.model.cluster import Cluster
from ganetix.rpc.call import Done
from ganetix.rpc.tables.files import SSCONF_UPDATE
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.masters import cluster, instance
from ganetix.testing.nodes import FakeNodes
from ganetix.toolkit.clock import Clock


class DistributionTests(AwaitingTestCase):
    """Two nodes that have everything already."""

    def setUp(self) -> None:
        """Push a cluster of two nodes without instances."""
        self.time = FakeTime()
        self.nodes = FakeNodes({SSCONF_UPDATE.name: self._take})
        self.distribution = Distribution(self.nodes, Clock(self.time, self.time.seconds))
        self.taken: list[dict[str, str]] = []
        self.before = cluster(2)
        self.distribution.push(self.before)
        self.taken.clear()

    async def _take(self, node: str, request: Any) -> Done:
        self.taken.append(dict(request.values))
        return Done()

    def _added(self, *numbers: int) -> Cluster:
        after = cluster(2, tuple(instance(number) for number in numbers))
        self.distribution.committed(self.before, after, Change(instances=(instance(numbers[-1]),)))
        return after

    def test_instances_in_company(self) -> None:
        """Two instances that are added one after the other are one push to each node."""
        self.before = self._added(1)
        self.before = self._added(1, 2)
        self.assertEqual(self.taken, [])
        self.time.advance(LATER)
        names = "instance1.example.com\ninstance2.example.com"
        self.assertEqual([sent["instance_list"].strip() for sent in self.taken], [names] * 2)
        self.assertEqual(self.time.getDelayedCalls(), [])

    def test_others_at_once(self) -> None:
        """A change of the cluster's own values waits for nothing, and takes the rest along."""
        self._added(1)
        after = cluster(2, (instance(1),), cluster_name="other.example.com")
        self.distribution.committed(self.before, after, Change(cluster=after.cluster))
        self.assertEqual(
            {sent["cluster_name"].strip() for sent in self.taken}, {"other.example.com"}
        )
        self.assertIn("instance1", self.taken[0]["instance_list"])
        self.assertEqual(self.time.getDelayedCalls(), [])

    def test_connected_meanwhile(self) -> None:
        """A node that connects while another is slow gets its values at once."""
        hanging: Deferred[Done] = Deferred()

        async def take(node: str, request: Any) -> Done:
            self.taken.append({"node": node})
            return await hanging if node == "node1-uuid" else Done()

        self.nodes = FakeNodes({SSCONF_UPDATE.name: take}, {"node2-uuid"})
        distribution = Distribution(self.nodes, Clock(self.time, self.time.seconds))
        distribution.push(self.before)
        self.nodes.down.clear()
        distribution.node_connected("node2-uuid")
        self.assertEqual([row["node"] for row in self.taken], ["node1-uuid", "node2-uuid"])
        hanging.callback(Done())

    def test_back_before_the_loss_is_told(self) -> None:
        """A node that is back while a call to its old session is still to fail is sent all."""
        calls: list[Deferred[Done]] = []

        async def take(node: str, request: Any) -> Done:
            calls.append(Deferred())
            return await calls[-1]

        self.nodes = FakeNodes({SSCONF_UPDATE.name: take}, {"node2-uuid"})
        distribution = Distribution(self.nodes, Clock(self.time, self.time.seconds))
        distribution.push(self.before)
        distribution.node_connected("node1-uuid")
        calls[0].errback(RemoteError("The connection was lost."))
        self.assertEqual(len(calls), 2)
        calls[1].callback(Done())
        distribution.push(self.before)
        self.assertEqual(len(calls), 2)

    def test_stop(self) -> None:
        """What still waits for company is pushed by a stop."""
        self._added(1)
        self.awaited(self.distribution.stop())
        self.assertEqual(len(self.taken), 2)
        self.assertEqual(self.time.getDelayedCalls(), [])
