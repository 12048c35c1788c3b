"""An upgrade of the cluster that broke off, as a power cut lets it, is gone on with."""

from typing import Final

from twisted.logger import Logger

from ganetix.watcher.world import World

_INTENT: Final = "intent-to-upgrade"
_log = Logger()


def go_on(world: World) -> None:
    """Resume the upgrade that this node's ``intent-to-upgrade`` tells of, unless one is at it."""
    path = f"{world.paths.data_dir}/{_INTENT}"
    if not world.files.exists(path):
        return
    _, _, pid = world.files.read(path).decode().strip().rpartition(",")
    if _at_work(world, pid):
        _log.info("An upgrade is under way (pid {pid}).", pid=pid)
        return
    _log.warn("An upgrade was broken off, and is resumed; {path} tells which.", path=path)
    program = world.paths.at("/etc/ganeti/lib/bin/gnt-cluster")
    try:
        code = world.run([program, "upgrade", "--resume"])
    except OSError as error:
        _log.error(
            "{program} can't be run: {why}. If no upgrade is to be done, remove {path}.",
            program=program, why=error.strerror, path=path,
        )  # fmt: skip
        return
    if code:
        _log.error("gnt-cluster upgrade --resume failed with exit code {code}.", code=code)


def _at_work(world: World, pid: str) -> bool:
    """Whether process *pid* is an upgrade: after a boot another one may have its number."""
    command = f"/proc/{pid}/cmdline"
    return (
        pid.isdecimal()
        and world.files.exists(command)
        and (b"upgrade" in world.files.read(command))
    )
