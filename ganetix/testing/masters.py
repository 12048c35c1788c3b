"""A master without nodes or real time: the core on a fake file system, driven by hand."""

from collections.abc import Mapping
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as TwistedClock

from ganetix.ids import Randomness
from ganetix.master.jobs.execute import Units
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, Want
from ganetix.master.service import Master
from ganetix.master.store.store import StoreParts
from ganetix.model.cluster import Cluster
from ganetix.model.codec import ConfigData, encode_config, indexed
from ganetix.model.objects import Instance, Node, NodeGroup, Settings
from ganetix.opcodes.base import OpCode
from ganetix.paths import Paths
from ganetix.testing.dice import seeded
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.nodes import FakeNodes
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock

EPOCH = 1_800_000_000.0
"""Wall time at which a test's clock begins, seconds since the epoch."""
GROUP = NodeGroup("group-uuid", "default")


def settings(**fields: Any) -> Settings:
    """Return the parameters of a test cluster with *fields* set."""
    given: dict[str, Any] = {
        "uuid": "cluster-uuid",
        "cluster_name": "cluster.example.com",
        "master_node": "node1-uuid",
        "master_ip": "198.51.100.1",
        "master_netdev": "lo",
        "master_netmask": 32,
        "enabled_hypervisors": ["fake"],
        "hvparams": {"fake": {"migration_mode": "live"}},
        "enabled_disk_templates": ["file", "sharedfile", "diskless"],
        **fields,
    }
    return Settings(**given)


def node(number: int, **fields: Any) -> Node:
    """Return node *number*: ``node1.example.com`` with uuid ``node1-uuid``, and so on."""
    given: dict[str, Any] = {"master_candidate": number == 1, **fields}
    address = f"198.51.100.{10 + number}"
    return Node(
        f"node{number}-uuid", f"node{number}.example.com", address, address, GROUP.uuid, **given
    )


def instance(number: int, **fields: Any) -> Instance:
    """Return the diskless instance *number* on node 1."""
    given: dict[str, Any] = {"primary_node": "node1-uuid", "admin_state": "up", **fields}
    return Instance(
        f"instance{number}-uuid",
        f"instance{number}.example.com",
        os="dummy",
        hypervisor="fake",
        **given,
    )


def cluster(nodes: int = 1, instances: tuple[Instance, ...] = (), **fields: Any) -> Cluster:
    """Return a cluster with that many nodes (all candidates) and *instances*."""
    rows = [node(n + 1, master_candidate=True) for n in range(nodes)]
    return indexed(
        ConfigData(
            version=3000000,
            cluster=settings(**fields),
            nodes={row.uuid: row for row in rows},
            nodegroups={GROUP.uuid: GROUP},
            instances={row.uuid: row for row in instances},
            networks={},
            disks={},
            filters={},
            serial_no=1,
            ctime=EPOCH,
            mtime=EPOCH,
        )
    )


@attrs.frozen
class ScriptedUnit:
    """A unit for tests: takes *wants*, then awaits what *work* returns."""

    work: Any
    wants: tuple[Want, ...] = (BGL_SHARED,)
    resumable: bool = False
    hooked: Hooks | None = None

    def locks(self, op: OpCode, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return list(self.wants)

    async def check(self, op: OpCode, context: Context) -> None:
        """See `IUnit`."""

    def hooks(self, op: OpCode, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return self.hooked

    async def execute(self, op: OpCode, plan: None, context: Context) -> Any:
        """See `IUnit`."""
        return await self.work(op, context)


@attrs.define(eq=False)
class MasterWorld:
    """One master on a fake machine. `boot` starts it, `crash` cuts the power."""

    units: Units
    nodes: FakeNodes = attrs.field(factory=FakeNodes)
    reactor: TwistedClock = attrs.field(factory=TwistedClock)
    randomness: Randomness = attrs.field(factory=lambda: seeded(1))
    paths: Paths = attrs.field(default=Paths("", "node1.example.com"))
    fs: FakeFileSystem = attrs.field(init=False)
    master: Master = attrs.field(init=False)
    _dead: list[TwistedClock] = attrs.field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        """Make the disk."""
        self.fs = FakeFileSystem(self.randomness.uniform)

    @property
    def clock(self) -> Clock:
        """The clock; wall time runs with the fake reactor's."""
        return Clock(self.reactor, lambda: EPOCH + self.reactor.seconds())

    def install(self, state: Cluster) -> None:
        """Put *state* on the disk as a checkpoint."""
        self.fs.make_dirs(self.paths.queue_dir, 0o750)
        self.fs.make_dirs(self.paths.archive_dir, 0o750)
        self.fs.replace(self.paths.config_file, encode_config(state), 0o640, True)
        self.fs.sync(self.paths.config_file)

    def boot(self, epoch: int = 1) -> Deferred[None]:
        """Start a master on what the disk holds; fires when it is ready."""
        worker = InlineWorker()
        parts = StoreParts(self.clock, self.fs, self.paths, self.nodes, worker, worker)
        self.master = Master(parts, self.randomness, self.units, epoch)
        return Deferred.fromCoroutine(self.master.start())

    def crash(self) -> None:
        """Cut the power: what was not synced may be lost, and what waited never goes on."""
        self.master.abandon()
        self.fs.crash()
        self._dead.append(self.reactor)
        self.reactor = TwistedClock()
        self.reactor.rightNow = self._dead[-1].seconds()

    def statuses(self) -> Mapping[int, str]:
        """Return the shown state of every job."""
        return {job.id: job.status for job in self.master.queue.jobs()}
