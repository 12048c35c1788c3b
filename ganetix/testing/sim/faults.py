"""What can go wrong: each fault by name, what it does to the world, and how it heals.

A fault is given the world and the machine that the present step concerns (empty: none in
particular). It returns whether it happened: one that needs a master finds none after another.
"""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from ganetix.testing.sim.lists import known
from ganetix.testing.sim.machines import Machine
from ganetix.testing.sim.takeover import WAYS, take_over
from ganetix.testing.sim.world import World

Fault = Callable[[World, str], bool]


def _span(world: World, low: float, high: float) -> float:
    return low + (high - low) * world.dice.uniform()


def _machine(world: World, name: str) -> Machine:
    """Return the machine *name* if it is up, else any that is."""
    up = [machine for machine in world.machines.values() if machine.up]
    named = [machine for machine in up if machine.name == name]
    return (named or up)[int(world.dice.uniform() * len(named or up))]


def _other(world: World, name: str) -> str | None:
    """Return *name*, or another machine than the master's if that is meant or none is."""
    others = [m.name for m in world.machines.values() if m.up and m.name != world.master_name]
    if name in others:
        return name
    return others[int(world.dice.uniform() * len(others))] if others else None


def _master_lives(world: World) -> bool:
    return world.master is not None and world.master.serving() is not None


def lost_connection(world: World, name: str) -> bool:
    """All connections of a machine break, and can be made again at once."""
    machine = _machine(world, name)
    for other in world.machines:
        world.network.reset(machine.name, other)
    return True


def lost_answer(world: World, name: str) -> bool:
    """The connection breaks when the work is done and before the answer is sent."""
    machine = _machine(world, name)
    machine.lose_answers += 1
    return True


def slow_node(world: World, name: str) -> bool:
    """A machine and the way to it are slow for a while."""
    machine = _machine(world, name)
    for other in world.machines:
        world.network.set_latency(machine.name, other, _span(world, 0.1, 2.5))
    return _slow_disk(world, machine, _span(world, 4, 10))


def _slow_disk(world: World, machine: Machine, span: float) -> bool:
    machine.slow = _span(world, 0.05, 1.5)
    world.later(span, _quick, world, machine)
    return True


def _quick(world: World, machine: Machine) -> None:
    machine.slow = 0.0
    for other in world.machines:
        world.network.set_latency(machine.name, other, world.network.latency)


def slow_disk(world: World, name: str) -> bool:
    """The disk of a machine takes its time."""
    return _slow_disk(world, _machine(world, name), _span(world, 2, 8))


def full_disk(world: World, name: str) -> bool:
    """Nothing can be written on a machine for a while."""
    machine = _machine(world, name)
    machine.fs.faults.full = True
    world.later(_span(world, 1, 8), _make_room, machine)
    return True


def _make_room(machine: Machine) -> None:
    machine.fs.faults.full = False


def torn_write(world: World, name: str) -> bool:
    """The disk of a machine breaks off its next writes halfway, with an error."""
    _machine(world, name).fs.faults.broken += 1 + int(world.dice.uniform() * 2)
    return True


def failed_program(world: World, name: str) -> bool:
    """The next program on each machine fails."""
    for machine in world.machines.values():
        machine.fail_programs += 1
    return True


def power_cut(world: World, name: str) -> bool:
    """A machine loses its power, between two events or in the middle of a file operation."""
    machine = _machine(world, name)
    if world.dice.uniform() < 0.5:
        machine.fs.faults.cut_in = int(world.dice.uniform() * 6)
    else:
        world.power_off(machine.name)
        world.later(_span(world, 0.5, 8), world.power_on, machine.name)
    return True


def master_power_cut(world: World, name: str) -> bool:
    """The master's machine loses its power."""
    return power_cut(world, world.master_name)


def killed_noded(world: World, name: str) -> bool:
    """A node daemon is killed and started again."""
    machine = _machine(world, name)
    world.kill_noded(machine.name)
    world.later(_span(world, 0.2, 5), _restart_noded, world, machine)
    return True


def _restart_noded(world: World, machine: Machine) -> None:
    if machine.up and world.nodeds[machine.name].process.time.dead:
        world.start_noded(machine.name)


def killed_master(world: World, name: str) -> bool:
    """The master daemon is killed and started again."""
    if world.master is None:
        return False
    world.kill_master()
    world.later(_span(world, 0.2, 4), world.ensure_master)
    return True


def restarted_master(world: World, name: str) -> bool:
    """The master daemon is stopped cleanly and started again."""
    if not _master_lives(world):
        return False
    world.restart_master()
    return True


def suspended_master(world: World, name: str) -> bool:
    """The master daemon stands still for a while."""
    daemon = world.master
    if daemon is None or not _master_lives(world):
        return False
    daemon.process.suspend()
    world.later(_span(world, 0.5, 20), daemon.process.resume)
    return True


def partition(world: World, name: str) -> bool:
    """Nothing gets through between a machine and the master's for a while."""
    other = _other(world, name)
    if other is None:
        return False
    world.note(f"{other} is cut off from {world.master_name}")
    why = f"partition at step {world.timeline.steps}"
    world.cuts.make(other, world.master_name, why)
    world.later(_span(world, 1, 15), world.cuts.mend, other, world.master_name, why)
    return True


def clock_jump(world: World, name: str) -> bool:
    """The wall clock of a machine jumps by up to an hour, back or forth."""
    machine = _machine(world, name)
    machine.skew += _span(world, -3600, 3600)
    return True


def master_clock_jump(world: World, name: str) -> bool:
    """The wall clock of the master jumps."""
    return clock_jump(world, world.master_name)


def takeover(world: World, name: str) -> bool:
    """An administrator makes a candidate the master, by vote.

    The old master's machine is well, stands still, or is cut off; when it goes on, nobody obeys its
    master any more. The candidate may lack changes: then it has to be refused. Only one that all
    nodes know to be a candidate is chosen: a node that missed the last list refuses it for good.
    """
    others = [name for name in world.machines if name != world.master_name]
    chosen = [name for name in others if world.machines[name].up and known(world, name)]
    if not _master_lives(world) or not chosen:
        return False
    fresh = chosen[int(world.dice.uniform() * len(chosen))]
    return take_over(world, fresh, WAYS[int(world.dice.uniform() * len(WAYS))])


FAULTS: Final[Mapping[str, Fault]] = {
    "lost connection": lost_connection,
    "lost answer": lost_answer,
    "slow node": slow_node,
    "slow disk": slow_disk,
    "full disk": full_disk,
    "torn write": torn_write,
    "failed program": failed_program,
    "power cut": power_cut,
    "master's power cut": master_power_cut,
    "killed noded": killed_noded,
    "killed master": killed_master,
    "restarted master": restarted_master,
    "suspended master": suspended_master,
    "partition": partition,
    "clock jump": clock_jump,
    "master's clock jump": master_clock_jump,
    "takeover": takeover,
}


@attrs.frozen
class Planned:
    """A fault that is to happen when *operation* passes *step*."""

    fault: str
    operation: str
    step: str


def heal(world: World) -> None:
    """Take away everything that is wrong for good."""
    for machine in world.machines.values():
        machine.fs.faults.full = False
        machine.fs.faults.broken = 0
        machine.fs.faults.cut_in = None
        machine.lose_answers = 0
        machine.fail_programs = 0
