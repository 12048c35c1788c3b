"""What many runs have met, for people."""

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from ganetix.testing.sim.faults import FAULTS, Planned
from ganetix.testing.sim.play import Outcome


@attrs.define
class Summary:
    """Counts over runs."""

    runs: int = 0
    steps: int = 0
    broken: list[Outcome] = attrs.field(factory=list)
    met: Counter[Planned] = attrs.field(factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one run."""
        self.runs += 1
        self.steps += outcome.steps
        self.met.update(outcome.met)
        if outcome.broken:
            self.broken.append(outcome)

    def missing(self, pairs: Iterable[Planned]) -> list[Planned]:
        """Return the pairs that no run has met."""
        return [pair for pair in pairs if pair not in self.met]

    def table(self) -> list[str]:
        """Return lines: for each operation how often each fault met it, over how many steps."""
        operations = sorted({pair.operation for pair in self.met})
        width = max((len(name) for name in operations), default=0)
        faults = list(FAULTS)
        lines = [f"{number + 1:2} {fault}" for number, fault in enumerate(faults)]
        numbers = range(1, len(faults) + 1)
        head = " ".join(f"{number:>6}" for number in numbers)
        lines += ["", "times met / different steps, by operation and fault:"]
        lines.append(f"{'':{width}} {head}")
        for operation in operations:
            lines.append(f"{operation:{width}} {self._cells(operation, faults)}")
        return lines

    def _cells(self, operation: str, faults: Sequence[str]) -> str:
        cells = []
        for fault in faults:
            rows = {
                pair.step: count
                for pair, count in self.met.items()
                if (pair.fault, pair.operation) == (fault, operation)
            }
            cells.append(f"{sum(rows.values()):>3}/{len(rows):<2}")
        return " ".join(cells)
