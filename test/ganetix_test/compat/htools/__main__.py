"""Compare the planner with the reference on generated clusters, with all options, on bad input.

    python -m ganetix_test.compat.htools --cache DIR [--count 300] [--first 0] [--biggest 60]

Every difference is reported; the exit code is 1 if there is one that is not explained. Where the
reference does not end in time, nothing is compared; those runs are named too.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from ganetix_test.compat.htools.compare import EXPLAINED, Comparison, Tally
from ganetix_test.compat.htools.generate import Generated
from ganetix_test.compat.htools.odd import Oddities
from ganetix_test.compat.htools.reference import Reference, fetch


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compat.htools", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".tox/htools-reference"))
    parser.add_argument("--reference", type=Path, help="unpacked reference, instead of --cache")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--biggest", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-odd", action="store_true", help="only the generated clusters")
    return parser.parse_args(argv)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _report(tally: Tally, count: int, seconds: float) -> None:
    runs = ", ".join(f"{number} {name}" for name, number in sorted(tally.runs.items()))
    _say(f"{count} clusters in {seconds:.0f} s: {runs}")
    for reason, number in sorted(tally.explained.items()):
        _say(f"{number} times on purpose: {EXPLAINED[reason]}")
    _say(f"{len(tally.unfinished)} runs of the reference did not end in time")
    _say(f"{len(tally.differences)} differences")


def _compared(root: Path, biggest: int, number: int) -> Tally:
    """Compare one cluster, in a process of its own."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        cluster = Generated(number, biggest=biggest)
        Comparison(Reference(root), Path(folder), cluster, tally).everything()
    return tally


def _odd(root: Path) -> Tally:
    """Compare all options, and what is malformed or impossible."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        Oddities(Reference(root), Path(folder), tally).everything()
    return tally


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, report, and return 0 when nothing differs."""
    args = _arguments(argv)
    if args.reference is None and shutil.which("apt-get") is None:
        _say("Nothing is compared: the reference comes from Debian, and there is no apt-get here.")
        return 0
    root = args.reference or fetch(args.cache)
    started = time.monotonic()
    tally = Tally() if args.no_odd else _odd(root)
    for line in map(str, tally.differences):
        _say(line)
    numbers = range(args.first, args.first + args.count)
    with ProcessPoolExecutor(args.jobs) as pool:
        for found in pool.map(partial(_compared, root, args.biggest), numbers):
            for line in (*found.unfinished, *map(str, found.differences)):
                _say(line)
            tally.add(found)
    _report(tally, args.count, time.monotonic() - started)
    return 1 if tally.differences else 0


if __name__ == "__main__":
    sys.exit(main())
