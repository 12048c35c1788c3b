"""What everyone who takes the nodes' events promises, as one set of tests."""

from collections.abc import Callable
from typing import Protocol

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from ganetix.rpc.events import InstanceEvent
from ganetix.rpc.interfaces import IEventSink
from ganetix.rpc.tables.instances import InstanceState


class SinkWorld(Protocol):
    """A sink, and a look at what it has taken."""

    sink: IEventSink

    def running(self, node: str) -> set[str] | None:
        """Return the instances that run on *node*; None when the node is not heard."""


def _runs(name: str) -> InstanceEvent:
    return InstanceEvent(name, InstanceState(name, 128, 1, "running"))


def make_event_sink_tests(make_world: Callable[[], SinkWorld]) -> type[SynchronousTestCase]:
    """Return the tests of `IEventSink` for the sink that *make_world* makes."""

    class EventSinkTests(SynchronousTestCase):
        """What every sink promises."""

        def setUp(self) -> None:
            """A sink that knows two nodes."""
            self.world = make_world()
            self.world.sink.whole("node1", [_runs("web"), _runs("mail")])
            self.world.sink.whole("node2", [])

        def test_interface(self) -> None:
            """The sink provides the interface."""
            self.assertTrue(verifyObject(IEventSink, self.world.sink))

        def test_whole(self) -> None:
            """The whole state is known, each node's apart; a node with nothing is heard too."""
            self.assertEqual(self.world.running("node1"), {"web", "mail"})
            self.assertEqual(self.world.running("node2"), set())

        def test_whole_replaces(self) -> None:
            """What is missing in a new whole state is not known any more."""
            self.world.sink.whole("node1", [_runs("mail")])
            self.assertEqual(self.world.running("node1"), {"mail"})

        def test_event(self) -> None:
            """A change is taken: an instance begins to run, or stops."""
            self.world.sink.event("node2", _runs("new"))
            self.world.sink.event("node1", InstanceEvent("web", None))
            self.assertEqual(self.world.running("node1"), {"mail"})
            self.assertEqual(self.world.running("node2"), {"new"})

        def test_lost(self) -> None:
            """A lost node has no data, whatever it pushed before; the others keep theirs."""
            self.world.sink.lost("node1")
            self.assertIsNone(self.world.running("node1"))
            self.assertEqual(self.world.running("node2"), set())

    return EventSinkTests
