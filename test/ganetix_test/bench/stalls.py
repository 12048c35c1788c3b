"""What the stall meter of a master daemon has seen, from the daemon's log."""

import os
import re
from typing import Final

from ganetix_test.bench.report import Measure
from ganetix_test.bench.target import Target

LINE: Final = re.compile(rb"The reactor was busy for (\d+) ms")
LIMIT: Final = 50
"""Milliseconds from which the meter writes a line."""


def log_of(target: Target) -> str:
    """Return the path of the master daemon's log."""
    return os.path.join(target.root, "var/log/ganeti/master-daemon.log")


def size(target: Target) -> int:
    """Return how long the log is now; nothing for a cluster without one."""
    path = log_of(target)
    return os.path.getsize(path) if os.path.exists(path) else 0


def longest(text: bytes) -> tuple[int, int]:
    """Return how many stalls the lines of a log name, and the milliseconds of the longest."""
    found = [int(ms) for ms in LINE.findall(text)]
    return len(found), max(found, default=0)


def since(target: Target, start: int) -> list[Measure]:
    """Return the stalls that the log has from byte *start* on."""
    path = log_of(target)
    if not os.path.exists(path):
        return []
    with open(path, "rb") as log:
        log.seek(start)
        count, most = longest(log.read())
    what = "longest stall of the master's reactor"
    return [Measure(what, "ms", most, LIMIT, note=f"{count} over {LIMIT} ms of CPU, from its log")]
