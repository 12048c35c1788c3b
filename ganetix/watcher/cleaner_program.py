"""``ganeti-cleaner``: the real outside of the cleaner."""

import argparse
import os
import sys

from ganetix.watcher.cleaner import LOG_DIRECTORIES, clean_master, clean_node, new_log
from ganetix.watcher.program import log_to, master_of, node_paths, world_of


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="ganeti-cleaner",
        description="Take away what nobody needs any more: of this node, or of the cluster.",
    )
    made.add_argument(
        "what", choices=tuple(LOG_DIRECTORIES), help="this node's, or the whole cluster's"
    )
    return made


def main() -> int:
    """Run the program."""
    what = parser().parse_args().what
    world = world_of(node_paths(os.environ))
    try:
        log_to(new_log(world, what), debug=0)
        if what == "node":
            clean_node(world)
        else:
            clean_master(world, master_of(world.paths))
    except OSError as error:
        print(f"ganeti-cleaner: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
