"""The planner's programs on generated clusters: ours beside those of another directory."""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ganetix_test.bench.report import Measure, median_ms, table
from ganetix_test.compat.htools.generate import Generated

PROGRAMS: Final = ("hbal", "hinfo", "hcheck")
RUNS: Final = 3
LIMIT: Final = 120
"""Seconds after which a program is given up."""


def measured(programs: str, folder: str, nodes: int, count: int) -> list[Measure]:
    """Return how long each program takes on each of *count* clusters of *nodes* nodes.

    Raise `RuntimeError` when one does not end.
    """
    rows = []
    for number in range(count):
        cluster = Generated(number, smallest=nodes, biggest=nodes)
        file = Path(folder, f"{number}.txt")
        file.write_text(cluster.text(), "utf-8")
        size = f"{len(cluster.nodes)} nodes, {len(cluster.instances)} instances"
        for name in PROGRAMS:
            line = [str(Path(programs, name)), "-t", str(file)]
            taken = [_timed(line) for _ in range(RUNS)]
            rows.append(median_ms(f"{name} on cluster {number}: {size}", taken))
    return rows


def _timed(line: list[str]) -> float:
    began = time.perf_counter()
    # Some exit with 1 to say that the cluster is not in order: that is an answer too.
    try:
        subprocess.run(line, capture_output=True, check=False, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{' '.join(line)} did not end within {LIMIT} seconds.") from None
    return time.perf_counter() - began


def main(args: Sequence[str], path: str, say: Callable[[str], object]) -> int:
    """Run the command line *args*; our programs are in *path* unless they say otherwise."""
    parser = argparse.ArgumentParser(prog="bin/bench htools", description=__doc__)
    parser.add_argument("--path", default=path, metavar="DIR", help="our programs")
    parser.add_argument("--against", metavar="DIR", help="the other's programs")
    parser.add_argument("--nodes", type=int, default=40, metavar="N")
    parser.add_argument("--clusters", type=int, default=3, metavar="N")
    options = parser.parse_args(args)
    with tempfile.TemporaryDirectory() as folder:
        ours = measured(options.path, folder, options.nodes, options.clusters)
        other = options.against
        theirs = measured(other, folder, options.nodes, options.clusters) if other else []
    for row in table(ours, theirs, compared=bool(other)):
        say(row)
    return 0
