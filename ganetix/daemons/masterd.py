"""The master daemon: ``ganeti-masterd``, and twistd's ``masterd``."""

import os
import sys
from typing import Any, ClassVar, Final

from twisted.internet.task import react

from ganetix import errors
from ganetix.daemons import settings
from ganetix.daemons.checkpoint import fold
from ganetix.daemons.daemon import Daemon, daemon_for
from ganetix.daemons.master_tree import build
from ganetix.daemons.metrics import MetricsOptions
from ganetix.daemons.program import run

NAME = "ganeti-masterd"

REFUSED: Final = 13
"""The exit code of a confirmation that was refused."""

_WARNING: Final = """\
Without a vote of the nodes nobody can tell whether another master daemon runs on another node.
Two masters at the same time destroy the configuration and the disks of instances.
Type YES to start in spite of that: """


class Options(MetricsOptions):
    """The master daemon's command line."""

    synopsis = "[options]"
    optFlags: ClassVar[list[Any]] = [
        ["no-voting", None, "Start without asking the nodes who the master is."],
        ["yes-do-it", None, "Do not ask for confirmation of --no-voting."],
        ["checkpoint", None, "Fold the journal into config.data and the job files, and end."],
    ]


def makeService(options: Options) -> Daemon:
    """Return the daemon for twistd; asks on the terminal for what must be confirmed."""
    if options["no-voting"] and not options["yes-do-it"]:
        _confirm()
    return daemon_for(NAME, options, lambda daemon, paths: build(daemon, paths, options))


def _confirm() -> None:
    """Ask on the terminal; exit unless the answer is YES."""
    try:
        answer = input(_WARNING)
    except EOFError:
        answer = ""
    if answer.strip() != "YES":
        print(f"{NAME} was not started.", file=sys.stderr)
        sys.exit(REFUSED)


def main() -> None:
    """Run ``ganeti-masterd``."""
    if "--checkpoint" in sys.argv[1:]:
        _checkpoint()
    run(NAME, "masterd", sys.argv[1:])


def _checkpoint() -> None:
    try:
        paths = settings.node_paths(os.environ)
        react(fold, (paths,))
    except errors.GanetiError as error:
        sys.exit(f"{NAME}: {error.message}")


if __name__ == "__main__":
    main()
