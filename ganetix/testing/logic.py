"""Units of logic without a daemon: a cluster, nodes that keep what they are told, a context."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import attrs
import msgspec
from twisted.internet.task import Clock as FakeReactor

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.master.logic.unit import ALL, Hooks, Level, UndoAction, Unit, Want
from ganetix.master.verify import around
from ganetix.model.changes import Change, apply, stamped
from ganetix.model.cluster import Cluster
from ganetix.model.codec import ConfigData, indexed
from ganetix.model.objects import Node, NodeGroup, Settings
from ganetix.opcodes.base import OpCode
from ganetix.paths import Paths
from ganetix.rpc.call import Call
from ganetix.rpc.calls import TABLE
from ganetix.testing.dice import seeded
from ganetix.testing.nodes import FakeHandler, FakeNodes
from ganetix.testing.world import World
from ganetix.toolkit.clock import Clock

GROUP = "00000000-0000-4000-8000-0000000000aa"


def node_uuid(number: int) -> str:
    """Return the uuid of test node *number*."""
    return f"00000000-0000-4000-8000-{number:012d}"


def three_nodes(**fields: Any) -> Cluster:
    """Return a cluster of node1 (the master), node2 and node3; *fields* are its settings."""
    settings = {
        "enabled_hypervisors": ["fake"],
        "enabled_disk_templates": ["file", "sharedfile", "diskless"],
        "tcpudp_port_pool": [],
        **fields,
    }
    cluster = Settings(
        "00000000-0000-4000-8000-0000000000cc", "cluster.example.com", node_uuid(1),
        "127.0.0.1", "lo", 8, **settings,
    )  # fmt: skip
    nodes = [
        Node(
            node_uuid(number), f"node{number}.example.com", f"127.0.0.{10 + number}",
            f"127.0.0.{10 + number}", GROUP, master_candidate=True,
        )
        for number in (1, 2, 3)
    ]  # fmt: skip
    group = NodeGroup(GROUP, "default")
    return indexed(
        ConfigData(
            3000000, cluster, {node.uuid: node for node in nodes}, {GROUP: group},
            {}, {}, {}, {}, 1, 0.0, 0.0,
        )
    )  # fmt: skip


@attrs.define(eq=False)
class LogicContext:
    """Implements `ganetix.master.logic.unit.Context`: commits at once, keeps the log.

    All locks that a unit wants are held; of nodes that it wants opportunistically only *free*.
    """

    state: Cluster
    world: World = attrs.field(factory=World)
    handlers: dict[str, FakeHandler] = attrs.field(factory=dict)
    job_id: int = 1
    resumed: Any = None
    paths: Paths = attrs.field(factory=lambda: Paths("", "node1.example.com"))
    randomness: Randomness = attrs.field(factory=lambda: seeded(1))
    reactor: FakeReactor = attrs.field(factory=FakeReactor)
    logged: list[str] = attrs.field(factory=list)
    entries: list[tuple[str, Any]] = attrs.field(factory=list)
    commits: list[Change] = attrs.field(factory=list)
    rests: list[Any] = attrs.field(factory=list)
    submitted: list[list[OpCode]] = attrs.field(factory=list)
    pending: list[UndoAction] = attrs.field(factory=list)
    journalled: list[bytes] = attrs.field(factory=list)
    released: list[tuple[Level, frozenset[str] | None]] = attrs.field(factory=list)
    downgraded: list[Level] = attrs.field(factory=list)
    wants: list[Want] = attrs.field(factory=list)
    behind: frozenset[str] = frozenset()
    free: frozenset[str] | None = None
    kept_by_others: dict[str, frozenset[str]] = attrs.field(factory=dict)
    kept: set[tuple[str, str]] = attrs.field(factory=set)
    fake: FakeNodes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Connect the nodes to the world."""
        self.world.digests = lambda: around.digests(self.state)
        self.fake = FakeNodes({**self.world.handlers(), **self.handlers})

    @property
    def clock(self) -> Clock:
        """See `Context`: wall time is the fake clock's."""
        return Clock(self.reactor, self.reactor.seconds)

    @property
    def cluster(self) -> Cluster:
        """See `Context`."""
        return self.state

    def nodes(self) -> FakeNodes:
        """See `Context`."""
        return self.fake

    async def call(self, node: str, call: Call[Any, Any], request: Any) -> Any:
        """See `Context`."""
        try:
            return await self.fake.call(node, call, request)
        except errors.OF_NODES as error:
            known = self.cluster.nodes.get(node)
            raise errors.with_place(error, known.name if known else "") from error

    async def call_each(
        self, nodes: Iterable[str], call: Call[Any, Any], request: Any
    ) -> Mapping[str, Any]:
        """See `Context`."""
        return await self.fake.call_each(nodes, call, request)

    async def commit(
        self, change_of: Callable[[Cluster], Change], *, settles: bool = False
    ) -> Cluster:
        """See `Context`."""
        now = self.reactor.seconds()
        change = stamped(self.state, change_of(self.state), now)
        self.state = apply(self.state, change, now)
        self.commits.append(change)
        if settles:
            self.undo_done()
        return self.state

    def log(self, message: str) -> None:
        """See `Context`."""
        self.logged.append(message)

    def log_entry(self, kind: str, payload: Any) -> None:
        """See `Context`."""
        self.entries.append((kind, payload))

    async def undo(self, *actions: UndoAction) -> None:
        """See `Context`."""
        self.undo_after_commit(*actions)

    def undo_after_commit(self, *actions: UndoAction) -> None:
        """See `Context`; what is journalled must survive its own encoding."""
        raw = msgspec.json.encode(actions)
        self.journalled.append(raw)
        self.pending += msgspec.json.decode(raw, type=list[UndoAction])

    def undo_done(self) -> None:
        """See `Context`."""
        self.pending.clear()

    async def rest(self, state: Any, wait: Callable[[], Awaitable[Any]]) -> Any:
        """See `Context`; *state* must be JSON values."""
        self.rests.append(msgspec.json.decode(msgspec.json.encode(state)))
        return await wait()

    async def rested(self) -> None:
        """See `Context`."""
        if self.rests:
            self.rests.append(None)

    def reserved(self, network: str) -> frozenset[str]:
        """See `Context`: what a test says that others keep."""
        return self.kept_by_others.get(network, frozenset())

    def reserve(self, network: str, address: str) -> None:
        """See `Context`."""
        self.kept.add((network, address))

    def release(self, level: Level, keys: Iterable[str] | None = None) -> None:
        """See `Context`."""
        self.released.append((level, None if keys is None else frozenset(keys)))

    def downgrade(self, level: Level) -> None:
        """See `Context`."""
        self.downgraded.append(level)

    def owned(self, level: Level) -> frozenset[str]:
        """See `Context`: everything that the unit wanted and has not given back."""
        keys = {key for want in self.wants if want.level == level for key in want.keys}
        if ALL in keys and level in ("node", "node-res"):
            keys = set(self.state.nodes)
        chance = any(want.opportunistic for want in self.wants if want.level == level)
        return self.free if chance and self.free is not None else frozenset(keys)

    async def submit(self, jobs: list[list[OpCode]]) -> list[list[Any]]:
        """See `Context`."""
        self.submitted += jobs
        return [[True, 100 + index] for index in range(len(jobs))]

    async def run_undo(self) -> None:
        """Undo as the executor does: in reverse, failures do not stop the rest."""
        while self.pending:
            action = self.pending.pop()
            try:
                await self._undo_one(action)
            except errors.GanetiError as error:
                self.logged.append(f"{action.what} could not be undone: {error.message}")

    async def _undo_one(self, action: UndoAction) -> None:
        if action.call:
            call = TABLE[action.call]
            await self.call(action.node, call, msgspec.convert(action.request, call.request))
        change = action.change_of(self.state)
        if change is not None:
            await self.commit(lambda cluster: change)


async def run(unit: Unit[Any, Any], op: OpCode, context: LogicContext) -> Any:
    """Run *op* as the executor does, without hooks; undo if it fails; check that hooks are pure."""
    context.wants = unit.locks(op, context.cluster)
    plan = await unit.check(op, context)
    before = hooks_of(unit, op, plan, context)
    if op.dry_run:
        return getattr(plan, "dry_run_result", None)
    try:
        result = await unit.execute(op, plan, context)
    except errors.GanetiError:
        await context.run_undo()
        raise
    after = hooks_of(unit, op, plan, context)
    if (before is None) != (after is None):
        raise AssertionError(f"{op} has hooks only before or only after.")
    return msgspec.json.decode(msgspec.json.encode(result))


def hooks_of(unit: Unit[Any, Any], op: OpCode, plan: Any, context: LogicContext) -> Hooks | None:
    """Return the hooks of *op*; every variable must be a text."""
    hooks = unit.hooks(op, plan, context.cluster)
    for key, value in (hooks.env if hooks else {}).items():
        if not isinstance(value, str):
            raise TypeError(f"Hook variable {key} of {op} is {value!r}.")
    return hooks
