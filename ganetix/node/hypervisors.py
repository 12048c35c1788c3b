"""The hypervisors of this node: which are enabled, and how guests run on them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import attrs
from twisted.internet.defer import CancelledError

from ganetix import errors
from ganetix.hypervisor import table
from ganetix.hypervisor.interface import HostFigures, IHypervisor
from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem, IWorker
from ganetix.toolkit.tasks import Tasks

_HERE_ALWAYS: Final = ("fake",)
"""What a node without a cluster looks at: nothing else can have guests of ours."""


@attrs.define(eq=False)
class Hypervisors:
    """The drivers of this node, and which of them the cluster has enabled. A service."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    drivers: Mapping[str, IHypervisor]
    name: str = "hypervisors"
    described: dict[str, str] = attrs.field(factory=dict, init=False)
    """How guests run on each enabled hypervisor, in a sentence."""
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _describing: bool = attrs.field(default=False, init=False)
    _described_for: frozenset[str] = attrs.field(factory=frozenset, init=False)

    async def start(self) -> None:
        """Find out how guests run here, which may take a while, in the background."""
        self._begin()

    def _begin(self) -> None:
        if not self._describing:
            self._describing = True
            self._tasks.spawn("describing the hypervisors", self.describe())

    async def stop(self) -> None:
        """Let go of all drivers; guests go on."""
        await self._tasks.stop()
        for driver in self.drivers.values():
            await driver.close()

    def listen(self, changed: Callable[[str], None]) -> frozenset[str]:
        """Call *changed* with the name of a driver whose guests may have changed.

        Return the names of those that tell of every change.
        """

        def told(name: str) -> Callable[[], None]:
            def tell() -> None:
                changed(name)
                # What it says of itself may have changed, too: its daemon may be gone, or back.
                self._begin()

            return tell

        return frozenset(name for name, driver in self.drivers.items() if driver.listen(told(name)))

    async def enabled(self) -> dict[str, IHypervisor]:
        """Return the drivers that this node has of those that the cluster has enabled."""
        names = await self.worker.run(self._thd_enabled)
        if set(names) != self._described_for:
            self._begin()
        return {name: self.drivers[name] for name in names if name in self.drivers}

    def named(self, name: str) -> IHypervisor:
        """Return the driver called *name*; raise `errors.HypervisorError` when there is none."""
        return table.driver(self.drivers, name)

    async def figures(self, names: Sequence[str]) -> HostFigures:
        """Return the machine's figures by the first of *names*; without any, by whatever is here.

        A hypervisor of the cluster that this node lacks does not keep it from measuring.
        """
        known = [name for name in (*names, *self.drivers) if name in self.drivers]
        return await self.named(known[0]).figures()

    async def describe(self) -> None:
        """Find out how guests run on each enabled hypervisor."""
        try:
            names = await self.worker.run(self._thd_enabled)
            self._described_for = frozenset(names)
            self.described = {name: await self._description(name) for name in names}
        finally:
            self._describing = False

    async def _description(self, name: str) -> str:
        try:
            return await table.driver(self.drivers, name).describe()
        except CancelledError:
            raise
        except errors.GanetiError as error:
            return error.message

    def _thd_enabled(self) -> Iterable[str]:
        try:
            text = self.files.read(self.paths.ssconf("hypervisor_list")).decode()
        except FileNotFoundError:
            return _HERE_ALWAYS
        return text.split()
