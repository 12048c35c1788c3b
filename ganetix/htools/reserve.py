"""The components that count instances or look at the memory kept for a lost node.

The memory that a node reserves is the most that any one other node would bring to it, so it is not
linear in what comes: what a move does to it is worked out here for each pair
of instance and target.
"""

from typing import Any, Final

import numpy as np

from ganetix.htools.arrays import Bools, Floats, InstanceArrays, Ints, NodeArrays
from ganetix.htools.moves import (
    FAILOVER_AND_REPLACE,
    REPLACE_AND_FAILOVER,
    REPLACE_PRIMARY,
    REPLACE_SECONDARY,
)
from ganetix.htools.planes import NAMES, root
from ganetix.htools.score import RESERVED_TOTAL_WEIGHT, WEIGHTS

RESERVED: Final = NAMES.index("reserved_mem_cv")
N1: Final = NAMES.index("n1_cnt")
OFFLINE_ALL: Final = NAMES.index("offline_all_cnt")
OFFLINE_PRIMARY: Final = NAMES.index("offline_pri_cnt")
TOTAL: Final = NAMES.index("reserved_mem_rtotal")


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
        self._left = after_secondary_left(nodes, insts)
        self._gone_p = ~nodes.online[insts.primary]
        self._gone_s = ~nodes.online[insts.secondary]
        self._held: dict[tuple[bool, bool], Ints] = {}
        values = nodes.base.values
        self._fixed = (
            values[OFFLINE_ALL] * WEIGHTS[OFFLINE_ALL]
            + values[OFFLINE_PRIMARY] * WEIGHTS[OFFLINE_PRIMARY]
            + values[N1] * WEIGHTS[N1]
            + values[TOTAL] * WEIGHTS[TOTAL]
        )
        self._failing = np.where(nodes.fail_n1 & nodes.online, nodes.members, 0)

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
        one, two = self._delta(here, kept), self._delta(there, self._left)
        squares = self._squares(here, one) + self._squares(there, two)
        result = self._deviation(one + two, squares) + self._fixed
        result += self._n1(here, nodes.u_mem[here] + insts.used_mem <= kept, nodes.members[here])
        free = nodes.u_mem[there] - insts.used_mem
        result += self._n1(there, free <= self._left, nodes.members[there])
        result -= self._gone_p * WEIGHTS[OFFLINE_PRIMARY]
        return result

    def kind(self, kind: str) -> Floats:
        """Return these components after each move of *kind* (rows) to each target (columns)."""
        total, squares, fixed = self._source(kind)
        delta = np.zeros((len(fixed), len(self._targets)))
        more = delta
        if kind in (REPLACE_SECONDARY, FAILOVER_AND_REPLACE):
            delta = self._reserved_at_target(kind)
            more = delta * (2 * self._centred[self._targets] + delta)
        elif kind in (REPLACE_AND_FAILOVER, REPLACE_PRIMARY):
            delta, more = self._reserved_at_source(kind)
        delta += total[:, None]
        result = self._deviation(delta, squares[:, None] + more)
        result += (fixed + self._fixed)[:, None]
        self._add_n1(kind, result)
        return result

    def least(self, kind: str) -> Floats:
        """Return for each instance what these components are not below, wherever it goes."""
        nodes, insts, count = self._nodes, self._insts, self._count
        total, squares, fixed = self._source(kind)
        if kind in (REPLACE_SECONDARY, FAILOVER_AND_REPLACE):
            lowest = min(0.0, float(self._centred[self._targets].min()))
            low = np.zeros(len(total))
            high = insts.reserve * float(self._scale[self._targets].max())
            gain: Any = -lowest * lowest
        elif kind in (REPLACE_AND_FAILOVER, REPLACE_PRIMARY):
            place = insts.primary if kind == REPLACE_AND_FAILOVER else insts.secondary
            base = nodes.r_mem[place] if kind == REPLACE_AND_FAILOVER else self._left
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
        if not self._quiet():
            result -= 2 * WEIGHTS[N1] * float(self._failing.max())
        return np.asarray(result)

    def _source(self, kind: str) -> tuple[Floats, Floats, Floats]:
        """Return changes of sum and squares at the source, and what is the same for all targets."""
        nodes, insts = self._nodes, self._insts
        there = insts.secondary
        zero = np.zeros(len(insts.mem))
        primary = -1.0 * self._gone_p * WEIGHTS[OFFLINE_PRIMARY]
        if kind in (REPLACE_SECONDARY, REPLACE_AND_FAILOVER):
            delta = self._delta(there, self._left)
            fixed = self._n1(there, nodes.u_mem[there] <= self._left, nodes.members[there] - 1)
            fixed -= self._gone_s * WEIGHTS[OFFLINE_ALL]
            return (
                delta,
                self._squares(there, delta),
                fixed if kind == REPLACE_SECONDARY else fixed + primary,
            )
        here = insts.primary
        free = nodes.u_mem[here] + insts.used_mem
        fixed = self._n1(here, free <= nodes.r_mem[here], nodes.members[here] - 1)
        fixed += primary - self._gone_p * WEIGHTS[OFFLINE_ALL]
        if kind == FAILOVER_AND_REPLACE:
            delta = self._delta(there, self._left)
            free = nodes.u_mem[there] - insts.used_mem
            fixed += self._n1(there, free <= self._left, nodes.members[there])
            return delta, self._squares(there, delta), fixed
        return zero, zero.copy(), fixed

    def held_at_target(self, kind: str) -> Ints:
        """Return what each target would hold for the primary node of the moved instance."""
        return self._holding(at_target=True, primary=kind == REPLACE_SECONDARY)

    def held_at_source(self, kind: str) -> Ints:
        """Return what the new secondary, an old node, would hold for each target."""
        return self._holding(at_target=False, primary=kind == REPLACE_AND_FAILOVER)

    def _holding(self, *, at_target: bool, primary: bool) -> Ints:
        """Return what targets would hold for an old node, or that for them; worked out once."""
        key = at_target, primary
        if key not in self._held:
            source = self._insts.primary if primary else self._insts.secondary
            peers = self._nodes.peers.T if at_target else self._nodes.peers
            held = peers[source][:, self._targets]
            held += self._insts.reserve[:, None]
            self._held[key] = held
        return self._held[key]

    def _reserved_at_target(self, kind: str) -> Floats:
        reserved = self._nodes.r_mem[self._targets]
        held = np.maximum(self.held_at_target(kind) - reserved, 0)
        return np.asarray(held * self._scale[self._targets])

    def _reserved_at_source(self, kind: str) -> tuple[Floats, Floats]:
        nodes, insts = self._nodes, self._insts
        place = insts.primary if kind == REPLACE_AND_FAILOVER else insts.secondary
        base = nodes.r_mem[place] if kind == REPLACE_AND_FAILOVER else self._left
        kept = np.maximum(self.held_at_source(kind), base[:, None])
        change = kept - nodes.r_mem[place][:, None]
        delta: Floats = np.multiply(change, self._scale[place][:, None], dtype=np.float64)
        return delta, np.asarray(delta * (2 * self._centred[place][:, None] + delta))

    def _quiet(self) -> bool:
        """Whether no move that is allowed can change which nodes fail N+1."""
        if self._force:
            return False
        nodes = self._nodes
        calm = not nodes.fail_n1.any() and bool((nodes.u_mem > nodes.r_mem)[nodes.online].all())
        return calm and not self._gone_p.any() and not self._gone_s.any()

    def _add_n1(self, kind: str, result: Floats) -> None:
        """Add what N+1 failures change by at targets and at the new secondary."""
        if self._quiet():
            return
        nodes, insts, targets = self._nodes, self._insts, self._targets
        free = nodes.u_mem[targets]
        if kind in (REPLACE_SECONDARY, FAILOVER_AND_REPLACE):
            fails = free <= np.maximum(self.held_at_target(kind), nodes.r_mem[targets])
        else:
            fails = free - insts.used_mem[:, None] <= nodes.r_mem[targets]
        result += self._n1(targets, fails, nodes.members[targets] + 1)
        if kind == REPLACE_SECONDARY:
            here = insts.primary
            fails = nodes.u_mem[here] <= nodes.r_mem[here]
            result += self._n1(here, fails, nodes.members[here])[:, None]
        elif kind == REPLACE_AND_FAILOVER:
            here = insts.primary
            left = nodes.u_mem[here] + insts.used_mem
            kept = np.maximum(self.held_at_source(kind), nodes.r_mem[here][:, None])
            result += self._n1(here[:, None], left[:, None] <= kept, nodes.members[here][:, None])
        elif kind == REPLACE_PRIMARY:
            there = insts.secondary
            kept = np.maximum(self.held_at_source(kind), self._left[:, None])
            fails = nodes.u_mem[there][:, None] <= kept
            result += self._n1(there[:, None], fails, nodes.members[there][:, None])
