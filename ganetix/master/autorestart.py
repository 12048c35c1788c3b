"""Starts an instance again as soon as its node tells that it went down, beside the watcher's turns.

Only instances that carry the tag `TAG`, or whose group or cluster carries it, are brought back.
Each try waits longer than the one before; after the last one the instance is the watcher's again.
"""

from collections.abc import Mapping
from typing import Final

import attrs
from twisted.logger import Logger
from zope.interface import implementer

from ganetix import errors
from ganetix.master.livestate import LiveState
from ganetix.master.service import Master
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.instance_state import OpInstanceStartup
from ganetix.query.instance import status
from ganetix.query.view import View
from ganetix.rpc.events import Event, InstanceEvent
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.services import IAwaitedService
from ganetix.toolkit.tasks import Tasks

TAG: Final = "ganeti:watcher:autorestart"

DELAYS: Final = (1.0, 10.0, 60.0, 300.0, 900.0)
"""Seconds that each try waits; the first lets a job that stopped the instance say so."""
KEEP: Final = 8 * 3600.0
"""Seconds after its last try for which the tries of an instance count."""
_BUSY: Final = 1.0
"""Seconds after which an instance that a job has locked is looked at again."""
_NANO: Final = 1_000_000_000


@attrs.frozen
class Tries:
    """How often an instance was started, and when last (monotonic seconds)."""

    count: int = 0
    when: float = 0.0


def wanted(cluster: Cluster, instance: Instance) -> bool:
    """Whether *instance* is to be brought back by events: it, its group or the cluster says so."""
    group = cluster.nodegroups[cluster.nodes[instance.primary_node].group]
    return TAG in {*instance.tags, *group.tags, *cluster.cluster.tags}


@implementer(IAwaitedService)
@attrs.define(eq=False)
class AutoRestart:
    """Brings instances back; `event` and `whole` are told what nodes push."""

    master: Master
    live: LiveState
    clock: Clock
    name: str = "autorestart"
    log: Logger = attrs.field(factory=Logger)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _tries: dict[str, Tries] = attrs.field(factory=dict, init=False)
    _watched: set[str] = attrs.field(factory=set, init=False)
    """The instances, by uuid, that a task of ours looks after."""
    _started: bool = attrs.field(default=False, init=False)

    async def start(self) -> None:
        """Look at what went down while no master was there."""
        self._started = True
        self._look_at(self.master.store.cluster.instances)

    async def stop(self) -> None:
        """Begin nothing more; jobs that were submitted go on."""
        self._started = False
        await self._tasks.stop()

    def whole(self, node: str) -> None:
        """Look at all instances of *node*, whose whole state came in."""
        rows = self.master.store.cluster.instances if self._started else {}
        self._look_at({uuid: row for uuid, row in rows.items() if row.primary_node == node})

    def event(self, event: Event) -> None:
        """Look at the instance that the *event* is about; the live state has it already."""
        if self._started and isinstance(event, InstanceEvent):
            cluster = self.master.store.cluster
            uuid = cluster.indexes.instance_names.get(event.name)
            if uuid is not None:
                self._look_at({uuid: cluster.instances[uuid]})

    def _look_at(self, rows: Mapping[str, Instance]) -> None:
        for uuid, row in rows.items():
            if uuid not in self._watched and self._is_down(uuid):
                self._watched.add(uuid)
                self._tasks.spawn(f"bringing {row.name} back", self._bring_back(uuid))

    def _is_down(self, uuid: str) -> bool:
        """Whether the instance should run, does not, and is ours to bring back."""
        cluster = self.master.store.cluster
        row = cluster.instances.get(uuid)
        return (
            row is not None
            and wanted(cluster, row)
            and status(View(cluster, self.live), row) == "ERROR_down"
        )

    async def _bring_back(self, uuid: str) -> None:
        """Start the instance until it runs, or all tries are used up."""
        try:
            if self._counted(uuid) >= len(DELAYS):
                self._tell_given_up(uuid)
            while (count := self._counted(uuid)) < len(DELAYS):
                await self.clock.sleep(DELAYS[count])
                while self._is_down(uuid) and self._is_locked(uuid):
                    await self.clock.sleep(_BUSY)
                if not self._is_down(uuid) or await self.master.watcher_pause.read():
                    return
                self._tries[uuid] = Tries(count + 1, self.clock.monotonic())
                await self._start(self._name(uuid), count + 1)
        finally:
            self._watched.discard(uuid)

    def _name(self, uuid: str) -> str:
        return self.master.store.cluster.instances[uuid].name

    def _tell_given_up(self, uuid: str) -> None:
        self.log.warn(
            "{name} went down again after {count} starts; it is left to the watcher.",
            name=self._name(uuid), count=len(DELAYS),
        )  # fmt: skip

    def _counted(self, uuid: str) -> int:
        tries = self._tries.get(uuid, Tries())
        if self.clock.monotonic() - tries.when > KEEP:
            self._tries.pop(uuid, None)
            return 0
        return tries.count

    def _is_locked(self, uuid: str) -> bool:
        name = f"instance/{self._name(uuid)}"
        return any(row.name == name for row in self.master.locks.rows())

    async def _start(self, name: str, count: int) -> None:
        why = f"its node told that it went down (try {count} of {len(DELAYS)})"
        reason = ["gnt:watcher", why, int(self.clock.wall() * _NANO)]
        try:
            job = await self.master.queue.submit(
                [OpInstanceStartup(instance_name=name, reason=[reason])]
            )
        except errors.GanetiError as error:
            self.log.warn("{name} can't be started: {why}", name=name, why=error.message)
            return
        self.log.info("{name} went down; job {number} starts it.", name=name, number=job)
