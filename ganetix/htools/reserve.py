"""The components that count instances or look at the memory kept for a lost node.

The memory that a node reserves is the most that any one other node would bring to it, so it is not
linear in what comes: what a move does to it is worked out here for each pair
of instance and target.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ganetix.htools.arrays import Bools, Floats, InstanceArrays, Ints, NodeArrays
from ganetix.htools.moves import (
    FAILOVER_AND_REPLACE,
    REPLACE_AND_FAILOVER,
    REPLACE_PRIMARY,
    REPLACE_SECONDARY,
)
from ganetix.htools.planes import root
from ganetix.htools.score import NAMES, RESERVED_TOTAL_WEIGHT, WEIGHTS

RESERVED: Final = NAMES.index("reserved_mem_cv")
N1: Final = NAMES.index("n1_cnt")
OFFLINE_ALL: Final = NAMES.index("offline_all_cnt")
OFFLINE_PRIMARY: Final = NAMES.index("offline_pri_cnt")
TOTAL: Final = NAMES.index("reserved_mem_rtotal")
# The kinds of moves to a target that is the secondary then, and to one that is the primary with an
# old node as its secondary.
TO_SECONDARY: Final = (REPLACE_SECONDARY, FAILOVER_AND_REPLACE)
TO_PRIMARY: Final = (REPLACE_AND_FAILOVER, REPLACE_PRIMARY)
# Those where the primary is the old node that stays, not the secondary.
KEEPING_PRIMARY: Final = (REPLACE_SECONDARY, REPLACE_AND_FAILOVER)
# No places in an array.
_NOWHERE: Final[Ints] = np.zeros(0, dtype=np.int64)


def after_secondary_left(nodes: NodeArrays, insts: InstanceArrays) -> Ints:
    """Return what each instance's secondary reserves once the instance has left it."""
    place, primary = insts.secondary, insts.primary
    left = np.maximum(nodes.peers[place, primary] - insts.reserve, 0)
    others = np.where(nodes.first_at[place] == primary, nodes.second[place], nodes.first[place])
    return np.asarray(np.maximum(left, others))


class Reserve:
    """Reserved memory, N+1 failures and instances on offline nodes after each move."""

    def __init__(
        self, nodes: NodeArrays, insts: InstanceArrays, targets: Ints, *, force: bool
    ) -> None:
        self._force = force
        self._nodes = nodes
        self._insts = insts
        self._targets = targets
        self._count = float(nodes.online.sum())
        self._scale = np.where(nodes.online, 1.0 / np.where(nodes.t_mem, nodes.t_mem, 1.0), 0.0)
        self._centred = nodes.centred[RESERVED]
        entry = nodes.base.deviations[RESERVED]
        self._variance = entry[2] if entry is not None else 0.0
        # Plain or shared storage has no secondary; what is read for it is not used.
        self.left = after_secondary_left(nodes, insts)
        self._gone_p = ~nodes.online[insts.primary]
        self._gone_s = ~nodes.online[insts.secondary]
        self._held: dict[tuple[str, ...], Ints] = {}
        self._leaving: tuple[Floats, Floats] | None = None
        values = nodes.base.values
        self._fixed = (
            values[OFFLINE_ALL] * WEIGHTS[OFFLINE_ALL]
            + values[OFFLINE_PRIMARY] * WEIGHTS[OFFLINE_PRIMARY]
            + values[N1] * WEIGHTS[N1]
            + values[TOTAL] * WEIGHTS[TOTAL]
        )
        self._failing = np.where(nodes.fail_n1 & nodes.online, nodes.members, 0)
        self._quiet = self._keeps_n1()

    def _n1(self, place: Ints, fails: Bools, members: Ints) -> Floats:
        """Return what N+1 failures change by when nodes fail or not with so many instances."""
        after = np.where(fails & self._nodes.online[place], members, 0)
        return np.asarray((after - self._failing[place]) * WEIGHTS[N1])

    def _delta(self, place: Ints, reserved: Ints) -> Floats:
        return np.asarray((reserved - self._nodes.r_mem[place]) * self._scale[place])

    def _squares(self, place: Ints, delta: Floats) -> Floats:
        return np.asarray(delta * (2 * self._centred[place] + delta))

    def _deviation(self, total: Floats, squares: Floats) -> Floats:
        """Return the deviation's and the sum's part of the score; destroys *squares*."""
        squares /= self._count
        squares += self._variance
        mean = total / self._count
        np.multiply(mean, mean, out=mean)
        squares -= mean
        result = root(squares)
        result *= WEIGHTS[RESERVED]
        result += RESERVED_TOTAL_WEIGHT * total
        return result

    def failover(self) -> Floats:
        """Return these components after each instance's failover."""
        nodes, insts = self._nodes, self._insts
        here, there = insts.primary, insts.secondary
        kept = np.maximum(nodes.r_mem[here], nodes.peers[here, there] + insts.reserve)
        one, two = self._delta(here, kept), self._delta(there, self.left)
        squares = self._squares(here, one) + self._squares(there, two)
        result = self._deviation(one + two, squares) + self._fixed
        if self._quiet:
            return np.asarray(result)
        result += self._n1(here, nodes.u_mem[here] + insts.used_mem <= kept, nodes.members[here])
        free = nodes.u_mem[there] - insts.used_mem
        result += self._n1(there, free <= self.left, nodes.members[there])
        result -= self._gone_p * WEIGHTS[OFFLINE_PRIMARY]
        return np.asarray(result)

    def kinds(self, kinds: Sequence[str]) -> Floats:
        """Return these components after each move of *kinds* of one family.

        For each kind, each instance and each target. Most leave the new secondary with what it
        keeps anyway; the others are worked out one by one.
        """
        sources = zip(*(self._source(kind) for kind in kinds), strict=True)
        total, squares, fixed = (np.array(each) for each in sources)
        fixed += self._fixed
        result = np.empty((*total.shape, len(self._targets)))
        if kinds[0] in TO_PRIMARY:
            place = np.array([self.place(kind) for kind in kinds])
            base = np.array([self.base(kind) for kind in kinds])
            delta = self._delta(place, base)
            least = self._deviation(total + delta, squares + self._squares(place, delta))
            more, rows, _columns = self._above(kinds, base[:, :, None])
            place = place.ravel()[rows]
        else:
            least = self._deviation(total, squares.copy())
            base = self._nodes.r_mem[self._targets]
            more, rows, columns = self._above(kinds, base)
            place = self._targets[columns]
        result[:] = (least + fixed)[:, :, None]
        if len(more):
            delta = self._delta(place, self.held(kinds).ravel()[more])
            total, squares, fixed = (each.ravel()[rows] for each in (total, squares, fixed))
            after = self._deviation(total + delta, squares + self._squares(place, delta))
            result.reshape(-1)[more] = after + fixed
        for kind, scores in zip(kinds, () if self._quiet else result, strict=not self._quiet):
            self._add_n1(kind, scores)
        return result

    def _above(self, kinds: Sequence[str], base: Ints) -> tuple[Ints, Ints, Ints]:
        """Return where new secondaries hold more than *base*: the places, rows and columns."""
        if kinds[0] not in (*TO_SECONDARY, *TO_PRIMARY):
            return _NOWHERE, _NOWHERE, _NOWHERE
        places = np.flatnonzero(self.held(kinds) > base)
        rows = ((places + 0.5) / len(self._targets)).astype(np.int64)  # faster than //
        return places, rows, places - rows * len(self._targets)

    def least(self, kind: str) -> Floats:
        """Return for each instance what these components are not below, wherever it goes."""
        nodes, insts, count = self._nodes, self._insts, self._count
        total, squares, fixed = self._source(kind)
        if kind in TO_SECONDARY:
            lowest = min(0.0, float(self._centred[self._targets].min()))
            low = np.zeros(len(total))
            high = insts.reserve * float(self._scale[self._targets].max())
            gain: Any = -lowest * lowest
        elif kind in TO_PRIMARY:
            place, base = self.place(kind), self.base(kind)
            most = np.maximum(nodes.first[place] + insts.reserve, base)
            low, high = self._delta(place, base), self._delta(place, most)
            best = np.maximum(low, -self._centred[place])
            gain = best * (2 * self._centred[place] + best)
        else:
            low = high = np.zeros(len(total))
            gain = 0.0
        mean = np.maximum(np.abs(total + low), np.abs(total + high)) / count
        spread = self._variance + (squares + gain) / count - mean * mean
        result = root(spread) * WEIGHTS[RESERVED] + RESERVED_TOTAL_WEIGHT * (total + low)
        result += fixed + self._fixed
        if not self._quiet:
            result -= 2 * WEIGHTS[N1] * float(self._failing.max())
        return np.asarray(result)

    def _source(self, kind: str) -> tuple[Floats, Floats, Floats]:
        """Return changes of sum and squares at the source, and what is the same for all targets."""
        insts = self._insts
        if kind in (REPLACE_SECONDARY, REPLACE_AND_FAILOVER, FAILOVER_AND_REPLACE):
            if self._leaving is None:
                delta = self._delta(insts.secondary, self.left)
                self._leaving = delta, self._squares(insts.secondary, delta)
            delta, squares = self._leaving
        else:
            delta = squares = np.zeros(len(insts.mem))
        fixed = np.zeros(len(insts.mem)) if self._quiet else self._counted(kind)
        return delta, squares, fixed

    def _counted(self, kind: str) -> Floats:
        """Return what N+1 failures and offline nodes change by at the source."""
        nodes, insts = self._nodes, self._insts
        here, there = insts.primary, insts.secondary
        primary = -1.0 * self._gone_p * WEIGHTS[OFFLINE_PRIMARY]
        if kind in (REPLACE_SECONDARY, REPLACE_AND_FAILOVER):
            fixed = self._n1(there, nodes.u_mem[there] <= self.left, nodes.members[there] - 1)
            fixed -= self._gone_s * WEIGHTS[OFFLINE_ALL]
            return fixed if kind == REPLACE_SECONDARY else fixed + primary
        free = nodes.u_mem[here] + insts.used_mem
        fixed = self._n1(here, free <= nodes.r_mem[here], nodes.members[here] - 1)
        fixed += primary - self._gone_p * WEIGHTS[OFFLINE_ALL]
        if kind == FAILOVER_AND_REPLACE:
            free = nodes.u_mem[there] - insts.used_mem
            fixed += self._n1(there, free <= self.left, nodes.members[there])
        return fixed

    def place(self, kind: str) -> Ints:
        """Return the old node that stays with each instance in a move of *kind*."""
        return self._insts.primary if kind in KEEPING_PRIMARY else self._insts.secondary

    def held(self, kinds: Sequence[str]) -> Ints:
        """Return what the new secondaries would hold for the new primaries, worked out once.

        That is what each target would hold for the old node, or the old node for each target.
        """
        key = tuple(kinds)
        if key not in self._held:
            peers = self._nodes.peers.T if kinds[0] in TO_SECONDARY else self._nodes.peers
            places = np.array([self.place(kind) for kind in kinds])
            held = peers[:, self._targets].take(places, axis=0)
            held += self._insts.reserve[:, None]
            self._held[key] = held
        return self._held[key]

    def base(self, kind: str) -> Ints:
        """Return what the old node that stays reserves at least, as the secondary of a target."""
        return self._nodes.r_mem[self.place(kind)] if kind in KEEPING_PRIMARY else self.left

    def _keeps_n1(self) -> bool:
        """Whether no move that is allowed can change which nodes fail N+1."""
        if self._force:
            return False
        nodes = self._nodes
        calm = not nodes.fail_n1.any() and bool((nodes.u_mem > nodes.r_mem)[nodes.online].all())
        return calm and not self._gone_p.any() and not self._gone_s.any()

    def _add_n1(self, kind: str, result: Floats) -> None:
        """Add what N+1 failures change by at targets and at the new secondary."""
        nodes, insts, targets = self._nodes, self._insts, self._targets
        free = nodes.u_mem[targets]
        if kind in TO_SECONDARY:
            fails = free <= np.maximum(self.held((kind,))[0], nodes.r_mem[targets])
        else:
            fails = free - insts.used_mem[:, None] <= nodes.r_mem[targets]
        result += self._n1(targets, fails, nodes.members[targets] + 1)
        if kind == REPLACE_SECONDARY:
            here = insts.primary
            fails = nodes.u_mem[here] <= nodes.r_mem[here]
            result += self._n1(here, fails, nodes.members[here])[:, None]
        elif kind in TO_PRIMARY:
            place = self.place(kind)
            left = nodes.u_mem[place] + (insts.used_mem if kind == REPLACE_AND_FAILOVER else 0)
            kept = np.maximum(self.held((kind,))[0], self.base(kind)[:, None])
            fails = left[:, None] <= kept
            result += self._n1(place[:, None], fails, nodes.members[place][:, None])
