"""The scores of one new mirrored instance on all pairs of nodes at once, in NumPy.

Every expression is evaluated in the order of `pairs`, so that both give the same bits. What is the
same for all pairs, or zero, is left out of the sum only where that cannot change a bit.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from ganetix.htools.blocks_numpy import Block, quietly, reserve
from ganetix.htools.limits import NONE, Bools, Floats, Ints, Limits, Sizes
from ganetix.htools.model import Instance
from ganetix.htools.moves import shared_locations
from ganetix.htools.pairs import (
    CHANGED,
    DEVIATIONS,
    LOCATION,
    N1,
    OFFLINE_ALL,
    PAIRS,
    RESERVED,
    SUMS,
    TOTAL,
)
from ganetix.htools.placement import with_primary
from ganetix.htools.score import COMPONENTS, WEIGHTS, doubled_pairs
from ganetix.htools.values_numpy import values_with

COUNT: Final = len(COMPONENTS)
_DEVIATIONS: Final = np.array(DEVIATIONS)
_OFFLINE: Final = [at for at, (_name, _weight, kind) in enumerate(COMPONENTS) if kind == "off"]
_WEIGHTS: Final = np.array(WEIGHTS)[:, None]
# The components that a secondary changes by what it has itself.
SIDES: Final = (1, 9, 12, 14, 16)
# What no secondary makes less; N+1 failures at best go away.
LEAST: Final = np.array([at for at in range(COUNT) if at not in CHANGED and at != N1])
# Components of a secondary that are often the same as another one.
_TWINS: Final = {14: 1, 16: 12}
# Entries of one matrix: a few of them should stay in the processor's cache.
BLOCK: Final = 1 << 16
# How many primaries are looked at first, and what rounding may do to a bound.
FIRST_ROWS: Final = 8
CLOSE: Final = 1e-7


def row_sums(values: Floats) -> Floats:
    """Add the columns of *values* one after the other."""
    if not values.shape[1]:
        return np.zeros(len(values))
    return np.asarray(np.add.accumulate(values, axis=1)[:, -1])


def shared_matrix(limits: Limits) -> Floats:
    """Return how many location tags each two nodes share."""
    nodes = limits.nodes
    return np.array([[shared_locations(a, b) for b in nodes] for a in nodes], dtype=float)


class PairScan:
    """All pairs of the nodes of a cluster, as they are now, for one size of instance."""

    def __init__(self, limits: Limits, inst: Instance, *, force: bool) -> None:
        self._limits = limits
        self._inst = inst
        self._need = inst.mem if inst.needs_reserve else 0
        self._force = force
        self._row: dict[int, int] = {}
        self._shared = shared_matrix(limits) if limits.located else None
        self._size = Sizes(limits, [inst], force=force)
        self.refresh()

    @quietly
    def refresh(self) -> None:
        """Look again at the nodes, which have got instances of this size."""
        self._settled = False
        self.primary, early, late = (codes[0] for codes in self._limits.pairs(self._size))
        self._takes = (early == NONE) & (late == NONE)

    def possible(self, block: Block) -> Block:
        """Return the part of *block* whose nodes take the instance."""
        ones = block.ones[self.primary[block.ones] == NONE]
        return Block(ones, block.twos[self._takes[block.twos]])

    def _fits(self, part: Block, held: Floats) -> Bools:
        """Return which pairs of nodes that take the instance are none that it breaks N+1 of."""
        limits, twos = self._limits, part.twos
        fits = held < limits.u_mem[twos]
        fits |= limits.fails[twos]
        fits &= part.ones[:, None] != twos
        return np.asarray(fits)

    def _settle(self) -> None:
        """Work out the statistics with each node as primary."""
        if self._settled:
            return
        self._settled = True
        limits, inst = self._limits, self._inst
        old = limits.old
        first_values, second = values_with(limits, inst)
        online = old if limits.online.all() else old[:, limits.online]
        self._count = count = float(online.shape[1])
        sums = row_sums(online)
        distance = online - (sums / count)[:, None]
        variance = row_sums(distance * distance) / count
        at = _DEVIATIONS
        first, before = first_values[at], old[at]
        change = first - before
        spread = count * (first * first - before * before) - (2 * sums[at])[:, None] * change
        spread -= change * change
        spread /= count * count
        spread += variance[at][:, None]
        reached = np.maximum(0.0, spread)
        self._doubled_sums = 2 * (sums[at][:, None] + change)
        self._variances = reached
        self._values = values = np.zeros(old.shape)
        values[at] = np.sqrt(reached)
        for place in SUMS:
            values[place] = sums[place] + first_values[place] - old[place]
        self._quiet = not (self._force or sums[N1] or limits.fails.any())
        if not limits.online.all():
            values[_OFFLINE] = row_sums(old[:, ~limits.online])[_OFFLINE][:, None]
            values[_OFFLINE, :] += ~limits.online  # where the instance itself is one more
        self._pairs(values)
        self._terms = values * _WEIGHTS
        self._live = self._terms.any(axis=1).tolist()
        if not self._row:
            self._find_twins(second)
        self._steps(second)

    def _find_twins(self, second: Floats) -> None:
        """Find out which components are the same; they stay so while instances come."""
        known = (self._limits.old, second, self._terms)
        places: list[int] = []
        for place in SIDES:
            twin = _TWINS.get(place)
            if twin is None or not all(np.array_equal(x[place], x[twin]) for x in known):
                self._row[place] = len(places)
                places.append(place)
            else:
                self._row[place] = self._row[twin]
        self._places = np.array(places)
        self._columns = np.array([DEVIATIONS.index(place) for place in places])
        self._side_weights = _WEIGHTS[places]

    def _steps(self, second: Floats) -> None:
        """Work out what a secondary changes by what it has itself."""
        places, columns = self._places, self._columns
        before, after = self._limits.old[places], second[places]
        self._step = after - before
        self._squares = self._count * (after * after - before * before)
        self._own = self._step * self._step
        self._side_sums = self._doubled_sums[columns]
        self._side_variances = self._variances[columns]

    def _pairs(self, values: Floats) -> None:
        """Fill in the doubled pairs of location and exclusion tags."""
        nodes = self._limits.nodes
        online = [node for node in nodes if node.pairs and not node.offline]
        if online:
            values[PAIRS] = doubled_pairs(online)
        if self._inst.exclusion:
            for at, node in enumerate(nodes):
                if not node.offline and node.spec.locations:
                    others = [other for other in online if other.idx != node.idx]
                    values[PAIRS, at] = doubled_pairs([*others, with_primary(node, self._inst)])

    def scores(self, part: Block, share: Floats) -> Floats:
        """Return the scores of those pairs of *part* that may take the instance.

        *share* is the memory that the secondaries then reserve; it is overwritten.
        """
        self._settle()
        limits, (ones, twos) = self._limits, part
        failing = None if self._quiet else self._failing(ones, twos, share)
        share /= limits.t_mem[twos]
        sides = self._sides(ones, twos)
        total = np.empty(share.shape)
        total[:] = self._terms[0, ones][:, None]
        for place in range(1, COUNT):
            if place in self._row:
                total += sides[self._row[place]]
            elif place == RESERVED:
                total += self._reserved(ones, twos, share)
            elif place == N1:
                if failing is not None:
                    total += failing
            elif place == TOTAL:
                share += self._values[place, ones][:, None]
                share -= limits.old[place, twos]
                share *= WEIGHTS[place]
                total += share
            elif place == LOCATION and self._shared is not None:
                fixed = self._terms[place, ones][:, None]
                total += fixed + self._shared[ones[:, None], twos] * WEIGHTS[place]
            elif self._live[place]:
                total += self._terms[place, ones][:, None]
        if not limits.online[twos].all():
            terms = self._terms[:, ones]
            terms[OFFLINE_ALL] += WEIGHTS[OFFLINE_ALL]
            total[:, ~limits.online[twos]] = row_sums(terms.T)[:, None]
        return total

    def _failing(self, ones: Ints, twos: Ints, reserve: Floats) -> Floats:
        limits = self._limits
        members = limits.members[twos] + 1.0
        failing = np.where(limits.u_mem[twos] <= reserve, members, 0.0)
        failing += self._values[N1, ones][:, None]
        failing -= limits.old[N1, twos]
        failing *= WEIGHTS[N1]
        return np.asarray(failing)

    def _sides(self, ones: Ints, twos: Ints) -> Floats:
        """Return the weighted deviations that only depend on the secondary's own values."""
        spread = self._side_sums[:, ones, None] * self._step[:, None, twos]
        np.subtract(self._squares[:, None, twos], spread, out=spread)
        spread -= self._own[:, None, twos]
        spread /= self._count * self._count
        spread += self._side_variances[:, ones, None]
        np.maximum(spread, 0.0, out=spread)
        np.sqrt(spread, out=spread)
        spread *= self._side_weights[:, :, None]
        return np.asarray(spread)

    def _reserved(self, ones: Ints, twos: Ints, share: Floats) -> Floats:
        """Return the weighted deviation of reserved memory."""
        column, count = DEVIATIONS.index(RESERVED), self._count
        old = self._limits.old[RESERVED, twos]
        change = share - old
        spread = share * share
        spread -= old * old
        spread *= count
        spread -= self._doubled_sums[column, ones][:, None] * change
        change *= change
        spread -= change
        spread /= count * count
        spread += self._variances[column, ones][:, None]
        np.maximum(spread, 0.0, out=spread)
        np.sqrt(spread, out=spread)
        return np.asarray(spread)

    @quietly
    def _scored(self, part: Block) -> Floats:
        """Return the scores of the pairs of *part*, infinity where they do not fit."""
        held = reserve(self._limits, part, self._need)
        fits = self._fits(part, held)
        scores = self.scores(part, held)
        scores[~fits] = np.inf
        return scores

    def rows(self, part: Block) -> Iterator[tuple[int, Floats, int]]:
        """Yield the place of each primary that fits, its scores, and how many of them there are."""
        size = max(1, BLOCK // max(1, len(part.twos)))
        for start in range(0, len(part.ones) if len(part.twos) else 0, size):
            ones = part.ones[start : start + size]
            scores = self._scored(Block(ones, part.twos))
            counts = (scores < np.inf).sum(axis=1).tolist()
            for row, at in enumerate(ones.tolist()):
                if counts[row]:
                    yield at, scores[row], counts[row]

    @quietly
    def best(self, parts: Iterable[Block]) -> tuple[float, int, int] | None:
        """Return score, primary and secondary (places) of the best pair; of equals the last.

        Primaries come in the order of the least score that they could have; most are never
        looked at.
        """
        found: tuple[float, int, int] | None = None
        for block in parts:
            ones, twos = self.possible(block)
            if not (len(ones) and len(twos)):
                continue
            self._settle()
            least = self._least(ones, twos)
            order = least.argsort()
            ones, least = ones[order], least[order]
            at, size = 0, FIRST_ROWS
            while at < len(ones):
                limit = np.inf if found is None else found[0]
                last = int(np.searchsorted(least, limit + CLOSE * (1 + abs(limit)), "right"))
                if last <= at:
                    break
                found = self._better(Block(ones[at : min(last, at + size)], twos), found)
                at, size = at + size, max(1, min(2 * size, BLOCK // len(twos)))
        return found

    def _better(
        self, rows: Block, found: tuple[float, int, int] | None
    ) -> tuple[float, int, int] | None:
        """Return the best pair of *rows* if it is better than *found*, else that."""
        scores = self._scored(rows)
        ends = len(rows.twos) - 1 - scores[:, ::-1].argmin(axis=1)
        for row, column in enumerate(ends.tolist()):
            reached, one = float(scores[row, column]), int(rows.ones[row])
            if reached < np.inf and (found is None or (reached, -one) < (found[0], -found[1])):
                found = reached, one, int(rows.twos[column])
        return found

    def _least(self, ones: Ints, twos: Ints) -> Floats:
        """Return a score that no pair of each of *ones* with any of *twos* is below."""
        limits, count = self._limits, self._count
        result = self._terms[LEAST][:, ones].sum(axis=0)
        sums = self._side_sums[:, ones]
        squares = self._squares[:, twos] - self._own[:, twos]
        low = (squares - sums.min(axis=1)[:, None] * self._step[:, twos]).min(axis=1)
        high = (squares - sums.max(axis=1)[:, None] * self._step[:, twos]).min(axis=1)
        room = self._side_variances[:, ones] + (np.minimum(low, high) / count**2)[:, None]
        sides = np.sqrt(np.maximum(room, 0.0)) * self._side_weights
        result += sides[list(self._row.values())].sum(axis=0)
        # Reserved memory only grows: at best up to the mean of all nodes.
        column = DEVIATIONS.index(RESERVED)
        gap = self._doubled_sums[column, ones] / 2 - count * limits.old[RESERVED, twos].min()
        gap = np.maximum(gap, 0.0)
        room = self._variances[column, ones] - gap * gap / (max(1.0, count - 1) * count**2)
        result += np.sqrt(np.maximum(room, 0.0)) * WEIGHTS[RESERVED]
        return np.asarray(result)
