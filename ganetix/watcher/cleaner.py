"""One run of ganeti-cleaner: takes away what nobody needs any more."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from twisted.logger import Logger

from ganetix.watcher.world import World

KEEP: Final = 21 * 24 * 3600
"""Seconds for which unused watcher files and archived jobs are kept."""
KEPT_LOGS: Final = 50

LOG_DIRECTORIES: Final = {"node": "cleaner", "master": "master-cleaner"}
"""Where the logs of each kind of run are, below the directory of logs."""

_log = Logger()


def clean_node(world: World) -> None:
    """Remove expired certificates of exports, and watcher files that are not in use."""
    _remove_expired(world)
    directory = world.paths.data_dir
    for name in world.files.entries(directory):
        if name.startswith("watcher.") and name.endswith((".data", ".instance-status")):
            _remove_old(world, f"{directory}/{name}")


def clean_master(world: World, master_name: str | None) -> None:
    """Remove old jobs from the archive, if this is the master."""
    if master_name != world.paths.hostname:
        _log.info("This node is not the master; nothing is done.")
        return
    for path in list(_archived(world)):
        _remove_old(world, path)


def _archived(world: World) -> Iterator[str]:
    for part in world.files.entries(world.paths.archive_dir):
        directory = f"{world.paths.archive_dir}/{part}"
        if world.files.is_dir(directory):
            for name in world.files.entries(directory):
                if name.startswith("job-"):
                    yield f"{directory}/{name}"


def _remove_old(world: World, path: str) -> None:
    try:
        if world.modified(path) < world.now - KEEP:
            world.files.remove(path)
            _log.info("{path} is removed.", path=path)
    except FileNotFoundError:
        _log.debug("{path} is gone already.", path=path)


def _remove_expired(world: World) -> None:
    directory = f"{world.paths.run_dir}/crypto"
    for name in world.files.entries(directory):
        certificate = f"{directory}/{name}/cert"
        if world.files.exists(certificate) and _expired(world, certificate):
            world.files.remove_tree(f"{directory}/{name}")
            _log.info("{path} has expired and is removed.", path=f"{directory}/{name}")


def _expired(world: World, path: str) -> bool:
    try:
        found = x509.load_pem_x509_certificate(world.files.read(path))
    except ValueError as error:
        _log.warn("{path} holds no certificate ({why}); it is kept.", path=path, why=error)
        return False
    return found.not_valid_after_utc < datetime.fromtimestamp(world.now, UTC)


def new_log(world: World, what: str) -> str:
    """Return the path of a log for this run of kind *what*; all but the last 50 are removed."""
    directory = f"{world.paths.log_dir}/{LOG_DIRECTORIES[what]}"
    world.files.make_dirs(directory, 0o750)
    logs = [name for name in world.files.entries(directory) if name.endswith(".log")]
    for name in sorted(logs)[: 1 - KEPT_LOGS]:
        world.files.remove(f"{directory}/{name}")
    when = datetime.fromtimestamp(world.now, UTC)
    return f"{directory}/cleaner-{when:%Y-%m-%dT%H_%M_%S}.{world.nanoseconds() % 10**9:09}.log"
