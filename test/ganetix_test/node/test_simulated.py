"""A node runs on a file system, a clock and programs that are all given to it."""

from random import Random

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as FakeTime

from ganetix.node.services import Outside, make_node
from ganetix.paths import Paths
from ganetix.rpc.events import EventSource
from ganetix.rpc.tables.blockdev import DiskRequest
from ganetix.rpc.tables.checks import NodeInfoRequest
from ganetix.rpc.tables.instances import InstanceShutdown, InstanceStart
from ganetix.rpc.tables.oses import OsScript
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.dice import seeded
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.machine import furnish
from ganetix.testing.processes import FakeRunner
from ganetix.testing.streams import FakeStreams
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix_test.node.made import BASE, CONTEXT, disk, ending, spec


class SimulatedTests(AwaitingTestCase):
    """The life of an instance without anything real."""

    def test_life(self) -> None:
        """Disk, OS, start, figures, stop: each finds what the one before has left."""
        files = FakeFileSystem(Random(1).random)
        paths = Paths("", "node1.example.com")
        furnish(files, paths, memory=4096)
        files.make_dirs(f"{BASE}/vm1.example.com", 0o755)
        files.make_dirs("/etc/ganeti", 0o755)
        files.replace(paths.file_storage_paths_file, BASE.encode(), 0o644, True)
        clock = Clock(FakeTime(), lambda: 0.0)
        create = f"{paths.os_search_path[-1]}/dummy/create"
        runner = FakeRunner(clock, {create: ending(0)})
        worker = InlineWorker()
        events = EventSource("boot-1")
        outside = Outside(
            paths,
            clock,
            files,
            worker,
            worker,
            runner,
            events,
            "192.0.2.1",
            lambda: None,
            lambda: None,
            FakeStreams(),
            seeded(1),
        )
        node = make_node(outside)
        self.awaited(node.tree.start())
        request = DiskRequest(disk(), "vm1.example.com")
        self.awaited(node.disks.create(request, CONTEXT))
        self.awaited(node.oses.add(OsScript(spec(disk())), CONTEXT))
        self.awaited(node.instances.start(InstanceStart(spec(disk())), CONTEXT))
        info = self.awaited(node.checks.node_info(NodeInfoRequest(), CONTEXT))
        self.assertEqual((info.memory_total, info.memory_free), (4096, 3072 - 128))
        stop = InstanceShutdown("vm1.example.com", "fake", 60)
        stopping = Deferred.fromCoroutine(node.instances.shutdown(stop, CONTEXT))
        self.successResultOf(stopping)
        self.awaited(node.tree.stop())
        self.assertEqual([command.argv for command in runner.ran], [(create,)])
