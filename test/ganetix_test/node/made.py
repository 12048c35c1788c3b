"""A node for tests: real files below a directory of the test, no threads, no programs."""

import os

import attrs
from twisted.internet.task import Clock as FakeTime
from twisted.trial.unittest import SynchronousTestCase

from ganetix.model.objects import Disk, Instance
from ganetix.node.services import NodeServices, Outside, make_node
from ganetix.paths import Paths
from ganetix.process.command import Command, Result
from ganetix.rpc.events import Event, EventSource, decode_push, known_events
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.spec import InstanceSpec
from ganetix.testing.dice import seeded
from ganetix.testing.processes import FakeRunner, Program
from ganetix.testing.streams import FakeStreams
from ganetix.testing.workers import InlineWorker
from ganetix.tls.identity import Identity
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem

NOW = 1_700_000_000.0
BASE = "/srv/ganeti/file-storage"
CONTEXT = CallContext("r1", 1, 0.0, "master", Identity("m", frozenset({"node"}), "d"))


def ending(status: int, output: bytes = b"") -> Program:
    """Return a program that says *output* and ends with *status*."""

    async def program(command: Command) -> Result:
        return Result(command, status, output)

    return program


@attrs.define(eq=False)
class MadeNode:
    """A node with what surrounds it."""

    paths: Paths
    time: FakeTime = attrs.field(factory=FakeTime)
    processes: FakeRunner = attrs.field(init=False)
    events: list[Event] = attrs.field(factory=list, init=False)
    told: list[str] = attrs.field(factory=list, init=False)
    streams: FakeStreams = attrs.field(factory=FakeStreams, init=False)
    services: NodeServices = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Put the node together."""
        source = EventSource("boot-1")
        clock = Clock(self.time, lambda: NOW + self.time.seconds())
        self.processes = FakeRunner(clock)
        outside = Outside(
            self.paths,
            clock,
            FileSystem(),
            InlineWorker(),
            InlineWorker(),
            self.processes,
            source,
            "127.1.2.3",
            lambda: self.told.append("candidates changed"),
            lambda: self.told.append("left"),
            self.streams,
            seeded(1),
            administrator=os.geteuid(),
        )
        self.services = make_node(outside)
        source.listen(lambda frame: self.events.extend(known_events(decode_push(frame))))

    def script(self, path: str, program: Program) -> str:
        """Make the executable *path*, which does as *program*, and return it."""
        self.processes.programs[path] = program
        return self.write(path, "#!/bin/sh\n", 0o755)

    def write(self, path: str, text: str, mode: int = 0o644) -> str:
        """Write *text* to the local *path*, and return it."""
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)
        os.chmod(path, mode)
        return path


def make(case: SynchronousTestCase) -> MadeNode:
    """Return a virtual node that allows file disks below `BASE`."""
    paths = Paths(os.path.abspath(f"{case.mktemp()}/node1.example.com"), "node1.example.com")
    node = MadeNode(paths)
    os.makedirs(paths.at(f"{BASE}/vm1.example.com"))
    os.makedirs(paths.data_dir)
    node.write(paths.file_storage_paths_file, f"{BASE}\n")
    return node


def disk(number: int = 0, size: int = 4) -> Disk:
    """Return file disk *number* of vm1."""
    place = f"{BASE}/vm1.example.com/uuid-{number}.file.disk{number}"
    return Disk(f"uuid-{number}", "file", ["loop", place], size, f"disk/{number}")


def spec(
    *disks: Disk, os_name: str = "dummy", osparams: dict[str, str] | None = None
) -> InstanceSpec:
    """Return vm1 with *disks* as the master sends it."""
    instance = Instance("uuid-i", "vm1.example.com", "uuid-n", os_name, "fake")
    return InstanceSpec(
        instance,
        list(disks),
        {},
        {"maxmem": 128, "vcpus": 1},
        osparams or {},
        primary_name="node1.example.com",
    )
