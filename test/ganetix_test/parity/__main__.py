"""Walk the interface tables against a virtual cluster, print what is done, and keep it so.

    bin/check parity
    python -m ganetix_test.parity --accept

The exit code is 1 when a row that was done is not done any more; each is named. With --accept the
rows that are done now are written to done.json: to be committed.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from ganetix_test.parity import (
    commands,
    fields,
    journeys,
    luxi,
    operations,
    options,
    rapi,
    reasons,
)
from ganetix_test.parity.place import Place

DONE: Final = Path(__file__).with_name("done.json")
Areas = dict[str, list[str]]


def everything() -> Areas:
    """Return all rows, by area."""
    return {
        "LUXI methods": sorted(luxi.rows()),
        "RAPI resources and methods": sorted(rapi.rows()),
        "query fields": sorted(fields.rows()),
        "opcodes": sorted(operations.opcodes()),
        "hooks": sorted(operations.hooks()),
        "gnt-* commands": sorted(commands.rows()),
        "options": sorted(options.rows()),
    }


def walked(place: Place) -> Areas:
    """Return the rows that are done on *place*, by area; what is not says why."""
    found = {
        "query fields": fields.done(place),
        "LUXI methods": luxi.done(place),
        "RAPI resources and methods": rapi.done(place),
        "gnt-* commands": commands.done(place),
        "opcodes": operations.succeeded(place),
    }
    kept = {area: set(rows) for area, rows in found.items()}
    ended = set(commands.right(place, journeys.end(place)))
    kept["gnt-* commands"] |= ended
    if "gnt-cluster destroy" in ended:
        kept["opcodes"].add("OP_CLUSTER_DESTROY")  # its job went with the cluster
    kept["hooks"] = set(operations.hooked(place))
    return {area: sorted(rows) for area, rows in kept.items()}


def table(all_rows: Areas, done: Areas) -> Iterable[str]:
    """Yield the lines of the table."""
    for area, rows in all_rows.items():
        yield f"{area:28} {len(set(rows) & set(done.get(area, ()))):4} of {len(rows):4}"


def not_here() -> Iterable[str]:
    """Yield a line for each reason why rows are not done."""
    by_reason: dict[str, list[str]] = {}
    for rows in reasons.NOT_HERE.values():
        for row, why in rows.items():
            by_reason.setdefault(why, []).append(row)
    for why, told in by_reason.items():
        yield f"not here: {len(told)}, because {why}: {', '.join(told)}"


def lost(before: Areas, now: Areas) -> list[str]:
    """Return the rows that were done and are not any more."""
    return [
        f"{area}: {row}"
        for area, rows in before.items()
        for row in rows
        if row not in now.get(area, ())
    ]


def _unsaid(all_rows: Areas, done: Areas) -> Iterable[str]:
    """Yield the rows that are not done, and nobody says why."""
    for area, rows in all_rows.items():
        left = set(rows) - set(done.get(area, ())) - set(reasons.NOT_HERE.get(area, ()))
        yield from (f"not done: {area}: {row}" for row in sorted(left))


def main(argv: list[str]) -> int:
    """Walk, print, and compare with what was done before."""
    parser = argparse.ArgumentParser(prog="parity", description=__doc__)
    parser.add_argument("--accept", action="store_true", help="write done.json")
    arguments = parser.parse_args(argv)
    with ProcessPoolExecutor(1) as other:
        trying = other.submit(options.effects)  # meanwhile: it needs no cluster
        place = Place.make()
        try:
            now = walked(place)
        finally:
            place.remove()
        effects = trying.result()
    if arguments.accept:
        options.accept(effects)
    now["options"] = sorted(options.done(effects))
    before: Areas = json.loads(DONE.read_text("utf-8"))
    gone, more = lost(before, now), lost(now, {area: before.get(area, []) for area in now})
    rows = everything()
    lines = (*table(rows, now), *not_here(), *_unsaid(rows, now))
    for line in (*lines, *(f"not done any more: {row}" for row in gone)):
        sys.stdout.write(f"{line}\n")
    if arguments.accept:
        DONE.write_text(json.dumps(now, indent=1) + "\n", "utf-8")
    elif more:
        sys.stdout.write(
            f"{len(more)} rows are new; 'python -m ganetix_test.parity --accept' keeps them.\n"
        )
    return 1 if gone and not arguments.accept else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
