"""Compare the planner with the reference on generated clusters.

    python -m ganetix_test.compat.htools --cache DIR [--count 300] [--first 0] [--biggest 60]

Every difference is reported; the exit code is 1 if there is one that is not explained.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ganetix_test.compat.htools.compare import EXPLAINED, Comparison, Tally
from ganetix_test.compat.htools.generate import Generated
from ganetix_test.compat.htools.reference import Reference, fetch


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compat.htools", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".tox/htools-reference"))
    parser.add_argument("--reference", type=Path, help="unpacked reference, instead of --cache")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--biggest", type=int, default=60)
    return parser.parse_args(argv)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _report(tally: Tally, count: int, seconds: float) -> None:
    runs = ", ".join(f"{number} {name}" for name, number in sorted(tally.runs.items()))
    _say(f"{count} clusters in {seconds:.0f} s: {runs}")
    for reason, number in sorted(tally.explained.items()):
        _say(f"{number} times on purpose: {EXPLAINED[reason]}")
    _say(f"{len(tally.differences)} differences")


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, report, and return 0 when nothing differs."""
    args = _arguments(argv)
    if args.reference is None and shutil.which("apt-get") is None:
        _say("Nothing is compared: the reference comes from Debian, and there is no apt-get here.")
        return 0
    reference = Reference(args.reference) if args.reference else fetch(args.cache)
    tally = Tally()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.first, args.first + args.count):
            seen = len(tally.differences)
            cluster = Generated(number, biggest=args.biggest)
            try:
                Comparison(reference, Path(folder), cluster, tally).everything()
            except subprocess.TimeoutExpired as err:
                _say(f"cluster {number}: the reference did not end: {err}")
            for difference in tally.differences[seen:]:
                _say(str(difference))
    _report(tally, args.count, time.monotonic() - started)
    return 1 if tally.differences else 0


if __name__ == "__main__":
    sys.exit(main())
