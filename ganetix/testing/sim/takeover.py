"""An administrator makes another machine the master: ``master-failover``, with its vote.

Nobody else decides who may: what refuses a candidate that lacks changes, or that too few nodes
obey, is the code that a real one runs.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ganetix.errors import GanetiError
from ganetix.master.failover import Own, Request
from ganetix.master.livestate import LiveState
from ganetix.master.store.takeover import take_over as make_master_of
from ganetix.master.succession import Succession, own_copy
from ganetix.model.cluster import Cluster
from ganetix.rpc.call import INodes
from ganetix.rpc.interfaces import Claim
from ganetix.testing.sim.links import Links
from ganetix.testing.sim.machines import Process
from ganetix.testing.sim.masterd import MasterDaemon
from ganetix.testing.sim.promises import Broken
from ganetix.testing.sim.world import World

RETRY: Final = 4.0
"""Seconds after which the command is typed again, where a machine failed or it was refused."""
WAYS: Final = ("well", "standing still", "cut off")
"""How the old master's machine is meanwhile."""
CAREFUL: Final = Request()
"""What an administrator types who lets the nodes vote and loses nothing."""


def take_over(world: World, fresh: str, way: str, asked: Request = CAREFUL) -> bool:
    """Make *fresh* the master, or another machine if it may not; whether somebody tries to.

    *asked* are the command's options.
    """
    old = world.master
    if old is None or world.taking:
        return False
    world.note(f"{fresh} is to take over from {old.process.name}, which is {way}")
    if way != "well":
        world.depose()
        _take_away(world, old, way)
    others = [name for name in world.machines if name != fresh]
    Administrator(world, old, deque([fresh, *others]), asked).begin()
    return True


def _take_away(world: World, old: MasterDaemon, way: str) -> None:
    """Let the old master's machine stand still, or cut it off, for a while."""
    name = old.machine.name
    back = 3.0 + 12.0 * world.dice.uniform()
    if way == "standing still":
        for process in (old.process, world.nodeds[name].process):
            process.suspend()
            world.later(back, process.resume)
        return
    why = f"takeover at step {world.timeline.steps}"
    for other in world.machines:
        if other != name:
            world.cuts.make(name, other, why)
            world.later(back, world.cuts.mend, name, other, why)


@attrs.define(eq=False)
class Administrator:
    """Types the command on one machine after the other, until there is a master.

    That is the old one again if nothing was changed and it can go on.
    """

    world: World
    old: MasterDaemon
    machines: deque[str]
    asked: Request
    claimed: bool = attrs.field(default=False, init=False)
    """Whether nodes may obey a new master already."""

    def begin(self) -> None:
        """Begin."""
        self.world.taking = True
        self._try()

    def _try(self) -> None:
        world, name = self.world, self.machines[0]
        self.machines.rotate(-1)
        machine = world.machines[name]
        if not world.has_noded(machine) or world.has_master(machine):
            world.later(RETRY, self._try)
            return
        process = machine.process("failover")
        world.commands.append(process)
        typed = Deferred.fromCoroutine(self._type(process)).addErrback(self._defect)
        world.timeline.grave.append(typed)
        world.later(RETRY, self._watch, process)

    def _watch(self, process: Process) -> None:
        """Try again when the command has ended, also by a power cut."""
        if not process.time.dead:
            self.world.later(RETRY, self._watch, process)
        elif self.world.taking:
            self._try()

    async def _type(self, process: Process) -> None:
        world, here = self.world, SimulatedSuccessor(self, process)
        try:
            await Succession(here, self.asked).run()
        except (GanetiError, OSError) as error:
            world.note(f"{here.name} does not take over: {error}")
            if not self.claimed:
                self._leave()
        else:
            self._done(here)
        finally:
            world.commands.remove(process)
            process.kill()

    def _defect(self, failure: Failure) -> None:
        self.world.witness.broken = Broken(f"master-failover met a defect: {failure.value!r}")

    def _leave(self) -> None:
        """Let the old master go on, if it does or can be started again."""
        world = self.world
        if world.master is None and self.old in world.old_masters and self.old.serving():
            world.reinstate(self.old)
        world.taking = world.master is None and not self.old.process.time.dead
        world.ensure_master()

    def _done(self, here: "SimulatedSuccessor") -> None:
        world = self.world
        world.taking = False
        world.depose()
        for machine in world.machines.values():
            path = machine.paths.ssconf("master_node")
            told = any(machine.name in warning for warning in here.warnings)
            if machine.up and not told and machine.fs.read(path).decode().strip() != here.name:
                world.witness.broken = Broken(f"{machine.name} does not know of {here.name}")
        world.start_master(here.name)


@attrs.frozen
class SimulatedSuccessor:
    """See `ganetix.master.succession.Successor`."""

    by: Administrator
    process: Process
    warnings: list[str] = attrs.field(factory=list, init=False)

    @property
    def name(self) -> str:
        """See `Successor`."""
        return self.process.machine.name

    @asynccontextmanager
    async def nodes(self, cluster: Cluster, claim: Claim | None) -> AsyncIterator[INodes]:
        """See `Successor`."""
        world, epoch = self.by.world, 0
        if claim is not None:
            self.by.claimed, epoch = True, claim.epoch
        links = Links(self.process, world.where, lambda size: world.token(epoch, size))
        pool = links.pool(lambda: cluster, claim, LiveState(), lambda node, obeyed: None)
        await pool.start()
        try:
            yield cast("INodes", pool)
        finally:
            await pool.stop()

    async def own(self) -> Own:
        """See `Successor`."""
        machine = self.process.machine
        found: Own = await self.process.worker().run(own_copy, machine.fs, machine.paths)
        return found

    async def release_ip(self, nodes: INodes, cluster: Cluster) -> None:
        """See `Successor`: connections in memory have no addresses."""

    async def take_over(self, epoch: int) -> Cluster:
        """See `Successor`."""
        machine = self.process.machine
        work = self.process.worker().run(make_master_of, machine.fs, machine.paths, epoch)
        after: Cluster = await work
        return after

    def say(self, text: str) -> None:
        """See `Successor`."""
        self.by.world.note(f"{self.name}: {text}")

    def warn(self, text: str) -> None:
        """See `Successor`."""
        self.warnings.append(text)
        self.say(text)
