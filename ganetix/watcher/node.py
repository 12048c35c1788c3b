"""What the watcher does on every node: daemons, hooks."""

import re
from typing import Final

from twisted.logger import Logger

from ganetix.watcher import pause
from ganetix.watcher.world import World

_SCRIPT: Final = re.compile(r"[A-Za-z0-9_-]+")
_log = Logger()


def paused(world: World) -> bool:
    """Whether the watcher is paused; a pause file that says nothing any more is removed."""
    if not world.files.exists(world.pause_file):
        return False
    found = pause.read(world.files.read(world.pause_file), world.now)
    if found.stale:
        world.files.remove(world.pause_file)
    if found.until is not None:
        _log.info(
            "The watcher is paused for {minutes} more minutes.",
            minutes=int(found.until - world.now) // 60 + 1,
        )
    return found.until is not None


def start_daemons(world: World) -> None:
    """Start the daemons that belong on this node and do not run."""
    code = world.run([*world.daemon_util, "start-all"])
    if code:
        _log.error("daemon-util start-all failed with exit code {code}.", code=code)


def run_hooks(world: World) -> None:
    """Run the scripts in ``hooks/watcher``, one after the other; a failing one stops none."""
    directory = f"{world.paths.hooks_dir}/watcher"
    for name in world.files.entries(directory):
        script = f"{directory}/{name}"
        if not _SCRIPT.fullmatch(name) or not world.files.executable(script):
            _log.debug("{script} is no script, or can't be executed.", script=script)
            continue
        try:
            code = world.run([script])
        except OSError as error:
            _log.error("{script} can't be run: {why}.", script=script, why=error.strerror)
            continue
        if code:
            _log.error("{script} failed with exit code {code}.", script=script, code=code)
