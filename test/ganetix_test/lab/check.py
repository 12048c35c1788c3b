"""``python -m ganetix_test.lab.check [--lab NAME] [SCENARIO...]``: scenarios in a lab, a table.

Prints a row for each scenario: its name, the result, seconds, and what was proved; the last line is
what `bin/check` counts. With SCENARIOs (names or how they begin) only those are run, in their
order; those on disks go on where the one before them ended. Without ``--lab`` the lab is its own,
and gone afterwards. Where there can be no lab it says why, and counts all as skipped.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ganetix_test.lab import guest, host
from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.scenarios import (
    containers,
    faults,
    guests,
    masters,
    oses,
    steps,
    storage,
)

Scenarios = Mapping[str, Callable[[Lab], str]]
ALL: Final[Scenarios] = {
    **storage.SCENARIOS,
    **faults.SCENARIOS,
    **masters.SCENARIOS,
    **oses.SCENARIOS,
    **guests.SCENARIOS,
    **containers.SCENARIOS,
}
NODES: Final = 3
LONGEST: Final = 3000
"""Characters of a reason that are shown, the last ones."""


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _chosen(words: Sequence[str]) -> Scenarios:
    return {
        name: scenario
        for name, scenario in ALL.items()
        if not words or any(name.startswith(word) for word in words)
    }


def _run(lab: Lab, scenarios: Scenarios) -> int:
    """Run *scenarios* in *lab*, print a row for each, and return how many failed."""
    steps.prepare(lab)
    failed = 0
    for name, scenario in scenarios.items():
        began = time.monotonic()
        try:
            steps.mend(lab)
            proved, result = scenario(lab), "ok"
        except Exception as error:  # noqa: BLE001 - whatever ends one, the others are to be tried
            proved, result = f"{type(error).__name__}: {error}".rstrip(), "FAILED"
            failed += 1
        told = proved[-LONGEST:].replace("\n", "\n    ")
        _tell(f"{name:36} {result:7} {time.monotonic() - began:5.0f} s  {told}")
    return failed


def _run_in_own_lab(scenarios: Scenarios) -> int:
    host.install()
    guest.make()
    lab, began = Lab("check", NODES), time.monotonic()

    def tell(what: str) -> None:
        _tell(f"[{time.monotonic() - began:3.0f} s] {what}")

    lab.down()
    try:
        lab.up(tell)
        tell(f"{NODES} nodes are ready")
        return _run(lab, scenarios)
    finally:
        with host.undisturbed():
            lab.down()
        tell("The lab is down")


def main() -> int:
    """Run what the command line names; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="ganetix_test.lab.check")
    parser.add_argument("--lab", help="a lab that is up, which stays")
    parser.add_argument("scenario", nargs="*")
    options = parser.parse_args()
    scenarios, why = _chosen(options.scenario), host.unable()
    if why:
        _tell(f"There can be no lab on this machine: {why}.")
        _tell(f"PASSED (skips={len(scenarios)})")
        return 0
    host.let_signals_interrupt()
    try:
        if options.lab:
            failed = _run(Lab.known(options.lab), scenarios)
        else:
            failed = _run_in_own_lab(scenarios)
    except KeyboardInterrupt:
        return 130
    good = len(scenarios) - failed
    _tell(
        f"FAILED (failures={failed}, successes={good})" if failed else f"PASSED (successes={good})"
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
