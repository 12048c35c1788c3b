"""The search for the best move: all moves of all instances at once, in NumPy.

It proposes the few moves whose approximate score is within rounding of the best; `balance` applies
those one by one and compares exactly, in the order in which the moves would have been tried.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

import numpy as np

from ganetix.htools.arrays import (
    Bools,
    Floats,
    InstanceArrays,
    Ints,
    Memory,
    NodeArrays,
    node_arrays,
    rows,
)
from ganetix.htools.balance import CLOSE, ROUNDING, Candidate, possible_moves
from ganetix.htools.faults import FailMode
from ganetix.htools.fit import Fit
from ganetix.htools.marks import Marks, Tagged, tagged
from ganetix.htools.model import Instance, Instances, Node, Nodes
from ganetix.htools.moves import (
    FAILOVER,
    FAILOVER_AND_REPLACE,
    FAILOVER_TO_ANY,
    REPLACE_AND_FAILOVER,
    REPLACE_SECONDARY,
    Move,
    apply_move,
)
from ganetix.htools.options import Options
from ganetix.htools.planes import Parts, Planes
from ganetix.htools.reserve import KEEPING_PRIMARY, TO_PRIMARY, TO_SECONDARY, Reserve
from ganetix.htools.roster import Alike, Roster
from ganetix.htools.score import in_order, weigh

# The kinds of moves whose scores are worked out at once.
FAMILIES: Final = (TO_SECONDARY, TO_PRIMARY, (FAILOVER_TO_ANY,))
# Entries of one matrix: a few of them should stay in the processor's cache.
BLOCK: Final = 1 << 14
# How many of the best moves are tried before all are looked at for whether they can be.
TRIES: Final = 12
# So many at first, or at once if there are no more.
FIRST: Final = 1 << 13


class Block:
    """Some instances that may make the same kinds of moves, and the scores of all these moves."""

    def __init__(
        self,
        nodes: NodeArrays,
        insts: InstanceArrays,
        targets: Ints,
        marks: Tagged,
        parts: Parts,
        *,
        force: bool,
    ) -> None:
        self._insts = insts
        self._targets = targets
        self._count = float(nodes.online.sum())
        self._parts = parts
        self._reserve = Reserve(nodes, insts, targets, force=force)
        self._marks = Marks(marks, nodes, insts, targets)
        self._fit = partial(Fit, nodes, insts, targets, self._reserve, marks, force=force)
        self._own = _columns(nodes, insts, targets)
        self._kept: dict[tuple[bool, bool], Floats] = {}
        self._gone: dict[tuple[bool, bool], list[tuple[Floats, Floats]]] = {}
        self._swap: Floats | None = None

    def _still(self, *, both: bool) -> float:
        """Sum the components that a move leaves alone."""
        return sum(part.still() for part in self._parts[both])

    def _left(self, *, both: bool, from_primary: bool) -> list[tuple[Floats, Floats]]:
        """Return the changes of sum and squares, of each part, when one of its nodes is left."""
        key = both, from_primary
        if key not in self._gone:
            place = self._insts.primary if from_primary else self._insts.secondary
            self._gone[key] = [part.at(place, -1) for part in self._parts[both]]
        return self._gone[key]

    def _swapped(self) -> Floats:
        """Sum the components of primaries when the secondary becomes primary."""
        if self._swap is None:
            self._swap = np.zeros(len(self._insts.mem))
            gone = self._left(both=False, from_primary=True)
            for part, (one, squares) in zip(self._parts[False], gone, strict=True):
                two, more = part.at(self._insts.secondary, 1)
                self._swap += part.settled(one + two, squares + more, self._count)
        return self._swap

    def _moved(self, *, both: bool, from_primary: bool) -> Floats:
        """Sum the components when what leaves one of its nodes comes to each target."""
        key = both, from_primary
        if key not in self._kept:
            result = np.zeros((len(self._insts.mem), len(self._targets)))
            gone = self._left(both=both, from_primary=from_primary)
            for part, (total, squares) in zip(self._parts[both], gone, strict=True):
                result += part.targeted(total, squares, self._targets, self._count)
            self._kept[key] = result
        return self._kept[key]

    def _least(self, *, both: bool, from_primary: bool) -> Floats:
        """Return what the same sum is not below, wherever an instance goes."""
        result = np.zeros(len(self._insts.mem))
        gone = self._left(both=both, from_primary=from_primary)
        for part, (total, squares) in zip(self._parts[both], gone, strict=True):
            if isinstance(part, Planes):
                result += part.least(total, squares, self._targets, self._count)
        return result

    def failover(self) -> Floats:
        """Return the score of each instance's failover; infinity for those that have none."""
        result = self._swapped() + self._still(both=True)
        result += self._reserve.failover() + self._marks.failover()
        return np.asarray(np.where(self._insts.swap, result, np.inf))

    def kinds(self, kinds: Sequence[str]) -> Floats:
        """Return the score of each move of *kinds* of one family, also of those that cannot be.

        For each kind, each instance and each target; infinity for the instance's own nodes.
        """
        result = self._reserve.kinds(kinds)
        for kind, scores in zip(kinds, result, strict=True):
            self._add_linear(kind, scores)
            self._marks.add(kind, scores)
        result.reshape(len(kinds), -1)[:, self._own] = np.inf
        return result

    def possible(self, kinds: Sequence[str]) -> Bools:
        """Return which of these moves can be; the same for failovers, for which *kinds* is none."""
        fit = self._fit()
        return fit.kinds(kinds) if kinds else fit.failover()[None, :, None]

    def _add_linear(self, kind: str, scores: Floats) -> None:
        """Add the linear components after each move of *kind* to *scores*."""
        if kind == REPLACE_SECONDARY:
            scores += self._still(both=False)
        elif kind == FAILOVER_AND_REPLACE:
            scores += self._swapped()[:, None]
        else:
            scores += self._moved(both=False, from_primary=True)
        scores += self._moved(both=True, from_primary=kind not in KEEPING_PRIMARY)

    def least(self, kinds: Iterable[str]) -> Floats:
        """Return for each instance what no move of *kinds* leads below."""
        result = np.full(len(self._insts.mem), np.inf)
        if not self._marks.idle:
            return -result
        here = self._least(both=True, from_primary=True)
        away = self._least(both=True, from_primary=False)
        first = self._least(both=False, from_primary=True)
        others = {
            REPLACE_SECONDARY: self._still(both=False) + away,
            REPLACE_AND_FAILOVER: first + away,
            FAILOVER_AND_REPLACE: self._swapped() + here,
        }
        for kind in kinds:
            reached = self._reserve.least(kind) + others.get(kind, first + here)
            np.minimum(result, reached, out=result)
        result += self._marks.fixed
        return result


def _columns(nodes: NodeArrays, insts: InstanceArrays, targets: Ints) -> Ints:
    """Return where in a matrix of instances and *targets* the targets are the instances' own."""
    column = np.full(len(nodes.online) + 1, -1)  # the last entry is for no node
    column[targets] = np.arange(len(targets))
    own = column[np.array((insts.primary, insts.secondary))]
    places = own + np.arange(len(insts.mem)) * len(targets)
    return np.asarray(places[own >= 0])


class Best:
    """The best moves found so far that lead below a limit, with all that are close to the best.

    *possible* says exactly whether a move can be.
    """

    def __init__(self, limit: float, possible: Callable[[Instance, Move], bool]) -> None:
        self.limit = limit + CLOSE
        self._possible = possible
        self._found: list[tuple[float, tuple[int, int, int], Candidate]] = []

    def offer(
        self,
        scores: Floats,
        ranks: Sequence[tuple[int, str]],
        victims: Sequence[Instance],
        targets: Sequence[int],
        fits: Callable[[], Bools],
    ) -> None:
        """Keep those of *scores* (kinds of moves, instances, targets) that may be the best.

        Those of the best that cannot be become infinite; *fits* tells for all, which takes longer
        than to try the very best.
        """

        def move(place: int) -> tuple[int, Instance, Move]:
            at, column = divmod(place, len(targets))
            at, row = divmod(at, len(victims))
            rank, kind = ranks[at]
            return rank, victims[row], Move(kind, targets[column])

        flat = scores.reshape(-1)
        for _try in range(TRIES):
            place = int(flat.argmin())
            least = float(flat[place])
            if least > self.limit:
                return
            _rank, inst, best = move(place)
            if self._possible(inst, best):
                break
            flat[place] = np.inf
        else:
            np.copyto(scores, np.inf, where=~fits())
            least = float(scores.min())
        self.limit = min(self.limit, least + CLOSE)
        for place in np.flatnonzero(flat <= self.limit).tolist():
            rank, inst, one = move(place)
            order = (inst.idx, one.target, rank)
            self._found.append((float(flat[place]), order, Candidate(inst.idx, one)))

    def candidates(self) -> list[Candidate]:
        """Return the moves that may be the best, in the order in which they are tried."""
        close = [entry for entry in self._found if entry[0] <= self.limit]
        return [
            candidate for _score, _order, candidate in sorted(close, key=lambda entry: entry[1])
        ]


def _scan(
    nodes: Sequence[Node], found: Best, arrays: NodeArrays, alike: Alike, *, force: bool, first: int
) -> None:
    """Score the moves of the instances in *alike* that may be the best, block by block.

    Instances come in the order of the least score that a move of theirs could lead to; most are
    never looked at.
    """
    instances, kinds, insts = alike.instances, alike.kinds, alike.arrays
    marks = tagged(nodes, alike, arrays)
    targets = np.nonzero(arrays.online)[0]
    numbers = [nodes[at].idx for at in targets.tolist()]
    parts = alike.planes(arrays, targets)
    whole = Block(arrays, insts, targets, marks, parts, force=force)
    if insts.swap.any():
        scores = whole.failover()[None, :, None]
        found.offer(scores, [(0, FAILOVER)], instances, [-1], partial(whole.possible, ()))
    size = max(1, first // max(1, len(targets)))
    if not kinds or len(instances) <= size:
        _offer(found, whole, instances, kinds, numbers)
        return
    least = whole.least(kinds)
    order = least.argsort()
    at = 0
    while at < len(order) and not least[order[at]] > found.limit + ROUNDING:
        pick = order[at : at + size]
        mine = {both: [part.of(pick) for part in every] for both, every in parts.items()}
        block = Block(arrays, rows(insts, pick), targets, marks.rows(pick), mine, force=force)
        _offer(found, block, [instances[row] for row in pick.tolist()], kinds, numbers)
        at, size = at + size, max(1, BLOCK // max(1, len(targets)))


def _offer(
    found: Best, block: Block, instances: Sequence[Instance], kinds: Iterable[str], to: list[int]
) -> None:
    for family in FAMILIES:
        ranks = [(rank, kind) for rank, kind in enumerate(kinds, 1) if kind in family]
        if ranks and instances:
            mine = [kind for _rank, kind in ranks]
            found.offer(block.kinds(mine), ranks, instances, to, partial(block.possible, mine))


def _possible(nodes: Nodes, options: Options, inst: Instance, move: Move) -> bool:
    """Whether *move* of *inst* can be."""
    applied = apply_move(nodes, inst, move, force=options.ignore_soft_errors)
    return not isinstance(applied, FailMode)


class Searcher:
    """Searches again and again on one cluster, keeping what is read of nodes and instances.

    *first* is the number of moves of one kind that are looked at before any is left out.
    """

    def __init__(self, first: int = FIRST) -> None:
        self._first = first
        self._memory = Memory()
        self._roster: Roster | None = None

    def __call__(
        self, nodes: Nodes, _instances: Instances, movable: list[Instance], options: Options
    ) -> list[Candidate]:
        """Propose the moves that may be the best of all, in the order in which they are tried."""
        ordered = in_order(nodes)
        if not any(not node.spec.offline for node in ordered):
            return []
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            arrays = node_arrays(ordered, self._memory)
            roster = self._followed(movable, nodes, options, arrays.position)
            found = Best(weigh(arrays.base.values), partial(_possible, nodes, options))
            for alike in roster.classes:
                force = options.ignore_soft_errors
                _scan(ordered, found, arrays, alike, force=force, first=self._first)
        planned = [
            Candidate(inst.idx, move)
            for inst in roster.forthcoming
            for move in possible_moves(inst, nodes, options)
        ]
        return sorted(found.candidates() + planned, key=lambda candidate: candidate.instance)

    def _followed(
        self, movable: list[Instance], nodes: Nodes, options: Options, position: dict[int, int]
    ) -> Roster:
        """Return the roster as it is now."""
        if self._roster is None or not self._roster.follow(movable, nodes, options):
            self._roster = Roster(movable, nodes, options, position)
        return self._roster


def search(
    nodes: Nodes, instances: Instances, movable: list[Instance], options: Options
) -> list[Candidate]:
    """Propose the moves that may be the best of all, once."""
    return Searcher()(nodes, instances, movable, options)
