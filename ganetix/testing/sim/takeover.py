"""A candidate becomes master although the old master still runs somewhere."""

from ganetix.errors import GanetiError
from ganetix.master.store.takeover import take_over as make_master_of
from ganetix.testing.sim.promises import Broken
from ganetix.testing.sim.world import World


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
    machine = world.machines[fresh]
    with machine.powered():
        try:
            make_master_of(machine.fs, machine.paths)
        except GanetiError as error:
            raise Broken(f"the in-sync candidate {fresh} can't take over: {error}") from error
        world.start_master(fresh)
    return True
