"""Live facts as the nodes pushed them: what lists and queries show without asking a node.

A node is heard while it has a session; a lost one has no data, whatever it pushed before. What a
job did is noted here before the job succeeds, so that its own effects are visible at once.
"""

from collections.abc import Callable, Sequence, Set
from typing import Final

import attrs
from zope.interface import implementer

from ganetix.rpc.events import Event, FiguresEvent, InstanceEvent
from ganetix.rpc.interfaces import IEventSink
from ganetix.rpc.tables.checks import NodeInfo
from ganetix.rpc.tables.instances import InstanceState

_NOWHERE: Final[frozenset[str]] = frozenset()


@attrs.define
class NodeLive:
    """One node's facts; *figures* is None until the first push."""

    figures: NodeInfo | None = None
    instances: dict[str, InstanceState] = attrs.field(factory=dict)


@implementer(IEventSink)
@attrs.define(eq=False)
class LiveState:
    """What the nodes with an open session said last, by node uuid.

    *told* hears which node changed, and which instance there; None: the node as a whole.
    """

    told: Callable[[str, str | None], object] = lambda node, instance: None
    nodes: dict[str, NodeLive] = attrs.field(factory=dict)
    _places: dict[str, set[str]] = attrs.field(factory=dict, init=False)
    """Instance name to the nodes on which it runs."""

    def node(self, uuid: str) -> NodeLive | None:
        """Return the facts of a node, or None when it is not heard."""
        return self.nodes.get(uuid)

    def running_on(self, name: str) -> Set[str]:
        """Return the uuids of the nodes on which the instance *name* runs now; not to be kept."""
        return self._places.get(name, _NOWHERE)

    def whole(self, node: str, events: Sequence[Event]) -> None:
        """Take the whole state of *node*, in place of what was known."""
        self._forget(node)
        self.nodes[node] = NodeLive()
        for event in events:
            self._take(node, event)
        self.told(node, None)

    def event(self, node: str, event: Event) -> None:
        """Take one change."""
        self._take(node, event)
        if isinstance(event, InstanceEvent):
            self.told(node, event.name)

    def lost(self, node: str) -> None:
        """Forget *node*: it is not heard any more."""
        self._forget(node)
        self.told(node, None)

    def note_instance(self, node: str, name: str, state: InstanceState | None) -> None:
        """Note that *name* runs on *node* as *state*, or does not."""
        self._note(node, name, state)
        self.told(node, name)

    def _take(self, node: str, event: Event) -> None:
        if isinstance(event, InstanceEvent):
            self._note(node, event.name, event.state)
        elif isinstance(event, FiguresEvent):
            self.nodes.setdefault(node, NodeLive()).figures = event.info

    def _forget(self, node: str) -> None:
        gone = self.nodes.pop(node, None)
        for name in () if gone is None else gone.instances:
            self._leave(node, name)

    def _note(self, node: str, name: str, state: InstanceState | None) -> None:
        rows = self.nodes.setdefault(node, NodeLive()).instances
        if state is not None:
            rows[name] = state
            self._places.setdefault(name, set()).add(node)
        elif rows.pop(name, None) is not None:
            self._leave(node, name)

    def _leave(self, node: str, name: str) -> None:
        places = self._places.get(name, set())
        places.discard(node)
        if not places:
            self._places.pop(name, None)
