"""``python -m ganetix.daemons.bootstrap STEP``: beginnings and ends that no running daemon can do.

Each step reads one JSON object from standard input and prints its answer as the last line of
standard output; what went wrong is on standard error, as the gnt-* programs say it, with their
exit code.

=================== ================================================================================
``init``            `ganetix.master.bootstrap.request.Init`: make this machine a cluster's master
``join``            `ganetix.master.bootstrap.request.Join`: on the master, bring in a node; answers
                    with `ganetix.master.bootstrap.request.Joined`
``renew``           `ganetix.daemons.renew.Renew`: on the master, new secrets and certificates
``failover``        `ganetix.daemons.failover.Failover`: on a candidate, make it the master
``destroy``         after OP_CLUSTER_DESTROY: stop this node's daemons and clean it
``prepare-node-join`` on the node: `ganetix.master.bootstrap.join.Prepare`
``node-daemon-setup`` on the node: `ganetix.master.bootstrap.join.Setup`
=================== ================================================================================
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from ganetix import errors
from ganetix.cli.main import describe
from ganetix.daemons import (
    cluster_files,
    cluster_init,
    daemon_util,
    node_join,
    node_setup,
    renew,
    settings,
)
from ganetix.master.bootstrap.join import PREPARE, SETUP, Prepare, Setup
from ganetix.master.bootstrap.request import Init, Join
from ganetix.paths import Paths

Request = TypeVar("Request")


def _decoded(data: bytes, kind: type[Request]) -> Request:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise errors.ParseError(f"The request on standard input does not fit: {error}.") from error


def _init(paths: Paths, data: bytes) -> None:
    cluster_init.init(paths, _decoded(data, Init))


def _join(paths: Paths, data: bytes) -> Any:
    return node_join.join_node(paths, _decoded(data, Join))


def _renew(paths: Paths, data: bytes) -> None:
    renew.renew(paths, _decoded(data, renew.Renew))


def _failover(paths: Paths, data: bytes) -> None:
    # It loads the master's parts, which takes as long as all that the other steps need.
    from ganetix.daemons import failover

    failover.fail_over(paths, _decoded(data, failover.Failover))


def _destroy(paths: Paths, _: bytes) -> None:
    daemon_util.stop_all(paths)
    cluster_files.remove_cluster(paths)


def _prepare(paths: Paths, data: bytes) -> Any:
    return node_setup.prepare(paths, _decoded(data, Prepare))


def _setup(paths: Paths, data: bytes) -> None:
    node_setup.setup(paths, _decoded(data, Setup))


STEPS: Final[Mapping[str, Callable[[Paths, bytes], Any]]] = {
    "init": _init,
    "join": _join,
    "failover": _failover,
    "renew": _renew,
    "destroy": _destroy,
    PREPARE: _prepare,
    SETUP: _setup,
}


def main() -> None:
    """Run the program."""
    # What is made here is for its owner unless a mode says more.
    os.umask(0o022)
    match sys.argv[1:]:
        case [step] if step in STEPS:
            data = b"" if step == "destroy" else sys.stdin.buffer.read()
        case _:
            sys.exit(f"Usage: python -m ganetix.daemons.bootstrap {'|'.join(STEPS)}")
    try:
        answer = STEPS[step](settings.node_paths(os.environ), data)
    except errors.GanetiError as error:
        # Another node's master reads what its own steps say; the others are read by a person.
        print(error.message if step in (PREPARE, SETUP) else describe(error), file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}.", file=sys.stderr)
        sys.exit(1)
    if answer is not None:
        print(msgspec.json.encode(answer).decode())


if __name__ == "__main__":
    main()
