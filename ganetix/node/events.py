"""Watching this node and telling the master: instances as they change, figures regularly.

A hypervisor that tells of its changes is asked when it does, and regularly; the others are asked
every second. One that does not answer keeps the guests that it had: they go on without it.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import msgspec
from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from ganetix.errors import GanetiError
from ganetix.hypervisor.interface import IHypervisor
from ganetix.node.hypervisors import Hypervisors
from ganetix.node.instances import told
from ganetix.rpc.events import EventSource, FiguresEvent, InstanceEvent
from ganetix.rpc.tables.checks import NodeInfo
from ganetix.rpc.tables.instances import InstanceState
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks

INTERVAL: Final = 1.0
"""Seconds between two looks."""
REGULAR: Final = 10.0
"""Seconds after which everything is told again, changed or not."""
MEMORY_STEP: Final = 64
"""MiB by which free memory must move to count as a change."""


@attrs.define(eq=False)
class Watch:
    """Looks at the hypervisors and the machine, and publishes what changed.

    A service; `look_at` is awaited by calls that changed an instance. *figures* measures.
    """

    clock: Clock
    hypervisors: Hypervisors
    source: EventSource
    figures: Callable[[], Awaitable[NodeInfo]]
    name: str = "watch"
    interval: float = INTERVAL
    log: Logger = attrs.field(factory=Logger)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _telling: frozenset[str] = attrs.field(factory=frozenset, init=False)
    """The hypervisors that tell of every change."""
    _changed: set[str] = attrs.field(factory=set, init=False)
    """Those of them that have told of one since they were asked."""
    _seen: dict[str, dict[str, InstanceState]] = attrs.field(factory=dict, init=False)
    """What each hypervisor had when it was asked last."""
    _due: bool = attrs.field(default=False, init=False)
    _known: dict[str, InstanceState] = attrs.field(factory=dict, init=False)
    _told: NodeInfo | None = attrs.field(default=None, init=False)
    _regular: float = attrs.field(default=0.0, init=False)
    _begun: int = attrs.field(default=0, init=False)
    _published: int = attrs.field(default=0, init=False)
    _looked_at: dict[str, int] = attrs.field(factory=dict, init=False)
    """Instances that were looked at alone, with the number of that look."""
    _complaints: dict[str, str] = attrs.field(factory=dict, init=False)
    """What was last said of each hypervisor that did not answer, and (``""``) of a whole look."""

    async def start(self) -> None:
        """Look once, then regularly."""
        self._telling = self.hypervisors.listen(self._told_of_change)
        await self._round()
        self._tasks.spawn("watching instances", self._forever())

    async def stop(self) -> None:
        """Look no more."""
        await self._tasks.stop()

    async def look(self) -> None:
        """Look now; when this fires everything that changed has been published.

        Of two looks at the same time the one that began later has the newer facts: once it has
        published, the other keeps what it found to itself.
        """
        self._begun += 1
        look = self._begun
        found: dict[str, InstanceState] = {}
        for name, driver in (await self.hypervisors.enabled()).items():
            found |= await self._guests(name, driver)
        info = await self.figures()
        if look > self._published:
            self._published = look
            self._publish(self._newest(found, look), info)

    async def look_at(self, name: str) -> None:
        """Look at instance *name* now; when this fires its change has been published.

        What it uses of the machine is in the figures of the next round.
        """
        self._begun += 1
        look = self._begun
        found = await self._lookup(name)
        if look > max(self._published, self._looked_at.get(name, 0)):
            self._looked_at[name] = look
            self._publish_one(name, found)

    def _told_of_change(self, name: str) -> None:
        """Look soon: one look answers all that is told until it begins."""
        self._changed.add(name)
        if not self._due:
            self._due = True
            self._tasks.spawn("looking at a change", self._look_soon())

    async def _look_soon(self) -> None:
        self._due = False
        await self._round()

    async def _guests(self, name: str, driver: IHypervisor) -> dict[str, InstanceState]:
        """Return what *driver* has, or what it had if it need not be asked or does not answer."""
        quiet = name in self._telling and name not in self._changed and not self._is_regular()
        if quiet and name in self._seen:
            return self._seen[name]
        self._changed.discard(name)
        try:
            self._seen[name] = {state.name: told(state) for state in await driver.all_domains()}
        except CancelledError:
            raise
        except GanetiError as error:
            self._complain(name, error.message)
            self._changed.add(name)
        else:
            self._complaints.pop(name, None)
        return self._seen.get(name, {})

    async def _lookup(self, name: str) -> InstanceState | None:
        for key, driver in (await self.hypervisors.enabled()).items():
            try:
                state = await driver.lookup(name)
            except CancelledError:
                raise
            except GanetiError:
                found = self._seen.get(key, {}).get(name)
            else:
                found = self._noted(key, name, None if state is None else told(state))
            if found is not None:
                return found
        return None

    def _noted(self, key: str, name: str, found: InstanceState | None) -> InstanceState | None:
        guests = {other: state for other, state in self._seen.get(key, {}).items() if other != name}
        self._seen[key] = guests if found is None else {**guests, name: found}
        return found

    def _is_regular(self) -> bool:
        return self._told is None or self.clock.monotonic() - self._regular >= REGULAR

    def _publish_one(self, name: str, found: InstanceState | None) -> None:
        if found is None:
            if self._known.pop(name, None) is not None:
                self.source.publish(InstanceEvent(name, None))
            return
        if not _same(self._known.get(name), found):
            self.source.publish(InstanceEvent(name, found))
        self._known[name] = found

    async def _forever(self) -> None:
        while True:
            await self.clock.sleep(self.interval)
            await self._round()

    async def _round(self) -> None:
        """Look; a failure is logged once and the next round tries again."""
        try:
            await self.look()
            self._complaints.pop("", None)
        except CancelledError:
            raise
        except (GanetiError, OSError) as error:
            self._complain("", error.message if isinstance(error, GanetiError) else str(error))

    def _complain(self, key: str, why: str) -> None:
        """Say it once."""
        if why != self._complaints.get(key):
            self.log.error("Watching instances failed: {why}", why=why)
        self._complaints[key] = why

    def _newest(self, found: dict[str, InstanceState], look: int) -> dict[str, InstanceState]:
        """Return what look number *look* found, corrected by looks at one instance since."""
        self._looked_at = {name: at for name, at in self._looked_at.items() if at > look}
        rest = {name: state for name, state in found.items() if name not in self._looked_at}
        since = {name: self._known[name] for name in self._looked_at if name in self._known}
        return rest | since

    def _publish(self, found: dict[str, InstanceState], info: NodeInfo) -> None:
        regular = self._is_regular()
        if regular:
            self._regular = self.clock.monotonic()
        for name in sorted(self._known.keys() - found.keys()):
            self.source.publish(InstanceEvent(name, None))
        for name, state in found.items():
            if regular or not _same(self._known.get(name), state):
                self.source.publish(InstanceEvent(name, state))
        self._known = found
        if regular or self._told is None or _moved(self._told, info):
            self._told = info
            self.source.publish(FiguresEvent(info))


def _same(old: InstanceState | None, new: InstanceState) -> bool:
    """Whether *new* is nothing new but for processor time."""
    return old is not None and msgspec.structs.replace(old, cpu_seconds=new.cpu_seconds) == new


def _moved(old: NodeInfo, new: NodeInfo) -> bool:
    if abs(old.memory_free - new.memory_free) >= MEMORY_STEP:
        return True
    hardware = ("boot_id", "memory_total", "cpu_total")
    return any(getattr(old, field) != getattr(new, field) for field in hardware)
