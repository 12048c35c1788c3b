"""The scores of one new mirrored instance on all pairs of nodes at once, in NumPy.

It keeps what it worked out for a node as long as the node stays the same, so that placing many
instances of one size costs little more than the arithmetic on the matrix of pairs. Every expression
is evaluated in the order of `pairs`, so that both give the same bits.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ganetix.htools.faults import FailMode
from ganetix.htools.limits import NONE, Limits
from ganetix.htools.model import Instance, Node, Nodes
from ganetix.htools.moves import shared_locations
from ganetix.htools.pairs import CHANGED, DEVIATIONS, LOCATION, N1, PAIRS, RESERVED, SUMS, TOTAL
from ganetix.htools.placement import with_primary, with_secondary
from ganetix.htools.score import COMPONENTS, WEIGHTS, doubled_pairs, in_order, node_values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
COUNT: Final = len(COMPONENTS)
_DEVIATIONS: Final = np.array(DEVIATIONS)
_WEIGHTS: Final = np.array(WEIGHTS)


def column_sums(values: Floats) -> Floats:
    """Add the rows of *values* one after the other."""
    if not len(values):
        return np.zeros(values.shape[1])
    return np.asarray(np.add.accumulate(values, axis=0)[-1])


class PairScan:
    """All pairs of the nodes of a cluster for one size of instance."""

    def __init__(self, inst: Instance, limits: Limits, *, force: bool) -> None:
        self._inst = inst
        self._need = inst.mem if inst.needs_reserve else 0
        self._force = force
        self._limits = limits
        self._seen: list[Node] = []
        self._settled = False

    def load(self, nodes: Nodes) -> None:
        """Take in the nodes as they are now."""
        self._limits.load(nodes)
        self._position = self._limits.position
        self._nodes = self._limits.nodes
        self._online = self._limits.online
        self._primary = self._limits.primary(self._inst, force=self._force)
        self._early, self._late = self._limits.secondary(self._inst)
        self._bad_side = (self._early != NONE) | (self._late != NONE)
        self._peers = self._limits.peers
        self._fails = self._limits.fails
        self._u_mem, self._r_mem = self._limits.ints("u_mem"), self._limits.ints("r_mem")
        self._settled = False

    def _resize(self) -> None:
        size = len(self._nodes)
        self._old = np.zeros((size, COUNT))
        self._first = np.zeros((size, COUNT))
        self._second = np.zeros((size, COUNT))
        self._shared = self._shared_locations(self._nodes)
        self._seen = []

    @staticmethod
    def _shared_locations(ordered: list[Node]) -> Floats | None:
        if not any(node.spec.locations for node in ordered):
            return None
        return np.array([[shared_locations(a, b) for b in ordered] for a in ordered], dtype=float)

    def _take(self, at: int, node: Node) -> None:
        inst = self._inst
        quiet = inst._replace(auto_balance=False)
        old = node_values(node)
        self._old[at] = old
        self._first[at] = old if node.offline else node_values(with_primary(node, inst))
        self._second[at] = node_values(with_secondary(node, quiet, -1))

    def _values_now(self) -> None:
        """Work out what is needed for scores, but only for nodes that changed."""
        if self._settled:
            return
        if len(self._seen) != len(self._nodes):
            self._resize()
        for at, node in enumerate(self._nodes):
            if at >= len(self._seen) or node is not self._seen[at]:
                self._take(at, node)
        self._seen = self._nodes
        self._settle()
        self._settled = True

    def _settle(self) -> None:
        """Work out the statistics with each node as primary."""
        online = self._old[self._online]
        count = float(len(online))
        sums = column_sums(online)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = sums / count
            distance = online - mean
            variance = column_sums(distance * distance) / count
            at = _DEVIATIONS
            change = self._first[:, at] - self._old[:, at]
            squares = self._first[:, at] ** 2 - self._old[:, at] ** 2
            spread = (count * squares - (2 * sums[at]) * change) - change * change
            reached = np.maximum(0.0, variance[at] + spread / (count * count))
        self._count = count
        self._sums = sums[at] + change
        self._variances = reached
        values = np.zeros((len(self._nodes), COUNT))
        values[:, at] = np.sqrt(reached)
        for place in SUMS:
            values[:, place] = sums[place] + self._first[:, place] - self._old[:, place]
        self._offline_counts(values)
        self._doubled(values)
        self._values = values
        self._terms = values * _WEIGHTS

    def _offline_counts(self, values: Floats) -> None:
        away = column_sums(self._old[~self._online])
        for place, (_name, _weight, kind) in enumerate(COMPONENTS):
            if kind == "off":
                values[:, place] = away[place]

    def _doubled(self, values: Floats) -> None:
        online = [node for node in self._nodes if not node.offline]
        values[:, PAIRS] = doubled_pairs(online)
        if self._inst.exclusion:
            for at, node in enumerate(self._nodes):
                if not node.offline and node.spec.locations:
                    others = [other for other in online if other.idx != node.idx]
                    values[at, PAIRS] = doubled_pairs([*others, with_primary(node, self._inst)])

    def positions(self, numbers: list[int]) -> Ints:
        """Return the places of nodes in the matrices."""
        return np.array([self._position[idx] for idx in numbers], dtype=np.int64)

    def scores(self, ones: Ints, twos: Ints) -> Floats:
        """Return the scores with primaries *ones* (rows) and secondaries *twos* (columns)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            self._values_now()
            return self._scores(ones, twos)

    def _scores(self, ones: Ints, twos: Ints) -> Floats:
        held = self._peers[twos][:, ones].T + self._need
        reserve = np.maximum(self._r_mem[twos], held)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = reserve / self._limits.floats("t_mem")[twos]
        total: Floats = self._terms[ones, 0][:, None] + np.zeros(len(twos))
        for place in range(1, COUNT):
            total += self._term(place, ones, twos, share, reserve)
        if not self._online[twos].all():
            alone = column_sums(self._terms[ones].T)
            total[:, ~self._online[twos]] = alone[:, None]
        return total

    def _term(self, place: int, ones: Ints, twos: Ints, share: Floats, reserve: Ints) -> Floats:
        """Return one weighted component for all pairs."""
        if place in CHANGED:
            new = share if place == RESERVED else self._second[twos, place]
            return np.asarray(self._deviation(place, ones, self._old[twos, place], new))
        if place == N1:
            members = self._limits.ints("members")[twos] + 1.0
            failing = np.where(self._u_mem[twos] <= reserve, members, 0.0)
            before = self._values[ones, place][:, None]
            return np.asarray((before + failing - self._old[twos, place]) * WEIGHTS[place])
        if place == TOTAL:
            before = self._values[ones, place][:, None]
            return np.asarray((before + share - self._old[twos, place]) * WEIGHTS[place])
        fixed = self._terms[ones, place][:, None]
        if place == LOCATION and self._shared is not None:
            return np.asarray(fixed + self._shared[ones][:, twos] * WEIGHTS[place])
        return np.asarray(fixed)

    def _deviation(self, place: int, ones: Ints, old: Floats, new: Floats) -> Floats:
        column = DEVIATIONS.index(place)
        count = self._count
        change = new - old
        squares = count * (new * new - old * old)
        spread = (2 * self._sums[ones, column])[:, None] * change
        np.subtract(squares, spread, out=spread)
        spread -= change * change
        spread /= count * count
        spread += self._variances[ones, column][:, None]
        np.maximum(spread, 0.0, out=spread)
        np.sqrt(spread, out=spread)
        spread *= WEIGHTS[place]
        return np.asarray(spread)

    def possible(self, ones: Ints, twos: Ints) -> NDArray[np.bool_]:
        """Return which pairs may take the instance."""
        good = self._primary[ones] == NONE
        held = np.maximum(self._peers[twos][:, ones].T + self._need, self._r_mem[twos])
        calm = self._fails[twos] | (held < self._u_mem[twos])
        fits = good[:, None] & ~self._bad_side[twos] & calm
        fits &= ones[:, None] != twos
        return np.asarray(fits)

    def faults(self, ones: Ints, twos: Ints) -> dict[FailMode, int]:
        """Count why pairs may not take the instance."""
        held = np.maximum(self._peers[twos][:, ones].T + self._need, self._r_mem[twos])
        unhappy = ~self._fails[twos] & (held >= self._u_mem[twos])
        early, late = self._early[twos], self._late[twos]
        codes = np.where(early >= 0, early, np.where(unhappy, int(FailMode.FailMem), late))
        rows = self._primary[ones]
        codes = np.where(rows[:, None] >= 0, rows[:, None], codes)
        codes = codes[(codes >= 0) & (ones[:, None] != twos)]
        counts = np.bincount(codes, minlength=len(FailMode)).tolist()
        return {fault: counts[fault] for fault in FailMode if counts[fault]}


class SingleScan:
    """All single nodes of a cluster for one size of instance."""

    def __init__(self, inst: Instance) -> None:
        self._inst = inst
        self._known: dict[int, tuple[Node, tuple[float, ...], tuple[float, ...]]] = {}

    def _values(self, node: Node) -> tuple[tuple[float, ...], tuple[float, ...]]:
        known = self._known.get(node.idx)
        if known is None or known[0] is not node:
            new = node_values(with_primary(node, self._inst))
            known = self._known[node.idx] = (node, node_values(node), new)
        return known[1], known[2]

    def scores(self, nodes: Nodes, places: list[int]) -> list[float]:
        """Return the score with the instance on each of *places*, which are online."""
        ordered = in_order(nodes)
        online = [node for node in ordered if not node.offline]
        position = {node.idx: at for at, node in enumerate(online)}
        old = np.array([self._values(node)[0] for node in online])
        away = [node_values(node) for node in ordered if node.offline]
        pairs = self._pairs(online, places)
        results: list[float] = []
        size = max(1, (1 << 20) // max(1, old.size))
        for at in range(0, len(places), size):
            chunk = places[at : at + size]
            cube = np.repeat(old[None], len(chunk), axis=0)
            for row, idx in enumerate(chunk):
                cube[row, position[idx]] = self._values(nodes[idx])[1]
            results += self._weigh(cube, away, pairs[at : at + size])
        return results

    def _pairs(self, online: list[Node], places: list[int]) -> list[float]:
        if not self._inst.exclusion:
            return [doubled_pairs(online)] * len(places)
        found = []
        for idx in places:
            own = next(node for node in online if node.idx == idx)
            others = [node for node in online if node.idx != idx]
            found.append(doubled_pairs([*others, with_primary(own, self._inst)]))
        return found

    @staticmethod
    def _weigh(cube: Floats, away: list[tuple[float, ...]], pairs: list[float]) -> list[float]:
        sums = np.add.accumulate(cube, axis=1)[:, -1]
        count = float(cube.shape[1])
        distance = cube - (sums / count)[:, None]
        spread = np.add.accumulate(distance * distance, axis=1)[:, -1]
        deviations = np.sqrt(spread / count)
        total = np.zeros(len(cube))
        for place, (_name, weight, kind) in enumerate(COMPONENTS):
            if kind == "dev":
                value: Floats = deviations[:, place]
            elif kind == "off":
                value = np.full(len(cube), float(sum(row[place] for row in away)))
            elif kind == "map":
                value = np.array(pairs)
            else:
                value = sums[:, place]
            total = total + value * weight
        found: list[float] = total.tolist()
        return found
