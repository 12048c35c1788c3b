"""The live state of the cluster takes what nodes push."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from ganetix.master.livestate import LiveState
from ganetix.rpc.tables.instances import InstanceState
from ganetix.testing.event_sinks import make_event_sink_tests


@attrs.frozen
class World:
    """The live state and a look at it."""

    sink: LiveState = attrs.field(factory=LiveState)

    def running(self, node: str) -> set[str] | None:
        """Return the instances that run on *node*; None when it is not heard."""
        known = self.sink.node(node)
        return None if known is None else set(known.instances)


class LiveStateTests(make_event_sink_tests(World)):  # type: ignore[misc]  # made by a function
    """The live state as a sink."""


class PlaceTests(SynchronousTestCase):
    """Where an instance runs."""

    def test_two_places(self) -> None:
        """An instance that two nodes report is known on both, until one of them is lost."""
        live = LiveState()
        for node in ("node1", "node2"):
            live.note_instance(node, "web", InstanceState("web", 128, 1, "running"))
        self.assertEqual(live.running_on("web"), {"node1", "node2"})
        live.lost("node2")
        self.assertEqual(live.running_on("web"), {"node1"})

    def test_nowhere(self) -> None:
        """An instance that stopped, and one that nobody knows, run nowhere."""
        live = LiveState()
        live.note_instance("node1", "web", InstanceState("web", 128, 1, "running"))
        live.note_instance("node1", "web", None)
        self.assertEqual(live.running_on("web"), frozenset())
        self.assertEqual(live.running_on("other"), frozenset())
