"""The command line of ganeti-watcher."""

import argparse
import re
from collections.abc import Sequence
from typing import Final

import attrs

DEFAULT_JOB_AGE: Final = 6 * 3600
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@attrs.frozen
class Options:
    """What a run is to do. *job_age* is in seconds, below zero: no matter how old."""

    node_group: str | None = None
    job_age: int = DEFAULT_JOB_AGE
    ignore_pause: bool = False
    wait_children: bool = True
    verify_disks: bool = True
    rapi_ip: str | None = None
    debug: int = 0

    def of_child(self, uuid: str) -> list[str]:
        """Return the command line of the watcher of the group with that *uuid*."""
        return [
            f"--node-group={uuid}",
            *(["--ignore-pause"] if self.ignore_pause else []),
            *([] if self.verify_disks else ["--no-verify-disks"]),
            *(["--debug"] * self.debug),
        ]


def duration(text: str) -> int:
    """Return the seconds of *text*, such as 90, 6h or 3w; -1 for ``all``."""
    if text == "all":
        return -1
    match = re.fullmatch(r"(\d{1,9})([smhdw]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no duration: give a number with s, m, h, d or w, such as 6h"
        )
    return int(match[1]) * _SECONDS[match[2]]


def parse(words: Sequence[str]) -> Options:
    """Return the options in *words*; exits with 0 after --help, with 2 for a wrong one."""
    return Options(**vars(parser().parse_args(words)))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="ganeti-watcher",
        description="Bring this node's daemons up; on the master also instances that should run.",
        allow_abbrev=False,
    )
    add = made.add_argument
    add("-d", "--debug", action="count", default=0, help="log to standard error too, and more")
    add("-g", "--node-group", metavar="<nodegroup>", help="look after this group alone")
    add(
        "-A", "--job-age", type=duration, default=DEFAULT_JOB_AGE, metavar="<age>",
        help="archive jobs that ended longer ago (default: 6h); all: every job that ended",
    )  # fmt: skip
    add("--ignore-pause", action="store_true", help="run though the watcher is paused")
    add(
        "--wait-children", action=argparse.BooleanOptionalAction, default=True,
        help="wait for the watchers of the groups (default)",
    )  # fmt: skip
    add(
        "--no-verify-disks", action="store_false", dest="verify_disks",
        help="leave out the verification of disks",
    )  # fmt: skip
    add("--rapi-ip", metavar="<address>", help="where to probe the remote API (127.0.0.1)")
    return made
