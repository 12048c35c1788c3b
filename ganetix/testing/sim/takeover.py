"""A candidate becomes master although the old master still runs somewhere.

What an administrator's ``master-failover`` does: the new master's own node obeys the new epoch
first, then its copy of the journal becomes the master's, then its daemon starts.
"""

from twisted.internet.defer import Deferred

from ganetix.errors import GanetiError
from ganetix.master.store.takeover import take_over as make_master_of
from ganetix.testing.sim.masterd import MasterDaemon
from ganetix.testing.sim.promises import Broken
from ganetix.testing.sim.world import World

GIVE_UP = 10.0
"""Seconds after which a takeover that got stuck is given up."""


def take_over(world: World, fresh: str, *, suspend: bool) -> bool:
    """Make *fresh* the master; the old one stands still meanwhile, or is cut off from all."""
    old = world.depose()
    if old is None:
        return False
    world.note(f"{fresh} takes over from {old.process.name}")
    why = f"takeover at step {world.timeline.steps}"
    back = 3.0 + 12.0 * world.dice.uniform()
    if suspend:
        old.process.suspend()
        world.later(back, old.process.resume)
    else:
        for other in world.machines:
            if other != old.machine.name:
                world.cut(old.machine.name, other, why)
                world.later(back, world.mend, old.machine.name, other, why)
    world.timeline.grave.append(Deferred.fromCoroutine(_take_over(world, fresh, old)))
    world.later(GIVE_UP, _check_taken, world, old)
    return True


async def _take_over(world: World, fresh: str, old: MasterDaemon) -> None:
    machine = world.machines[fresh]
    await world.nodeds[fresh].services.mastership.raise_to(old.epoch + 1, fresh)
    if world.master is not None:
        return
    with machine.powered():
        try:
            make_master_of(machine.fs, machine.paths)
        except GanetiError as error:
            world.broken = Broken(f"the in-sync candidate {fresh} can't take over: {error}")
            return
        world.voting = False
        world.start_master(fresh)


def _check_taken(world: World, old: MasterDaemon) -> None:
    """If the new master never came (its machine failed), clients go back to the old one."""
    if world.master is None and world.master_name == old.machine.name:
        world.note(f"nobody took over from {old.process.name}")
        world.reinstate(old)
        world.ensure_master()
