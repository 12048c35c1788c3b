"""A candidate becomes master although the old master still runs somewhere.

What an administrator's ``master-failover`` does: more than half of the nodes, the new master's
own first, obey the new epoch; then its copy of the journal becomes the master's; then its daemon
starts.
"""

from twisted.internet.defer import Deferred

from ganetix.errors import GanetiError
from ganetix.master.store.takeover import take_over as make_master_of
from ganetix.testing.sim.promises import Broken
from ganetix.testing.sim.world import World

RETRY = 4.0
"""Seconds after which a takeover that got stuck, because a machine failed, is tried again."""


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
    world.taking = fresh
    _try(world, old.epoch + 1)
    return True


def _try(world: World, epoch: int) -> None:
    if world.taking is not None:
        world.timeline.grave.append(Deferred.fromCoroutine(_take_over(world, world.taking, epoch)))
        world.later(RETRY, _try, world, epoch)


async def _take_over(world: World, fresh: str, epoch: int) -> None:
    machine = world.machines[fresh]
    obeying = 0
    for name in (fresh, *(other for other in world.machines if other != fresh)):
        if world.reaches(fresh, name) and await _obeys(world, name, epoch, fresh):
            obeying += 1
    if world.taking != fresh or not machine.up or obeying * 2 <= len(world.machines):
        return
    with machine.powered():  # until it is done the next try begins again, as after a power cut
        try:
            make_master_of(machine.fs, machine.paths)
        except GanetiError as error:
            world.taking = None
            world.broken = Broken(f"the in-sync candidate {fresh} can't take over: {error}")
        except OSError as error:
            world.note(f"{fresh} can't take over yet: {error}")
        else:
            world.taking = None
            world.voting = False
            world.start_master(fresh)


async def _obeys(world: World, name: str, epoch: int, master: str) -> bool:
    try:
        await world.nodeds[name].services.mastership.raise_to(epoch, master)
    except (GanetiError, OSError):
        return False
    for other in world.machines:  # a claim ends the sessions of older masters
        world.network.reset(name, other)
    return True
