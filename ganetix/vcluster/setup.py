"""``vcluster-setup``: makes the directory of a virtual cluster, or brings one up to date."""

import argparse
import os
import pathlib
import re
import sys
from collections.abc import Callable, Sequence
from typing import Final

from ganetix import errors
from ganetix.vcluster import network
from ganetix.vcluster.plan import ACTIONS, NODE_DIRECTORIES, Plan, node_addresses

MAX_NODES: Final = 80
MAX_INSTANCES: Final = 150
# The longest path that a Unix socket's address can hold, and the part of it below a node's root.
_SOCKET_PATH: Final = 107
_LONGEST_SOCKET: Final = "/var/run/ganeti/socket/ganeti-query"

_PREFIX: Final = re.compile(r"^127\.(\d{1,3})\.(\d{1,3})$")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="vcluster-setup",
        description="Make DIR a virtual cluster: a directory for each node, and scripts to start "
        "and stop their daemons. Running it again keeps everything that is there.",
    )
    made.add_argument("directory", metavar="DIR", help="the cluster's directory")
    made.add_argument(
        "-c", "--nodes", type=int, default=3, metavar="N", help="number of nodes (default: 3)"
    )
    made.add_argument(
        "-i", "--instances", type=int, default=60, metavar="N",
        help="number of instance names that resolve (default: 60)",
    )  # fmt: skip
    made.add_argument(
        "-p", "--network", metavar="127.X.Y",
        help="the first three numbers of the loopback network (default: a free one)",
    )  # fmt: skip
    return made


def main() -> None:
    """Run the program."""
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Make the directory as *argv* says; return the exit code."""
    given = parser().parse_args(argv)
    try:
        plan = planned(given.directory, given.nodes, given.instances, given.network)
        make(plan)
    except errors.GanetiError as error:
        print(f"vcluster-setup: {error.message}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"vcluster-setup: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{plan.directory}: {plan.nodes} nodes in {plan.prefix}.0/24")
    for warning in warnings(plan):
        print(f"Warning: {warning}", file=sys.stderr)
    return 0


def planned(
    directory: str,
    nodes: int,
    instances: int,
    prefix: str | None,
    usable: Callable[[str, int], bool] = network.bindable,
) -> Plan:
    """Return the plan for *directory*; a network that was chosen before is kept.

    Raise `errors.GenericError` for numbers that don't fit, or when the cluster there has more nodes
    than wanted.
    """
    if not 1 <= nodes <= MAX_NODES:
        raise errors.GenericError(f"The number of nodes must be from 1 to {MAX_NODES}.")
    if not 0 <= instances <= MAX_INSTANCES:
        raise errors.GenericError(f"The number of instances must be from 0 to {MAX_INSTANCES}.")
    where = os.path.realpath(directory)
    here = len(node_directories(where))
    if here > nodes:
        raise errors.GenericError(
            f"{where} has {here} nodes already: ask for as many or more, or remove nodes first."
        )
    chosen = _network(where, nodes, prefix, usable)
    return Plan(where, chosen, nodes, instances, sys.executable, os.path.dirname(sys.executable))


def node_directories(directory: str) -> list[str]:
    """Return the names of the nodes in *directory*, in the order of their numbers."""
    found = [path.parent.name for path in pathlib.Path(directory).glob("node*.*/cmd")]
    return sorted(found, key=lambda name: (len(name), name))


def _network(
    directory: str, nodes: int, wanted: str | None, usable: Callable[[str, int], bool]
) -> str:
    kept = pathlib.Path(directory, "network")
    before = kept.read_text("ascii").strip() if kept.exists() else None
    if wanted is None:
        return before or network.free_prefix(
            directory, lambda prefix: [f"{prefix}.1", *node_addresses(prefix, nodes)], usable
        )
    match = _PREFIX.match(wanted)
    if match is None or not all(0 <= int(part) <= 255 for part in match.groups()):
        raise errors.GenericError(
            f"'{wanted}' is not a loopback network: give its first three numbers, as in 127.3.9."
        )
    if before not in (None, wanted):
        raise errors.GenericError(
            f"The cluster in {directory} has its addresses in {before}.0/24; they can't be changed."
        )
    return wanted


def make(plan: Plan) -> None:
    """Write the directory; files that may have been edited or used are kept."""
    base = pathlib.Path(plan.directory)
    base.mkdir(parents=True, exist_ok=True)
    (base / "network").write_text(f"{plan.prefix}\n", "ascii")
    (base / "hosts").write_text(plan.hosts(), "ascii")
    (base / "shared-file-storage").mkdir(exist_ok=True)
    for name in plan.node_names():
        _make_node(plan, name)
    for action in ACTIONS:
        _executable(base / f"{action}-all", plan.script(action))


def _make_node(plan: Plan, name: str) -> None:
    root = pathlib.Path(plan.root(name))
    for directory in NODE_DIRECTORIES:
        (root / directory).mkdir(parents=True, exist_ok=True)
    # All nodes see the same files there: that is what makes it shared storage.
    shared = root / "srv/ganeti/shared-file-storage"
    if not shared.is_symlink():
        shared.symlink_to("../../../shared-file-storage")
    allowed = root / "etc/ganeti/file-storage-paths"
    if not allowed.exists():
        allowed.write_text("/srv/ganeti/file-storage\n/srv/ganeti/shared-file-storage\n", "ascii")
    _executable(root / "cmd", plan.node_command(name))


def _executable(path: pathlib.Path, text: str) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o755)


def warnings(plan: Plan) -> list[str]:
    """Return sentences about what will work only in part."""
    longest = max(len(os.fsencode(plan.root(name))) for name in plan.node_names())
    if longest + len(_LONGEST_SOCKET) <= _SOCKET_PATH:
        return []
    return [
        f"{plan.directory} is a long path: the sockets' paths below it exceed {_SOCKET_PATH} "
        "bytes. ganetix's own programs reach them; other LUXI clients can't. A shorter directory "
        "helps."
    ]


if __name__ == "__main__":
    main()
