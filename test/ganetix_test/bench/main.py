"""The command line of `bin/bench`."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ganetix import errors
from ganetix_test.bench import jobs, lab, lists, planner, queries, stalls, synthetic
from ganetix_test.bench.report import Measure, table
from ganetix_test.bench.target import Target, root_of, target

PROGRAMS: Final = str(Path(__file__).resolve().parents[3] / ".venv/bin")
Say = Callable[[str], object]
Bench = Callable[[Target, int], list[Measure]]

BENCHES: Final[dict[str, Bench]] = {
    "latency": jobs.latency,
    "throughput": jobs.throughput,
    "create": jobs.create,
    "lists": lists.lists,
    "verify": lists.verify,
    "memory": jobs.memory,
    "queries": queries.queries,
    "rapi": queries.rapi,
}
TAGS: Final = "tags"
"""The one that takes all clusters at once."""

EPILOG: Final = f"""\
benches: {", ".join(BENCHES)}, {TAGS} (default: all).

bin/bench fill DIR N makes config.data of the stopped cluster with the master DIR grow to N
instances, copies of its first diskless one. {TAGS} compares the clusters of all --rootdir, small
and large, in turn; everything else measures the first.

bin/bench htools ... measures the planner; see bin/bench htools --help. bin/bench lab ... measures
guests and mirrors; see bin/bench lab --help."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="bin/bench",
        description="Measure a cluster by LUXI and gnt-*, and another beside it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--rootdir", action="append", metavar="DIR", help="root directory of a master node")
    add("--path", default=PROGRAMS, metavar="DIR", help="its gnt-* programs")
    add("--pid", action="append", type=int, default=[], help="its master daemons, if not found")
    add("--against", action="append", metavar="SOCKET", help="the LUXI socket of another cluster")
    add("--against-path", default="/usr/sbin", metavar="DIR", help="the other's gnt-* programs")
    share = "repeat everything N times less often against the other (default 1)"
    add("--against-share", type=int, default=1, metavar="N", help=share)
    add("bench", nargs="*", metavar="BENCH", help="what to measure")
    return made


def measured(
    targets: Sequence[Target], wanted: Sequence[str], share: int, say: Say
) -> list[Measure]:
    """Return the figures of the first of *targets*, for tags those of all."""
    first, rows = targets[0], []
    start = stalls.size(first)
    for name in wanted:
        say(f"# {first.name}: {name}, {load()}")
        found = jobs.tags(targets, share) if name == TAGS else BENCHES[name](first, share)
        rows += found
    return rows + stalls.since(first, start)


def load() -> str:
    """Return how busy the machine is and has been."""
    one, five, fifteen = os.getloadavg()
    return f"load {one:.2f} {five:.2f} {fifteen:.2f} on {os.cpu_count()} processors"


def compare(options: argparse.Namespace, say: Say) -> int:
    """Measure and print; return the exit code: 1 when a figure of ours was missed."""
    wanted = options.bench or [*BENCHES, TAGS]
    unknown = sorted(set(wanted) - {*BENCHES, TAGS})
    if unknown:
        say(f"There is no bench {unknown[0]}; there are {', '.join([*BENCHES, TAGS])}.")
        return 2
    ours = [target("ours", root, options.path, options.pid) for root in options.rootdir]
    sockets = options.against or []
    other = [target("other", root_of(path), options.against_path) for path in sockets]
    began = load()
    mine = measured(ours, wanted, 1, say)
    theirs = measured(other, wanted, options.against_share, say) if other else []
    say("")
    for line in table(mine, theirs, compared=bool(other)):
        say(line)
    say(f"\nAt the beginning: {began}. At the end: {load()}.")
    return 0 if all(measure.reached for measure in mine) else 1


def main(args: Sequence[str], say: Say) -> int:
    """Run the command line *args*; return the exit code."""
    try:
        return _run(args, say)
    except (errors.GanetiError, RuntimeError, ValueError) as error:
        say(error.message if isinstance(error, errors.GanetiError) else str(error))
        return 1


def _run(args: Sequence[str], say: Say) -> int:
    if list(args[:1]) == ["fill"]:
        if len(args) != 3 or not args[2].isdigit():
            say("Usage: bin/bench fill DIR N")
            return 2
        say(synthetic.fill(args[1], int(args[2])))
        return 0
    if list(args[:1]) == ["htools"]:
        return planner.main(args[1:], PROGRAMS, say)
    if list(args[:1]) == ["lab"]:
        return lab.main(args[1:], PROGRAMS, say)
    options = parser().parse_args(args)
    options.rootdir = options.rootdir or [os.environ.get("GANETI_ROOTDIR", "/")]
    return compare(options, say)
