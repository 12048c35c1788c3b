"""Starting and stopping all nodes of a virtual cluster; the program behind its scripts."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from ganetix.vcluster.plan import ACTIONS
from ganetix.vcluster.setup import node_directories

COMMANDS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "start": (("daemon-util", "start-all"),),
    "stop": (("daemon-util", "stop-all"),),
    "restart": (("daemon-util", "stop-all"), ("daemon-util", "start-all")),
    "watcher": (("ganeti-watcher",),),
}
"""What each action runs on every node, one after the other; each step on all nodes at once."""

FINE: Final[Mapping[str, tuple[int, ...]]] = {"watcher": (0, 11)}
"""Exit codes that are no failure, where 0 is not the only one: all nodes but one are no master."""

RunAll = Callable[[Sequence[Sequence[str]]], list[int]]


def run_all(commands: Sequence[Sequence[str]]) -> list[int]:
    """Run all *commands* at the same time and return their exit codes."""
    running = [subprocess.Popen(command) for command in commands]
    return [process.wait() for process in running]


def perform(directory: str, names: Iterable[str], action: str, run: RunAll) -> int:
    """Do *action* on the nodes *names* of *directory*; return the exit code."""
    nodes = [f"{directory}/{name}/cmd" for name in names]
    failed = False
    for command in COMMANDS[action]:
        codes = run([(node, *command) for node in nodes])
        failed = failed or any(code not in FINE.get(action, (0,)) for code in codes)
    return 1 if failed else 0


def main() -> None:
    """Run the program."""
    made = argparse.ArgumentParser(prog="python -m ganetix.vcluster.control")
    made.add_argument("action", choices=ACTIONS)
    made.add_argument("directory")
    given = made.parse_args()
    names = node_directories(given.directory)
    if not names:
        sys.exit(f"{given.directory} is not a virtual cluster; vcluster-setup makes one.")
    sys.exit(perform(given.directory, names, given.action, run_all))


if __name__ == "__main__":
    main()
