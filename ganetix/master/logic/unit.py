"""What a unit of logic is, and what it is given.

The executor runs one opcode so: validate, ``locks``, acquire, ``check`` (which returns a plan),
``hooks``, pre hooks, the dry-run stop, ``execute``, post hooks, the configuration hook. A unit has
no state of its own; everything that it learns in ``check`` it returns as the plan.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, Protocol, TypeVar

import attrs
import msgspec
from zope.interface import Interface

from ganetix.ids import Randomness
from ganetix.model import mirrors
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.opcodes.base import OpCode
from ganetix.paths import Paths
from ganetix.rpc.call import Call
from ganetix.toolkit.clock import Clock

Level = Literal["cluster", "instance", "nodegroup", "node", "node-res", "network"]
Mode = Literal["shared", "exclusive"]

ALL = "[lockset]"
"""As a key: every object of the level."""

Op_contra = TypeVar("Op_contra", bound=OpCode, contravariant=True)
Plan = TypeVar("Plan")


@attrs.frozen
class Want:
    """Locks wanted at one level: *keys* (instance names, else uuids), or `ALL`.

    *opportunistic* takes those of *keys* that are free now, at least *at_least* of them.
    """

    level: Level
    keys: tuple[str, ...]
    mode: Mode = "exclusive"
    opportunistic: bool = False
    at_least: int = 1


BGL_SHARED = Want("cluster", ("BGL",), "shared")
BGL_EXCLUSIVE = Want("cluster", ("BGL",), "exclusive")


@attrs.frozen
class Hooks:
    """Hooks of an opcode: directory *path*, variables without prefix, node uuids for each phase."""

    path: str
    object_type: str
    env: Mapping[str, str]
    pre_nodes: tuple[str, ...]
    post_nodes: tuple[str, ...]


class UndoAction(msgspec.Struct, frozen=True, omit_defaults=True):
    """An undo as data, so that it survives a crash of the master.

    Either a node call (*node*, *call*, *request* as plain JSON values), or the removal of
    *drop_instance* with its disks from the configuration, or *restore*: the `Change` (as plain JSON
    values) that brings objects back, or *settings*: fields of the cluster's settings as they were.
    """

    what: str
    node: str = ""
    call: str = ""
    request: Any = None
    drop_instance: str = ""
    restore: Any = None
    settings: Any = None

    def change_of(self, cluster: Cluster) -> Change | None:
        """Return what it changes in the configuration; None for nothing."""
        if self.restore is not None:
            return msgspec.convert(self.restore, Change)
        if self.settings is not None:
            own = msgspec.structs.replace(cluster.cluster, **self.settings)
            return Change(cluster=own)
        instance = cluster.instances.get(self.drop_instance)
        return None if instance is None else mirrors.without_instance(cluster, instance)


class Context(Protocol):
    """What a unit may use while it checks and executes."""

    job_id: int
    resumed: Any
    """What `rest` recorded before a restart, or None."""

    @property
    def clock(self) -> Clock:
        """Time."""

    @property
    def randomness(self) -> Randomness:
        """The source of uuids, MAC addresses and secrets."""

    @property
    def paths(self) -> Paths:
        """The master's own paths."""

    @property
    def cluster(self) -> Cluster:
        """The newest committed configuration."""

    @property
    def behind(self) -> frozenset[str]:
        """The master candidates (node uuids) that lack acknowledged changes."""

    def nodes(self) -> Any:
        """The nodes, see `ganetix.rpc.call.INodes`."""

    async def call(self, node: str, call: Call[Any, Any], request: Any) -> Any:
        """Make a node call for this job (request id, job id and deadline are set)."""

    async def call_each(
        self, nodes: Iterable[str], call: Call[Any, Any], request: Any
    ) -> Mapping[str, Any]:
        """Make a call on several nodes; values are responses or `GanetiError`s."""

    async def commit(
        self, change_of: Callable[[Cluster], Change], *, settles: bool = False
    ) -> Cluster:
        """Apply the change that *change_of* makes of the newest configuration, durably.

        *change_of* is pure and called once; if it raises, nothing changes. With *settles* what was
        done so far stays: the undo actions are forgotten by the very record that has the change,
        so that no crash can separate the two.
        """

    def log(self, message: str) -> None:
        """Add a message to the job's log."""

    def log_entry(self, kind: str, payload: Any) -> None:
        """Add an entry of another type (``message-list``, ...) to the job's log."""

    async def undo(self, *actions: UndoAction) -> None:
        """Journal *actions* before the steps that they undo; run in reverse if the opcode fails."""

    def undo_after_commit(self, *actions: UndoAction) -> None:
        """Like `undo`, without a wait: the steps come after the next `commit`, which covers it."""

    def undo_done(self) -> None:
        """What was done so far stays: forget the undo actions."""

    async def rest(self, state: Any, wait: Callable[[], Awaitable[Any]]) -> Any:
        """Await ``wait()`` at a place where the opcode can be resumed from *state* (JSON values).

        A clean stop of the daemon cancels the wait; the next start calls ``execute`` again with
        `resumed` set to *state*. A cancelled job also ends here.
        """

    async def rested(self) -> None:
        """Forget what `rest` recorded: what comes now can't be done twice."""

    def reserved(self, network: str) -> frozenset[str]:
        """Return the addresses of *network* (uuid) that other opcodes are about to give away."""

    def reserve(self, network: str, address: str) -> None:
        """Keep *address* of *network* from other opcodes until this one ends."""

    def release(self, level: Level, keys: Iterable[str] | None = None) -> None:
        """Give back locks before the end; None: all of the level."""

    def downgrade(self, level: Level) -> None:
        """Hold the locks of *level* only shared from now on."""

    def owned(self, level: Level) -> frozenset[str]:
        """The keys held at *level*."""

    async def submit(self, jobs: list[list[OpCode]]) -> list[list[Any]]:
        """Submit child jobs; returns ``[[True, id], ...]``."""


class Unit(Protocol[Op_contra, Plan]):
    """One opcode's logic. See `IUnit`."""

    @property
    def resumable(self) -> bool:
        """Whether ``execute`` can go on from a state that it gave to `Context.rest`."""

    def locks(self, op: Op_contra, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""

    async def check(self, op: Op_contra, context: Context) -> Plan:
        """See `IUnit`."""

    def hooks(self, op: Op_contra, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""

    async def execute(self, op: Op_contra, plan: Plan, context: Context) -> Any:
        """See `IUnit`."""


class IUnit(Interface):
    """One opcode's logic; stateless."""

    def locks(op: Any, cluster: Cluster) -> list[Want]:
        """Return the wanted locks, pure; raise OpPrereqError for unknown names.

        The executor calls it again once the locks are held; if the answer has changed it
        starts over.
        """

    def check(op: Any, context: Context) -> Awaitable[Any]:
        """Check the preconditions under the locks, change nothing, return the plan.

        Raise `errors.OpPrereqError` with a sentence when a precondition does not hold.
        """

    def hooks(op: Any, plan: Any, cluster: Cluster) -> Hooks | None:
        """Return the hooks, pure. Called again after execute for the post variables."""

    def execute(op: Any, plan: Any, context: Context) -> Awaitable[Any]:
        """Do the work and return the opcode's result (JSON values)."""
