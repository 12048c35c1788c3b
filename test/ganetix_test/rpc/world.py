"""A master's pool and some nodes' servers on a network in memory, under a fake clock."""

from collections.abc import Coroutine, Sequence
from random import Random
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as FakeClock
from zope.interface import implementer

from ganetix.ids import Randomness
from ganetix.rpc.admission import Admission
from ganetix.rpc.client import ClientPool
from ganetix.rpc.events import Event, EventSource
from ganetix.rpc.interfaces import Claim, Handlers, IEventSink, IMastership, NodeAddress
from ganetix.rpc.server import NodeServer
from ganetix.rpc.tables.sessions import MasterInfo, VersionInfo
from ganetix.testing.pipes import PipeAddress, PipeNetwork
from ganetix.tls.identity import Identity
from ganetix.toolkit.clock import Clock

VERSIONS = VersionInfo("0.1", 1, 1)
FIRST = Claim(1, "master")


def seeded(seed: int) -> Randomness:
    """Return randomness that repeats."""
    source = Random(seed)
    return Randomness(source.randbytes, source.random)


@implementer(IMastership)
@attrs.define(eq=False)
class MemoryMastership:
    """A node's epoch, kept in memory; *gate* holds up raising it."""

    info: MasterInfo = attrs.field(factory=lambda: MasterInfo("", 0))
    gate: Deferred[None] | None = None

    def get(self) -> MasterInfo:
        """See `IMastership`."""
        return self.info

    async def raise_to(self, epoch: int, master_node: str) -> None:
        """See `IMastership`."""
        if self.gate is not None:
            await self.gate
        self.info = MasterInfo(master_node, epoch)


@implementer(IEventSink)
@attrs.define(eq=False)
class Heard:
    """An event sink that notes what it hears."""

    notes: list[tuple[str, str, object]] = attrs.field(factory=list)

    def whole(self, node: str, events: Sequence[Event]) -> None:
        """See `IEventSink`."""
        self.notes.append(("whole", node, list(events)))

    def event(self, node: str, event: Event) -> None:
        """See `IEventSink`."""
        self.notes.append(("event", node, event))

    def lost(self, node: str) -> None:
        """See `IEventSink`."""
        self.notes.append(("lost", node, None))


@attrs.define(eq=False)
class Node:
    """One node's server, its mastership and its events."""

    server: NodeServer
    mastership: MemoryMastership
    events: EventSource


@attrs.define(eq=False)
class World:
    """Everything; *candidates* is every node's list of master candidates."""

    fake: FakeClock = attrs.field(factory=FakeClock)
    candidates: dict[str, str] = attrs.field(factory=dict)
    nodes: dict[str, Node] = attrs.field(factory=dict)
    refusals: list[tuple[str, MasterInfo]] = attrs.field(factory=list)
    heard: Heard = attrs.field(factory=Heard)
    clock: Clock = attrs.field(init=False)
    network: PipeNetwork = attrs.field(init=False)
    _boots: int = 0

    def __attrs_post_init__(self) -> None:
        """Make the network."""
        self.clock = Clock(self.fake, lambda: 1e9 + self.fake.seconds())
        self.network = PipeNetwork(self.clock)

    def host(self, name: str, candidate: bool = True, role: str = "node") -> None:
        """Give host *name* a certificate."""
        self.network.identify(name, Identity(name, frozenset({role}), f"digest of {name}"))
        if candidate:
            self.candidates[name] = f"digest of {name}"

    def node(self, name: str, handlers: Handlers, versions: VersionInfo = VERSIONS) -> Node:
        """Start a node's daemon, or start it again."""
        self._boots += 1
        before = self.nodes.get(name)
        mastership = before.mastership if before else MemoryMastership()
        events = EventSource(f"boot-{self._boots}")
        server = NodeServer(
            handlers,
            mastership,
            Admission(lambda: self.candidates, self.network.identity_of),
            events,
            self.clock,
            versions,
        )
        self.done(server.start())
        self.network.listen(PipeAddress(name, 1811), server.factory)
        self.nodes[name] = Node(server, mastership, events)
        return self.nodes[name]

    def pool(
        self,
        host: str = "master",
        claim: Claim | None = FIRST,
        versions: VersionInfo = VERSIONS,
        offline: Sequence[str] = (),
    ) -> ClientPool:
        """Start a pool on *host* that knows all nodes; candidates have been given by `host`."""
        pool = ClientPool(
            lambda: {n: NodeAddress(n, n, n, 1811, n in offline) for n in self.nodes},
            lambda node: self.network.client(host, node.ip, node.port),
            lambda: claim,
            self.heard,
            lambda node, info: self.refusals.append((node, info)),
            self.clock,
            seeded(1),
            versions,
        )
        self.done(pool.start())
        return pool

    def run(self, seconds: float) -> None:
        """Let *seconds* pass, moving from event to event."""
        until = self.fake.seconds() + seconds
        while (calls := self.fake.getDelayedCalls()) and min(c.getTime() for c in calls) <= until:
            nearest = min(call.getTime() for call in calls)
            self.fake.advance(max(0.0, nearest - self.fake.seconds()))
        self.fake.advance(max(0.0, until - self.fake.seconds()))

    def done(self, work: Coroutine[Any, Any, Any], seconds: float = 0.0) -> Any:
        """Return what *work* returned within *seconds*, or raise what it raised."""
        results: list[Any] = []
        running = Deferred.fromCoroutine(work)
        running = running.addBoth(results.append)
        self.run(seconds)
        if not results:
            raise AssertionError(f"Not done within {seconds} seconds.")
        if hasattr(results[0], "raiseException"):
            results[0].raiseException()
        return results[0]
