"""One run of ganeti-watcher: on this node, on the master, or for one group."""

from collections.abc import Callable, Sequence
from typing import Final

import attrs
from twisted.logger import Logger

from ganetix import errors
from ganetix.watcher import node, upgrade
from ganetix.watcher.group import Round
from ganetix.watcher.jobs import Luxi, Master
from ganetix.watcher.options import Options
from ganetix.watcher.world import World

NOT_MASTER: Final = 11
NAME_RESOLUTION: Final = 12
APART: Final = 1.0
"""Seconds between the starts of the watchers of two groups."""

_log = Logger()


@attrs.frozen
class MasterWorld:
    """What only the run on the master touches."""

    client: Luxi
    master_name: Callable[[], str | None]
    """The name of the master as this node has it; None if it is in no cluster."""
    start: Callable[[Sequence[str]], Callable[[], int]]
    """Starts the watcher with these options; the answer waits for its exit code."""
    sleep: Callable[[float], None]
    rapi_answers: Callable[[str | None], bool]
    """Whether the remote API answers at an address; None is the usual one."""


def watch(world: World, there: MasterWorld, options: Options) -> int:
    """Do one run and return the exit code; what went wrong is in the log."""
    try:
        return _watch(world, there, options)
    except (errors.JobQueueDrainError, errors.JobQueueFull) as error:
        _log.warn("The master takes no jobs now: {why}", why=error.message)
        return 0
    except errors.NotMasterError as error:
        _log.debug("{why}", why=error.message)
        return NOT_MASTER
    except errors.ResolverError as error:
        _log.error("{why}", why=error.message)
        return NAME_RESOLUTION
    except errors.GanetiError as error:
        _log.error("{why}", why=error.message)
        return 1
    except OSError as error:
        _log.error("{why}", why=error)
        return 1


def _watch(world: World, there: MasterWorld, options: Options) -> int:
    if options.node_group is None and there.master_name() == world.paths.hostname:
        upgrade.go_on(world)  # which has paused the watcher
    if not options.ignore_pause and node.paused(world):
        return 0
    release = world.lock(world.lock_file, False)
    if release is None:
        _log.info("{path} is locked; nothing is done.", path=world.lock_file)
        return 0
    try:
        if options.node_group is None:
            node.start_daemons(world)
            node.run_hooks(world)
        _check_master(world, there)
        if options.node_group is None:
            return _whole_cluster(world, there, options)
        return _one_group(world, there, options.node_group, options.verify_disks)
    finally:
        release()


def _check_master(world: World, there: MasterWorld) -> None:
    name = there.master_name()
    if name is None:
        raise errors.NotInClusterError(
            "This machine is not part of a cluster. Make one with: gnt-cluster init NAME"
        )
    if name != world.paths.hostname:
        raise errors.NotMasterError(f"The master is {name}; nothing more is done here.")


def _whole_cluster(world: World, there: MasterWorld, options: Options) -> int:
    _look_after_rapi(world, there, options.rapi_ip)
    master = Master(there.client, world.nanoseconds)
    archived, left = master.archive(options.job_age)
    _log.info("{count} jobs were archived, {left} were not looked at.", count=archived, left=left)
    waits = []
    for index, (uuid, _) in enumerate(master.groups()):
        if index:
            there.sleep(APART)
        waits.append(there.start(options.of_child(uuid)))
    if not options.wait_children:
        return 0
    codes = [wait() for wait in waits]
    return 1 if any(codes) else 0


def _look_after_rapi(world: World, there: MasterWorld, address: str | None) -> None:
    """Restart the remote API once if it does not answer."""
    if there.rapi_answers(address):
        return
    _log.warn("The remote API does not answer; it is restarted.")
    for verb in ("stop", "start"):
        world.run([*world.daemon_util, verb, "ganeti-rapi"])
    if not there.rapi_answers(address):
        _log.error("The remote API does not answer, though it was restarted; see its log.")


def _one_group(world: World, there: MasterWorld, wanted: str, verify_disks: bool) -> int:
    master = Master(there.client, world.nanoseconds)
    groups = master.groups(wanted)
    if not groups:
        raise errors.OpPrereqError(
            f"There is no node group '{wanted}'. See: gnt-group list", errors.NOENT
        )
    uuid, name = groups[0]
    return Round(world, master, uuid, name).run(verify_disks)
