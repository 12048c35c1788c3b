"""Promises of a node's figures: they are what it tells its master."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix.node.metrics import read
from ganetix.rpc.events import EventSource, FiguresEvent, InstanceEvent
from ganetix.rpc.tables.checks import NodeInfo
from ganetix.rpc.tables.instances import InstanceState
from ganetix.toolkit.metrics import Metrics
from ganetix_test.toolkit.test_metrics import parsed


async def turn() -> None:
    """Give nobody a turn."""


class NodeMetricsTests(SynchronousTestCase):
    """The figures of one node."""

    def test_read(self) -> None:
        """Guests with their memory and time, and the machine's own figures."""
        source = EventSource("boot")
        metrics = Metrics(turn, lambda: read(source))
        found = parsed(self.successResultOf(Deferred.fromCoroutine(metrics.text())))
        self.assertEqual(found, {"ganetix_noded_guests": {(): 0.0}})
        source.publish(InstanceEvent("web", InstanceState("web", 128, 1, "running", 7.5)))
        source.publish(FiguresEvent(NodeInfo("b", 4096, 1024, 512, 8)))
        found = parsed(self.successResultOf(Deferred.fromCoroutine(metrics.text())))
        self.assertEqual(found["ganetix_noded_guests"], {(): 1.0})
        self.assertEqual(found["ganetix_noded_guest_cpu_seconds"], {("web",): 7.5})
        self.assertEqual(found["ganetix_noded_memory_bytes"]["free",], 1 << 30)
        self.assertEqual(found["ganetix_noded_cpus"], {(): 8.0})
