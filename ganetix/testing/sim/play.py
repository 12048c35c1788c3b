"""One run: a seed, its faults, its users, and whether every promise was kept."""

import gc
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, cast

import attrs
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher

from ganetix.ids import Randomness
from ganetix.testing.dice import seeded
from ganetix.testing.sim import lists, workload
from ganetix.testing.sim.client import Clients
from ganetix.testing.sim.faults import FAULTS, Planned, heal
from ganetix.testing.sim.observe import ANSWERED
from ganetix.testing.sim.promises import Broken
from ganetix.testing.sim.world import Crew, World

PATIENCE: Final = 300.0
"""Seconds after the last fault in which everything must come to rest."""


@attrs.frozen
class Outcome:
    """How a run went. *broken* says which promise was broken, else it is empty."""

    seed: int
    log: tuple[str, ...]
    broken: str
    steps: int
    met: tuple[Planned, ...] = ()
    """The faults that happened."""
    reached: frozenset[tuple[str, str]] = frozenset()

    def without_log(self) -> "Outcome":
        """Return the same without its log."""
        return attrs.evolve(self, log=())


def play(seed: int, crew: Crew, plan: Sequence[Planned] = ()) -> Outcome:
    """Play *seed* with the faults of *plan* to its end."""
    gc.freeze()  # what was there before need not be looked at when the run is cleared away
    gc.disable()
    usual, sys.unraisablehook = sys.unraisablehook, _in_the_grave
    try:
        return _play(seed, crew, plan)
    finally:
        gc.collect()
        gc.collect()  # what clean-up methods had held on to
        gc.enable()
        gc.unfreeze()
        sys.unraisablehook = usual


def _in_the_grave(_: object) -> None:
    """Say nothing: a coroutine of a world that is over did not want to be thrown away."""


def _play(seed: int, crew: Crew, plan: Sequence[Planned]) -> Outcome:
    dice = seeded(seed * 1000 + 7)
    world = World(seed, 3 + int(dice.uniform() * 2), crew)
    observer = cast(ILogObserver, partial(_tell, world))
    globalLogPublisher.addObserver(observer)
    run = Run(world, Clients(world), list(plan))
    try:
        run.begin(dice)
        run.until(lambda: world.timeline.now > workload.LENGTH + 5)
        run.settle()
        broken = ""
    except Broken as found:
        broken = str(found)
        world.note(f"BROKEN: {broken}")
    finally:
        globalLogPublisher.removeObserver(observer)
    return Outcome(
        seed,
        tuple(world.log),
        broken,
        world.timeline.steps,
        tuple(run.met),
        frozenset(run.reached),
    )


def _tell(world: World, event: LogEvent) -> None:
    """Add what a daemon logs to the event log."""
    if event.get("log_level", LogLevel.info) >= LogLevel.info:
        failure = event.get("log_failure")
        why = f": {failure.type.__name__}: {failure.value}" if failure is not None else ""
        world.note(f"    {formatEvent(event)}{why}")


@attrs.define(eq=False)
class Run:
    """A run under way."""

    world: World
    clients: Clients
    plan: list[Planned]
    met: list[Planned] = attrs.field(factory=list)
    reached: set[tuple[str, str]] = attrs.field(factory=set)
    over: bool = False
    """Whether no more faults happen."""

    def begin(self, dice: Randomness) -> None:
        """Start all daemons and plan what users do."""
        world = self.world

        def reached(operation: str, step: str, node: str) -> None:
            if step.endswith(ANSWERED):
                return
            self.reached.add((operation, step))
            for planned in self.plan:
                if (planned.operation, planned.step) == (operation, step):
                    self.plan.remove(planned)
                    # Sometimes at once, sometimes in the midst of what the step began.
                    wait = max(0.0, world.dice.uniform() - 0.5) * 0.02
                    world.later(wait, self.inject, planned, node)
                    break

        world.reached_step = reached
        for name in world.machines:
            world.start_noded(name)
        world.later(0.1, world.ensure_master)
        world.crew.administrator(world)
        needed = {planned.operation for planned in self.plan}
        for at, jobs in workload.requests(dice, list(world.machines), needed):
            world.later(at, self.clients.submit, jobs)
        for _ in range(3):
            world.later(dice.uniform() * workload.LENGTH, self.clients.cancel_one)
            world.later(dice.uniform() * workload.LENGTH, self.clients.hurry_one)

    def inject(self, planned: Planned, node: str) -> None:
        """Let a fault happen."""
        if self.over:
            return
        self.world.note(f"FAULT {planned.fault} at {planned.operation}: {planned.step}")
        if FAULTS[planned.fault](self.world, node):
            self.met.append(planned)
        else:
            self.world.note("it finds nothing to break and waits for the next time")
            self.plan.append(planned)

    def until(self, done: Callable[[], bool]) -> None:
        """Go on, step by step, until *done*; raise `Broken` when a promise is broken."""
        world = self.world
        while not done():
            if not world.timeline.step():
                raise Broken("nothing is left to happen")
            world.check()
            self.clients.look()

    def settle(self) -> None:
        """Let everything come to rest."""
        world = self.world
        self.over = True
        heal(world)
        end = world.timeline.now + PATIENCE
        world.later(PATIENCE / 2, lists.mend, world)
        self.until(lambda: self._at_rest() or world.timeline.now > end)
        if not self._at_rest():
            self._tell_locks()
            raise Broken(
                f"after {PATIENCE:.0f} seconds without faults: jobs {self.clients.open_jobs()} "
                f"have not ended, {self.clients.waiting} requests found no master, in sync are "
                f"{world.in_sync()}, or a node is not connected"
            )

    def _tell_locks(self) -> None:
        daemon = self.world.master
        if daemon is not None and daemon.master is not None:
            for job_id in self.clients.open_jobs():
                self.world.note(f"job {job_id} is {daemon.master.queue.job(job_id).status}")
            for row in daemon.master.locks.rows():
                self.world.note(f"lock {row}")

    def _at_rest(self) -> bool:
        world = self.world
        if self.clients.waiting or self.clients.open_jobs() or world.master is None:
            return False
        if not world.master.ready:
            return False
        daemon, candidates = world.master, world.master.newest().candidates()
        if not all(daemon.pool.connected(machine.uuid) for machine in world.machines.values()):
            return False
        return len(world.in_sync()) == len(candidates) - 1
