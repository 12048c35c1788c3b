"""The scores of one new mirrored instance on all pairs of nodes at once, in NumPy.

Every expression is evaluated in the order of `pairs`, so that both give the same bits. What is the
same for all pairs, or zero, is left out of the sum only where that cannot change a bit.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from ganetix.htools.blocks_numpy import ENTRIES, Block, Columns, columns, quietly, reserve
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
from ganetix.htools.values_numpy import values_at, values_with

COUNT: Final = len(COMPONENTS)
_SUMS: Final = np.array(SUMS)
_OFFLINE: Final = [at for at, (_name, _weight, kind) in enumerate(COMPONENTS) if kind == "off"]
_WEIGHTS: Final = np.array(WEIGHTS)[:, None]
# The components that a secondary changes by what it has itself.
SIDES: Final = (1, 9, 12, 14, 16)
# What no secondary makes less; N+1 failures at best go away.
LEAST: Final = np.array([at for at in range(COUNT) if at not in CHANGED and at != N1])
# Components of a secondary that are often the same as another one.
_TWINS: Final = {14: 1, 16: 12}
# How many primaries are looked at first, at least and at most, and what rounding may do to a bound.
FIRST_ROWS: Final = 8
MOST_ROWS: Final = 32
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
        self._first_rows = FIRST_ROWS
        self._settled = False
        self._shared = shared_matrix(limits) if limits.located else None
        self._size = Sizes(limits, [inst], force=force)
        self._look()
        self._first_values, self._second = quietly(values_with)(limits, inst)
        self._learn()

    @quietly
    def _look(self) -> None:
        """Look at what all nodes take."""
        self.primary, early, late = (codes[0] for codes in self._limits.pairs(self._size))
        self._takes = (early == NONE) & (late == NONE)

    def refresh(self, places: Iterable[int]) -> None:
        """Look again at the nodes at *places*, which have got an instance of this size."""
        self._settled = False
        limits, inst = self._limits, self._inst
        for at in places:
            if not self._size.tags:
                self.primary[at], early, late = limits.pair(at, self._size)
                self._takes[at] = early == NONE and late == NONE
            self._first_values[:, at], self._second[:, at] = values_at(limits, inst, at)
        if self._size.tags:
            self._look()

    def possible(self, block: Block) -> Block:
        """Return the part of *block* whose nodes take the instance."""
        ones = block.ones[self.primary[block.ones] == NONE]
        return Block(ones, block.twos[self._takes[block.twos]])

    def _unfit(self, part: Block, held: Floats) -> Bools:
        """Return which pairs of nodes that take the instance are one node, or break N+1."""
        limits, twos = self._limits, columns(self._limits, part)
        unfit = held >= limits.u_mem[twos]
        unfit &= ~limits.fails[twos]
        unfit |= part.ones[:, None] == part.twos
        return np.asarray(unfit)

    def _learn(self) -> None:
        """Find out which components are the same or nothing; they stay so with more instances."""
        known = (self._limits.old, self._first_values, self._second)
        live = {at for at in DEVIATIONS if any(values[at].any() for values in known)}
        kept = [at for at in DEVIATIONS if at in live or at == RESERVED]
        self._deviations = np.array(kept)
        self._reserved = kept.index(RESERVED)
        self._row: dict[int, int] = {}
        places: list[int] = []
        for place in SIDES:
            twin = _TWINS.get(place)
            if twin is not None and all(np.array_equal(x[place], x[twin]) for x in known):
                if twin in self._row:
                    self._row[place] = self._row[twin]
            elif place in live:
                self._row[place] = len(places)
                places.append(place)
        self._places = np.array(places, dtype=np.int64)
        rows = [*places, RESERVED]
        self._columns = np.array([kept.index(place) for place in rows])
        self._side_weights = _WEIGHTS[rows][:, :, None]
        weights = [0.0] * len(places)
        for place, row in self._row.items():
            weights[row] += WEIGHTS[place]
        self._row_weights = np.array(weights)

    def _settle(self) -> None:
        """Work out the statistics with each node as primary."""
        if self._settled:
            return
        self._settled = True
        limits = self._limits
        old, first_values = limits.old, self._first_values
        online = old if not limits.away else old[:, limits.online]
        self._count = count = float(online.shape[1])
        at = self._deviations
        sums = row_sums(online)
        mine = sums[at][:, None]
        distance = online[at]
        distance -= mine / count
        distance *= distance
        variance = row_sums(distance)
        variance /= count
        first, before = first_values[at], old[at]
        change = first - before
        first *= first
        before *= before
        first -= before
        first *= count
        first -= (2 * mine) * change
        mine = mine + change
        change *= change
        first -= change
        first /= count * count
        first += variance[:, None]
        reached = np.maximum(0.0, first)
        mine *= 2
        self._values = values = np.zeros(old.shape)
        values[at] = np.sqrt(reached)
        values[_SUMS] = sums[_SUMS][:, None] + first_values[_SUMS] - old[_SUMS]
        self._quiet = not (self._force or sums[N1] or limits.fails.any())
        if limits.away:
            values[_OFFLINE] = row_sums(old[:, ~limits.online])[_OFFLINE][:, None]
            values[_OFFLINE, :] += ~limits.online  # where the instance itself is one more
        self._pairs(values)
        self._terms = values * _WEIGHTS
        self._live = self._terms.any(axis=1).tolist()
        self._sums, self._variances = mine[self._columns], reached[self._columns]
        self._steps()

    def _steps(self) -> None:
        """Work out what a secondary changes by what it has itself."""
        before, after = self._limits.old[self._places], self._second[self._places]
        self._step = after - before
        after *= after
        before *= before
        after -= before
        after *= self._count
        self._squares = after
        self._own = self._step * self._step
        self._free = after - self._own
        reserved = self._limits.old[RESERVED]
        self._reserved_squares = reserved * reserved

    def _pairs(self, values: Floats) -> None:
        """Fill in the doubled pairs of location and exclusion tags."""
        if not (self._limits.located or self._inst.exclusion):
            return
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
        limits, ones, twos = self._limits, part.ones, columns(self._limits, part)
        failing = None if self._quiet else self._failing(ones, twos, share)
        share /= limits.t_mem[twos]
        sides = self._sides(ones, twos, share)
        terms = self._terms[:, ones, None]
        total = np.empty(share.shape)
        total[:] = terms[0]
        for place in range(1, COUNT):
            if place in self._row:
                total += sides[self._row[place]]
            elif place == RESERVED:
                total += sides[-1]
            elif place == N1:
                if failing is not None:
                    total += failing
            elif place == TOTAL:
                share += self._values[place, ones, None]
                share -= limits.old[place, twos]
                share *= WEIGHTS[place]
                total += share
            elif place == LOCATION and self._shared is not None:
                total += terms[place] + self._shared[ones][:, twos] * WEIGHTS[place]
            elif place not in SIDES and self._live[place]:
                total += terms[place]
        if limits.away and not limits.online[part.twos].all():
            away = terms[:, :, 0]
            away[OFFLINE_ALL] += WEIGHTS[OFFLINE_ALL]
            total[:, ~limits.online[part.twos]] = row_sums(away.T)[:, None]
        return total

    def _failing(self, ones: Ints, twos: Columns, reserve: Floats) -> Floats:
        limits = self._limits
        members = limits.members[twos] + 1.0
        failing = np.where(limits.u_mem[twos] <= reserve, members, 0.0)
        failing += self._values[N1, ones][:, None]
        failing -= limits.old[N1, twos]
        failing *= WEIGHTS[N1]
        return np.asarray(failing)

    def _sides(self, ones: Ints, twos: Columns, share: Floats) -> Floats:
        """Return the weighted deviations that depend on the secondary.

        Those that only depend on its own values, and last that of reserved memory.
        """
        sums = self._sums[:, ones, None]
        spread = np.empty((len(sums), *share.shape))
        own, last = spread[:-1], spread[-1]
        np.multiply(sums[:-1], self._step[:, None, twos], out=own)
        np.subtract(self._squares[:, None, twos], own, out=own)
        own -= self._own[:, None, twos]
        change = share - self._limits.old[RESERVED, twos]
        np.multiply(share, share, out=last)
        last -= self._reserved_squares[twos]
        last *= self._count
        last -= sums[-1] * change
        change *= change
        last -= change
        spread /= self._count * self._count
        spread += self._variances[:, ones, None]
        np.maximum(spread, 0.0, out=spread)
        np.sqrt(spread, out=spread)
        spread *= self._side_weights
        return spread

    def _scored(self, part: Block) -> Floats:
        """Return the scores of the pairs of *part*, infinity where they do not fit."""
        held = reserve(self._limits, part, self._need)
        unfit = self._unfit(part, held)
        scores = self.scores(part, held)
        np.copyto(scores, np.inf, where=unfit)
        return scores

    def rows(self, part: Block) -> Iterator[tuple[int, Floats, int]]:
        """Yield the place of each primary that fits, its scores, and how many of them there are."""
        size = max(1, ENTRIES // max(1, len(part.twos)))
        for start in range(0, len(part.ones) if len(part.twos) else 0, size):
            ones = part.ones[start : start + size]
            scores = quietly(self._scored)(Block(ones, part.twos))
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
            at, last, size = 0, 0, self._first_rows
            while at < len(ones):
                limit = np.inf if found is None else found[0]
                last = int(least.searchsorted(limit + CLOSE * (1 + abs(limit)), "right"))
                if last <= at:
                    break
                found = self._better(Block(ones[at : min(last, at + size)], twos), found)
                at, size = at + size, max(1, min(2 * size, ENTRIES // len(twos)))
            # The next instance will need about as many.
            self._first_rows = max(FIRST_ROWS, min(last + 2, MOST_ROWS))
        return found

    def _better(
        self, rows: Block, found: tuple[float, int, int] | None
    ) -> tuple[float, int, int] | None:
        """Return the best pair of *rows* if it is better than *found*, else that."""
        scores = self._scored(rows)
        reached = float(np.fmin.reduce(scores, axis=None))
        if not reached < np.inf or (found is not None and reached > found[0]):
            return found
        equal, targets = np.nonzero(scores == reached)
        one, column = max(zip(rows.ones[equal].tolist(), targets.tolist(), strict=True))
        if found is not None and (reached, -one) >= (found[0], -found[1]):
            return found
        return reached, one, int(rows.twos[column])

    def _least(self, ones: Ints, twos: Ints) -> Floats:
        """Return a score that no pair of each of *ones* with any of *twos* is below."""
        limits, count = self._limits, self._count
        picked = columns(limits, Block(ones, twos))
        sums = self._sums[:-1]
        ends = np.array((sums.min(axis=1), sums.max(axis=1)))[:, :, None]
        room = (self._free[:, picked] - ends * self._step[:, picked]).min(axis=2).min(axis=0)
        room = self._variances[:-1] + (room / count**2)[:, None]
        result = self._terms[LEAST].sum(axis=0)
        result += self._row_weights @ np.sqrt(np.maximum(room, 0.0))
        # Reserved memory only grows: at best up to the mean of all nodes.
        gap = self._sums[-1] / 2 - count * limits.old[RESERVED, picked].min()
        gap = np.maximum(gap, 0.0)
        room = self._variances[-1] - gap * gap / (max(1.0, count - 1) * count**2)
        result += np.sqrt(np.maximum(room, 0.0)) * WEIGHTS[RESERVED]
        return np.asarray(result[ones])
