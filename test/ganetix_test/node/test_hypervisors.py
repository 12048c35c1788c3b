"""Which hypervisors a node looks at, and when."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs
from twisted.internet.task import Clock as FakeTime

from ganetix.errors import HypervisorError
from ganetix.hypervisor.fake import FakeHypervisor
from ganetix.hypervisor.interface import GuestState
from ganetix.node.events import Watch
from ganetix.node.hypervisors import Hypervisors
from ganetix.paths import Paths
from ganetix.rpc.events import EventSource, InstanceEvent, decode_push, known_events
from ganetix.rpc.tables.checks import NodeInfo
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.hypervisors import guest
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem

NAME = "vm1.example.com"


@attrs.define(eq=False, slots=False)
class Telling:
    """A hypervisor that tells of its changes, and may be unreachable."""

    fake: FakeHypervisor
    changed: Callable[[], None] | None = None
    asked: int = 0
    lost: bool = False
    closed: bool = False

    def listen(self, changed: Callable[[], None]) -> bool:
        """See `IHypervisor`."""
        self.changed = changed
        return True

    async def all_domains(self) -> Sequence[GuestState]:
        """See `IHypervisor`."""
        self.asked += 1
        if self.lost:
            raise HypervisorError("libvirt can't be reached.")
        return await self.fake.all_domains()

    async def lookup(self, name: str) -> GuestState | None:
        """See `IHypervisor`."""
        if self.lost:
            raise HypervisorError("libvirt can't be reached.")
        return await self.fake.lookup(name)

    async def describe(self) -> str:
        """See `IHypervisor`."""
        return "Guests are told of."

    async def close(self) -> None:
        """See `IHypervisor`."""
        self.closed = True


class HypervisorsTests(AwaitingTestCase):
    """A node whose cluster has enabled kvm, which tells of its changes."""

    def setUp(self) -> None:
        """Make one with a guest, and look once."""
        self.time = FakeTime()
        clock = Clock(self.time, lambda: 0.0)
        paths = Paths(self.mktemp(), "node1.example.com")
        files, worker = FileSystem(), InlineWorker()
        files.make_dirs(paths.data_dir, 0o755)
        files.replace(paths.ssconf("hypervisor_list"), b"kvm\nlxc\n", 0o644, False)
        self.fake = FakeHypervisor(paths, files, worker, clock)
        self.kvm = Telling(self.fake)
        drivers: dict[str, Any] = {"fake": self.fake, "kvm": self.kvm}
        self.hypervisors = Hypervisors(paths, files, worker, drivers)
        source = EventSource("boot-1")
        self.events: list[tuple[str, str | None]] = []
        source.listen(self._hear)
        self.watch = Watch(clock, self.hypervisors, source, _figures)
        self.awaited(self.fake.create(guest(), False))
        self.awaited(self.watch.start())
        self.addCleanup(lambda: self.awaited(self.watch.stop()))

    def _hear(self, frame: bytes) -> None:
        for event in known_events(decode_push(frame)):
            if isinstance(event, InstanceEvent):
                state = None if event.state is None else event.state.state
                self.events.append((event.name, state))

    def test_not_asked_without_need(self) -> None:
        """It is asked once, and then when something is told, or after ten seconds."""
        self.time.pump([1.0] * 5)
        self.assertEqual((self.kvm.asked, self.events), (1, [(NAME, "running")]))
        self.time.pump([1.0] * 6)
        self.assertEqual(self.kvm.asked, 2)

    def test_pushed_at_once(self) -> None:
        """A change that is told is pushed without any time passing."""
        self.awaited(self.fake.destroy(NAME))
        assert self.kvm.changed is not None
        self.kvm.changed()
        self.assertEqual(self.events[-1], (NAME, None))

    def test_lost(self) -> None:
        """While it does not answer its guests stay as they were; then the truth is pushed."""
        self.kvm.lost = True
        assert self.kvm.changed is not None
        self.kvm.changed()
        self.time.pump([1.0] * 3)
        self.awaited(self.watch.look_at(NAME))
        self.assertEqual(self.events, [(NAME, "running")])
        self.awaited(self.fake.destroy(NAME))
        self.kvm.lost = False
        self.time.advance(1)
        self.assertEqual(self.events[-1], (NAME, None))
        self.assertEqual(len(self.flushLoggedErrors()), 0)

    def test_described(self) -> None:
        """Each enabled hypervisor is described; for one that the node lacks it is said why."""
        self.awaited(self.hypervisors.start())
        self.assertEqual(self.hypervisors.described["kvm"], "Guests are told of.")
        self.assertRegex(self.hypervisors.described["lxc"], "lxc|libvirt-python")
        self.assertEqual(list(self.hypervisors.described), ["kvm", "lxc"])

    def test_closed(self) -> None:
        """A node that stops lets go of its hypervisors."""
        self.awaited(self.hypervisors.stop())
        self.assertTrue(self.kvm.closed)


async def _figures() -> NodeInfo:
    return NodeInfo("boot", 4096, 2048, 512, 2)
