"""``python -m ganetix_test.lab.check [SCENARIO...]``: a lab of its own, all scenarios, a table.

Prints a row for each scenario: its name, the result, seconds, and what was proved; the last line is
what `bin/check` counts. With SCENARIOs (names or how they begin) only those are run, in their
order; most of them go on where the one before them ended. Where there can be no lab it says why,
and counts all as skipped.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ganetix_test.lab import guest, host
from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.host import LabError
from ganetix_test.lab.scenarios import storage

ALL: Final[Mapping[str, Callable[[Lab], str]]] = {**storage.SCENARIOS}
NODES: Final = 3


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _chosen(words: Sequence[str]) -> dict[str, Callable[[Lab], str]]:
    return {
        name: scenario
        for name, scenario in ALL.items()
        if not words or any(name.startswith(word) for word in words)
    }


def _run(lab: Lab, scenarios: Mapping[str, Callable[[Lab], str]]) -> int:
    """Run *scenarios* in *lab*, print a row for each, and return how many failed."""
    failed = 0
    for name, scenario in scenarios.items():
        began = time.monotonic()
        try:
            proved, result = scenario(lab), "ok"
        except LabError as error:
            proved, result = str(error), "FAILED"
            failed += 1
        _tell(f"{name:36} {result:7} {time.monotonic() - began:5.0f} s  {proved}")
    return failed


def main(words: Sequence[str]) -> int:
    """Bring a lab up, run what *words* name, take it down; return 1 if one failed."""
    scenarios, why = _chosen(words), host.unable()
    if why:
        _tell(f"There can be no lab on this machine: {why}.")
        _tell(f"PASSED (skips={len(scenarios)})")
        return 0
    host.install()
    guest.make()
    lab, began = Lab("check", NODES), time.monotonic()
    lab.down()
    try:
        lab.up(lambda what: _tell(f"[{time.monotonic() - began:3.0f} s] {what}"))
        _tell(f"[{time.monotonic() - began:3.0f} s] {NODES} nodes are ready")
        failed = _run(lab, scenarios)
    finally:
        lab.down()
    good = len(scenarios) - failed
    _tell(
        f"FAILED (failures={failed}, successes={good})" if failed else f"PASSED (successes={good})"
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
