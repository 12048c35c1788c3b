"""What nodes push reaches the live state also before the master is open."""

import attrs

from ganetix.daemons.master_tree import Current, NodeEvents
from ganetix.master.livestate import LiveState
from ganetix.testing.event_sinks import make_event_sink_tests
from ganetix.testing.masters import cluster


@attrs.frozen
class World:
    """The master daemon's sink, before the master is open, and a look at the live state."""

    live: LiveState = attrs.field(factory=LiveState)

    @property
    def sink(self) -> NodeEvents:
        """The sink."""
        return NodeEvents(self.live, Current(cluster()))

    def running(self, node: str) -> set[str] | None:
        """Return the instances that run on *node*; None when it is not heard."""
        known = self.live.node(node)
        return None if known is None else set(known.instances)


class NodeEventsTests(make_event_sink_tests(World)):  # type: ignore[misc]  # made by a function
    """The master daemon's sink."""
