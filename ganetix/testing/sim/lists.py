"""The lists of those who may command, which nodes keep and an administrator may have to mend."""

from ganetix.node.files import CANDIDATES
from ganetix.testing.sim.machines import digest
from ganetix.testing.sim.world import World


def known(world: World, name: str) -> bool:
    """Whether every node has *name* in its list."""
    uuid = world.machines[name].uuid
    return all(uuid in d.services.cluster_files.candidates() for d in world.nodeds.values())


def mend(world: World) -> None:
    """Do what an administrator has to do on nodes that refuse the master.

    A node that missed the last change of the list of candidates, or got one from a master that
    was cut off already, refuses a newer master and so never gets a newer list.
    """
    master = world.machines[world.master_name]
    for name, daemon in world.nodeds.items():
        files = daemon.services.cluster_files
        if daemon.process.time.dead or master.uuid in files.candidates():
            continue
        world.note(f"the administrator mends the list of candidates on {name}")
        path = daemon.machine.paths.ssconf(CANDIDATES)
        text = daemon.machine.fs.read(path).decode() + f"{master.uuid}={digest(master.name)}\n"
        daemon.machine.fs.replace(path, text.encode(), 0o444, True)
        world.kill_noded(name)
        world.start_noded(name)
