"""Machines and the processes on them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import attrs

from ganetix.ids import Randomness
from ganetix.paths import Paths
from ganetix.testing.disk import PowerCut
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.pipes import PipeNetwork
from ganetix.testing.sim.timeline import ProcessTime, Timeline
from ganetix.testing.workers import FakeWorker
from ganetix.toolkit.clock import Clock

WALL: Final = 1_800_000_000.0
"""Wall time at which every simulation begins, seconds since the epoch."""
_USUAL: Final = 0.004
"""Seconds that a file operation takes at most on a disk that is well."""
FAKE_DIR: Final = "/var/run/ganeti/fake-hypervisor"


def digest(name: str) -> str:
    """Return what stands for the digest of the certificate of node *name*."""
    return f"digest of {name}"


@attrs.define(eq=False)
class Machine:
    """One machine: its disk, its wall clock, and whether it is up.

    *slow* is seconds that each file operation takes more. *lose_answers* and *fail_programs* say
    how often that will happen next. *skew* is how far the wall clock is off, in seconds.
    """

    uuid: str
    name: str
    fs: FakeFileSystem
    timeline: Timeline
    network: PipeNetwork
    dice: Randomness
    power_failed: Callable[["Machine"], None]
    up: bool = True
    slow: float = 0.0
    skew: float = 0.0
    lose_answers: int = 0
    fail_programs: int = 0
    starts: int = 0

    @property
    def paths(self) -> Paths:
        """The machine's files."""
        return Paths("", self.name)

    def wall(self) -> float:
        """Seconds since the epoch, as this machine believes."""
        return WALL + self.timeline.now + self.skew

    def process(self, program: str) -> "Process":
        """Start a process that runs *program*."""
        self.starts += 1
        return Process(self, f"{self.name}/{program}#{self.starts}", ProcessTime(self.timeline))

    def running(self) -> list[str]:
        """Return the names of the guests that the fake hypervisor has running here."""
        if not self.up or self.fs.dead:
            return []
        return [
            name
            for name in self.fs.entries(FAKE_DIR)
            if not name.endswith(".new") and b"state=running" in self.fs.read(f"{FAKE_DIR}/{name}")
        ]

    @contextmanager
    def powered(self) -> Iterator[None]:
        """Do something on the disk at once, outside of any worker; the power may fail in it."""
        try:
            yield
        except PowerCut:
            self.power_failed(self)


@attrs.define(eq=False)
class Process:
    """One process: its own time, its name on the network, its threads."""

    machine: Machine
    name: str
    time: ProcessTime

    @property
    def clock(self) -> Clock:
        """The clock that the process is given."""
        return Clock(self.time, self.machine.wall)

    def worker(self) -> FakeWorker:
        """Return a thread of this process."""
        machine = self.machine

        def latency() -> float:
            return machine.slow + machine.dice.uniform() * _USUAL

        return FakeWorker(self.clock, latency, lambda: machine.power_failed(machine))

    def kill(self, told: bool = True) -> None:
        """End it at once; *told* says whether the other ends of its connections hear of it."""
        self.time.kill()
        self.machine.timeline.grave.append(self)
        self.machine.network.die(self.name, told=told)

    def suspend(self) -> None:
        """Let it stand still."""
        self.time.suspend()
        self.machine.network.hold(self.name)

    def resume(self) -> None:
        """Let it go on."""
        self.time.resume()
        self.machine.network.let(self.name)
