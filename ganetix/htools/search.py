"""The search for the best move: all moves of all instances at once, in NumPy.

It proposes the few moves whose approximate score is within rounding of the best; `balance` applies
those one by one and compares exactly, in the order in which the moves would have been tried.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from ganetix.htools.arrays import (
    Floats,
    InstanceArrays,
    Ints,
    NodeArrays,
    instance_arrays,
    node_arrays,
    rows,
)
from ganetix.htools.balance import Candidate, move_kinds, possible_moves
from ganetix.htools.fit import Fit
from ganetix.htools.marks import Marks
from ganetix.htools.model import Instance, Instances, Node, Nodes
from ganetix.htools.moves import (
    FAILOVER,
    FAILOVER_AND_REPLACE,
    FAILOVER_TO_ANY,
    REPLACE_AND_FAILOVER,
    REPLACE_PRIMARY,
    REPLACE_SECONDARY,
    Move,
)
from ganetix.htools.options import Options
from ganetix.htools.planes import Plane, planes, settled, targeted
from ganetix.htools.reserve import Reserve
from ganetix.htools.score import in_order

# Candidates this close to the best are compared exactly. Approximate scores are good to about
# fourteen digits.
CLOSE: Final = 1e-9
# Entries of one matrix: a few of them should stay in the processor's cache.
BLOCK: Final = 1 << 16


class Block:
    """Some instances that may make the same kinds of moves, and the scores of all these moves."""

    def __init__(self, nodes: NodeArrays, insts: InstanceArrays, targets: Ints, fit: Fit) -> None:
        self._nodes = nodes
        self._insts = insts
        self._targets = targets
        self._fit = fit
        self._count = float(nodes.online.sum())
        self._planes = planes(nodes, insts)
        self._reserve = Reserve(nodes, insts, targets)
        self._marks = Marks(fit.marks, nodes, insts, targets, fit.picked)
        self._kept: dict[tuple[bool, str], Floats] = {}

    def _still(self, *, both: bool) -> Floats:
        """Sum the components that a move leaves alone."""
        weight = sum(p.weight * max(p.variance, 0.0) ** 0.5 for p in self._planes if p.both == both)
        return np.full(len(self._insts.mem), weight)

    def _swapped(self) -> Floats:
        """Sum the components of primaries when primary becomes secondary and back."""
        result = np.zeros(len(self._insts.mem))
        for plane in self._planes:
            if not plane.both:
                one, squares = plane.at(self._insts.primary, -1)
                two, more = plane.at(self._insts.secondary, 1)
                result += settled(plane, one + two, squares + more, self._count)
        return result

    def _moved(self, *, both: bool, source: str) -> Floats:
        """Sum the components when what leaves *source* comes to each target."""
        if (both, source) not in self._kept:
            place = self._insts.primary if source == "primary" else self._insts.secondary
            result = np.zeros((len(self._insts.mem), len(self._targets)))
            for plane in self._planes:
                if plane.both == both:
                    result += self._targeted(plane, place)
            self._kept[both, source] = result
        return self._kept[both, source]

    def _targeted(self, plane: Plane, place: Ints) -> Floats:
        total, squares = plane.at(place, -1)
        return targeted(plane, total, squares, self._targets, self._count)

    def failover(self) -> Floats:
        """Return the score of each instance's failover; infinity where it cannot be."""
        result = self._still(both=True) + self._swapped()
        result += self._reserve.failover() + self._marks.failover()
        return np.where(self._insts.swap & self._fit.failover(), result, np.inf)

    def kind(self, kind: str) -> Floats:
        """Return the scores of the moves of *kind* to each target; infinity where they cannot be."""
        if kind == REPLACE_SECONDARY:
            result = self._still(both=False)[:, None] + self._moved(both=True, source="secondary")
        elif kind == REPLACE_AND_FAILOVER:
            result = self._moved(both=True, source="secondary") + self._moved(
                both=False, source="primary"
            )
        elif kind == FAILOVER_AND_REPLACE:
            result = self._swapped()[:, None] + self._moved(both=True, source="primary")
        else:
            result = self._moved(both=True, source="primary") + self._moved(
                both=False, source="primary"
            )
        result += self._reserve.kind(kind)
        self._marks.add(kind, result)
        result[~self._fit.kind(kind)] = np.inf
        return result
