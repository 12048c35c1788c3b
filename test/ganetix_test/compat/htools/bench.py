"""Time the planner, and the reference on the same files.

    python -m ganetix_test.compat.htools.bench [--against DIR] [--sizes 20x200,80x1000]

DIR holds the reference's programs by their names. The table has seconds of wall time and of
processor time; the fastest of the runs counts, since other work on the machine only adds to it.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ganetix_test.compat.htools.sized import sized

LONGEST = 300.0
SEED = 20261121
SMALL = ("20x200", "80x1000")
HUGE = ("1000x20000",)
# Seconds to reach.
AIMS = {
    "20x200": {"hbal to the end": 0.3},
    "80x1000": {
        "hail in master": 0.015, "hail": 0.15, "hbal, one move": 0.2, "hbal to the end": 20.0,
        "hspace": 1.0, "hspace, tiered": 1.0,
    },
    "150x3000": {"hail": 0.2},
    "1000x20000": {"hail": 1.0, "hbal, one move": 5.0},
}  # fmt: skip
START = "import sys; from ganetix.cli.htools.{0} import main; sys.exit(main())"


class Timing(NamedTuple):
    """The fastest run of one command."""

    wall: float
    cpu: float


class Case(NamedTuple):
    """One row: a program on a cluster, and the seconds that it may take (None: no aim)."""

    size: str
    name: str
    words: list[str]
    aim: float | None
    reference: bool


def timed(command: Sequence[str], runs: int) -> Timing | None:
    """Run *command* some times; None when it does not end in time."""
    best: Timing | None = None
    for _run in range(runs):
        before, started = os.times(), time.perf_counter()
        try:
            subprocess.run(command, capture_output=True, timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired:
            return None
        wall, after = time.perf_counter() - started, os.times()
        cpu = after.children_user + after.children_system
        cpu -= before.children_user + before.children_system
        if best is None or wall < best.wall:
            best = Timing(wall, cpu)
        if wall > 10:
            break
    return best


def in_master(request: str, runs: int) -> Timing:
    """Time hail as the master calls it."""
    import numpy  # noqa: F401, PLC0415 # the master has it

    from ganetix.htools.hail import hail  # noqa: PLC0415

    message = json.loads(request)
    gc.collect()
    gc.freeze()  # as the master does when it has read its configuration
    found = []
    for _run in range(runs + 1):
        cpu, wall = time.process_time(), time.perf_counter()
        hail(message)
        found.append(Timing(time.perf_counter() - wall, time.process_time() - cpu))
    return min(found)


def _cases(size: str, data: str, request: str) -> list[Case]:
    sizes = ["--disk-template", "drbd", "--standard-alloc", "20480,4096,2"]
    aims = AIMS.get(size, {})
    words = {
        "hail": [request],
        "hbal, one move": ["-t", data, "-l", "1"],
        "hbal to the end": ["-t", data],
        "hspace": ["-t", data, "--machine-readable=yes", *sizes],
        "hspace, tiered": [
            "-t", data, "--machine-readable=yes", *sizes, "--tiered-alloc", "102400,8192,8",
        ],
    }  # fmt: skip
    big = size not in SMALL
    names = ["hail", "hbal, one move"] if big else list(words)
    return [Case(size, name, words[name], aims.get(name), size not in HUGE) for name in names]


def _cell(found: Timing | None) -> str:
    return f"{found.wall:8.3f} {found.cpu:8.3f}" if found else f"> {LONGEST:.0f} s".rjust(17)


def _row(size: str, name: str, found: Timing | None, aim: float | None) -> str:
    return f"{size:>10} {name:16} {_cell(found)} {'' if aim is None else f'{aim:.3f}':>8}"


def _ours(case: Case, runs: int) -> Timing | None:
    """Time our program, as an installed one: its bytecode is there."""
    command = [sys.executable, "-c", START.format(_program(case)), *case.words]
    timed(command, 1)
    return timed(command, runs)


def _program(case: Case) -> str:
    return case.name.split(",", 1)[0].split(" ", 1)[0]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="bench htools", description=__doc__)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--sizes", default=",".join((*SMALL, "150x3000", *HUGE)))
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args(argv)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.stdout.write(f"{'size':>10} {'program':16} {'wall':>8} {'cpu':>8} {'aim':>8}   reference\n")
    with tempfile.TemporaryDirectory() as folder:
        for size in args.sizes.split(","):
            nodes, instances = map(int, size.split("x"))
            made = sized(nodes, instances, SEED)
            data, request = Path(folder) / "c.data", Path(folder) / "c.json"
            data.write_text(made.text, encoding="utf-8")
            request.write_text(made.request, encoding="utf-8")
            inside = in_master(made.request, args.runs)
            aim = AIMS.get(size, {}).get("hail in master")
            sys.stdout.write(_row(size, "hail in master", inside, aim) + "\n")
            for case in _cases(size, str(data), str(request)):
                line = _row(size, case.name, _ours(case, args.runs), case.aim)
                if args.against is not None and case.reference:
                    program = str(args.against / _program(case))
                    line += f"   {_cell(timed([program, *case.words], min(2, args.runs)))}"
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
