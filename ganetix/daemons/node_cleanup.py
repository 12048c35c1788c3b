"""``node-cleanup``: makes a machine that is to leave its cluster, or left it badly, free again.

Stops the daemons and removes configuration, certificates and state. Disks and running instances are
left alone.
"""

import argparse
import os
import shutil
import time
from collections.abc import Callable, Sequence

from ganetix import errors
from ganetix.daemons import by_hand, cluster_files, daemon_util, settings
from ganetix.paths import Paths


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser("node-cleanup", description=(__doc__ or "").partition("\n\n")[2])
    made.add_argument("-d", "--debug", action="store_true", help="say more")
    made.add_argument("-v", "--verbose", action="store_true", help="say more")
    made.add_argument("--no-backup", action="store_true", help="keep no copy of what is removed")
    made.add_argument("--yes-do-it", action="store_true", help="ask nothing")
    return made


def run(paths: Paths, options: argparse.Namespace, now: float, ask: Callable[[str], str]) -> None:
    """Clean the node up; raise `errors.GanetiError` when that can't be. *now* is wall time."""
    name = cluster_files.cluster_name(paths)
    if name is None and not os.path.exists(paths.node_cert_file):
        raise errors.OpPrereqError(
            f"{paths.hostname} is not part of a cluster: there is nothing to clean up.",
            errors.STATE,
        )
    question = (
        f"{paths.hostname} will forget cluster {name or '(unknown)'}: its daemons stop, and its "
        "configuration and certificates are removed.\nType yes to go on: "
    )
    if not options.yes_do_it and ask(question).strip().lower() != "yes":
        raise errors.OpPrereqError("Nothing was changed.", errors.INVAL)
    if daemon_util.stop_all(paths) != 0:
        raise errors.OpExecError("Not all daemons stopped; nothing was removed.")
    if not options.no_backup:
        print(f"What was here is kept in {_keep(paths, now)}.")
    cluster_files.remove_cluster(paths)
    if options.debug or options.verbose:
        print(f"{paths.data_dir} holds nothing of a cluster any more.")


def _keep(paths: Paths, now: float) -> str:
    """Copy the data directory, keys included, for root's eyes only; return where to."""
    kept = f"{paths.data_dir}.backup-{now:.0f}"
    os.mkdir(kept, 0o700)
    shutil.copytree(paths.data_dir, kept, symlinks=True, dirs_exist_ok=True)
    os.chmod(kept, 0o700)
    return kept


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    options = parser().parse_args(argv)
    paths = settings.node_paths(os.environ)
    by_hand.carry_out("node-cleanup", lambda: run(paths, options, time.time(), by_hand.ask))


if __name__ == "__main__":
    main()
