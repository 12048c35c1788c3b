"""Which faults happen in which run: every pair of fault and step, spread over the seeds."""

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from ganetix.testing.sim.faults import FAULTS, Planned
from ganetix.testing.sim.play import play
from ganetix.testing.sim.world import Crew

A_RUN: Final = 5
"""Faults in a run."""
TARGETED: Final = 1_000_000
"""Seeds from here on have one fault only; what is left of the seed says which."""
_STRIDE: Final = 611_953
"""A prime, so that neighbouring seeds get pairs far apart."""
_FAULTLESS: Final = range(4)
"""Seeds that are played without faults to learn the steps that operations pass."""


@attrs.frozen
class Plan:
    """All pairs, in a fixed order."""

    pairs: Sequence[Planned]

    def of(self, seed: int) -> list[Planned]:
        """Return the faults of the run *seed*."""
        count = len(self.pairs)
        if seed >= TARGETED:
            return [self.pairs[seed % TARGETED % count]]
        first = seed * A_RUN
        return [self.pairs[(first + n) * _STRIDE % count] for n in range(A_RUN)]

    @property
    def seeds(self) -> int:
        """How many seeds in a row it takes to plan every pair once."""
        return -(-len(self.pairs) // A_RUN)

    def for_missing(self, missing: Iterable[Planned], attempt: int) -> list[int]:
        """Return for each pair of *missing* the seed of *attempt* (1 and up) to meet it alone."""
        return [attempt * TARGETED + self.pairs.index(pair) for pair in missing]


def learnt(crew: Crew) -> Plan:
    """Return the plan for all steps that operations pass in some runs without faults.

    Raise AssertionError if a run without faults breaks a promise.
    """
    steps: set[tuple[str, str]] = set()
    for seed in _FAULTLESS:
        outcome = play(seed, crew)
        if outcome.broken:
            raise AssertionError(f"seed {seed}, without faults: {outcome.broken}")
        steps |= outcome.reached
    return Plan([Planned(fault, *step) for step in sorted(steps) for fault in FAULTS])
