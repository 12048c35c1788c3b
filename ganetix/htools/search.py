"""The search for the best move: all moves of all instances at once, in NumPy.

It proposes the few moves whose approximate score is within rounding of the best; `balance` applies
those one by one and compares exactly, in the order in which the moves would have been tried.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from ganetix.htools.arrays import (
    Floats,
    InstanceArrays,
    Ints,
    Memory,
    NodeArrays,
    instance_arrays,
    node_arrays,
    rows,
)
from ganetix.htools.balance import Candidate, move_kinds, possible_moves
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
)
from ganetix.htools.options import Options
from ganetix.htools.planes import Parts, Planes, planes
from ganetix.htools.reserve import KEEPING_PRIMARY, TO_PRIMARY, TO_SECONDARY, Reserve
from ganetix.htools.score import in_order, weigh

# Candidates this close to the best are compared exactly. Approximate scores are good to about
# fourteen digits.
CLOSE: Final = 1e-9
# What rounding may add to a bound; the root of a variance near zero has few digits.
ROUNDING: Final = 1e-7
# The kinds of moves whose scores are worked out at once.
FAMILIES: Final = (TO_SECONDARY, TO_PRIMARY, (FAILOVER_TO_ANY,))
# Entries of one matrix: a few of them should stay in the processor's cache.
BLOCK: Final = 1 << 14
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
        self._fit = Fit(nodes, insts, targets, self._reserve, marks, force=force)
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
        """Return the score of each instance's failover; infinity where it cannot be."""
        result = self._swapped() + self._still(both=True)
        result += self._reserve.failover() + self._marks.failover()
        return np.asarray(np.where(self._insts.swap & self._fit.failover(), result, np.inf))

    def kinds(self, kinds: Sequence[str]) -> Floats:
        """Return the score of each move of *kinds* of one family; infinity where it cannot be.

        For each kind, each instance and each target.
        """
        result = self._reserve.kinds(kinds)
        for kind, scores in zip(kinds, result, strict=True):
            self._add_linear(kind, scores)
            self._marks.add(kind, scores)
        np.copyto(result, np.inf, where=~self._fit.kinds(kinds))
        return result

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


class Best:
    """The best moves found so far that lead below a limit, with all that are close to the best."""

    def __init__(self, limit: float) -> None:
        self.limit = limit + CLOSE
        self._found: list[tuple[float, tuple[int, int, int], Candidate]] = []

    def offer(
        self,
        scores: Floats,
        ranks: Sequence[tuple[int, str]],
        victims: Sequence[Instance],
        targets: Sequence[int],
    ) -> None:
        """Keep those of *scores* (kinds of moves, instances, targets) that may be the best."""
        least = float(scores.min(initial=np.inf))
        if least > self.limit:
            return
        self.limit = min(self.limit, least + CLOSE)
        flat = scores.ravel()
        for place in np.flatnonzero(flat <= self.limit).tolist():
            at, column = divmod(place, len(targets))
            at, row = divmod(at, len(victims))
            inst, target = victims[row], targets[column]
            rank, kind = ranks[at]
            order = (inst.idx, target if rank else -1, rank)
            self._found.append((float(flat[place]), order, Candidate(inst.idx, Move(kind, target))))

    def candidates(self) -> list[Candidate]:
        """Return the moves that may be the best, in the order in which they are tried."""
        close = [entry for entry in self._found if entry[0] <= self.limit]
        return [
            candidate for _score, _order, candidate in sorted(close, key=lambda entry: entry[1])
        ]


def _classes(
    movable: Sequence[Instance], nodes: Nodes, options: Options
) -> dict[tuple[str, ...], list[tuple[Instance, bool]]]:
    """Sort instances by the kinds of moves that they may make."""
    found: dict[tuple[str, ...], list[tuple[Instance, bool]]] = {}
    away = {idx for idx, node in nodes.items() if node.spec.offline}
    known: dict[tuple[str, bool, bool], tuple[bool, tuple[str, ...]]] = {}
    for inst in movable:
        alike = inst.template, inst.primary in away, inst.secondary in away
        found_kinds = known.get(alike)
        if found_kinds is None:
            found_kinds = known[alike] = move_kinds(inst, nodes, options)
        swap, kinds = found_kinds
        if swap or kinds:
            found.setdefault(kinds, []).append((inst, swap))
    return found


def _scan(
    nodes: Sequence[Node],
    found: Best,
    arrays: NodeArrays,
    victims: Sequence[tuple[Instance, bool]],
    kinds: tuple[str, ...],
    options: Options,
    first: int,
    memory: Memory,
) -> None:
    """Score the moves of *victims* that may be the best, block by block.

    Instances come in the order of the least score that a move of theirs could lead to; most are
    never looked at.
    """
    instances = [inst for inst, _swap in victims]
    swaps = [swap for _inst, swap in victims]
    insts = instance_arrays(instances, arrays.position, swaps, memory)
    marks = tagged(nodes, instances, insts.primary, arrays.online)
    targets = np.nonzero(arrays.online)[0]
    numbers = [nodes[at].idx for at in targets.tolist()]
    parts = planes(arrays, insts, targets)
    force = options.ignore_soft_errors
    whole = Block(arrays, insts, targets, marks, parts, force=force)
    if any(swaps):
        found.offer(whole.failover()[None, :, None], [(0, FAILOVER)], instances, [-1])
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
        if ranks:
            found.offer(block.kinds([kind for _rank, kind in ranks]), ranks, instances, to)


def search(
    nodes: Nodes,
    _instances: Instances,
    movable: list[Instance],
    options: Options,
    first: int = FIRST,
    memory: Memory | None = None,
) -> list[Candidate]:
    """Propose the moves that may be the best of all, in the order in which they are tried.

    *first* is the number of moves of one kind that are looked at before any is left out.
    """
    memory = Memory() if memory is None else memory
    ordered = in_order(nodes)
    if not any(not node.spec.offline for node in ordered):
        return []
    plain = [inst for inst in movable if not inst.forthcoming]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        arrays = node_arrays(ordered, memory)
        found = Best(weigh(arrays.base.values))
        for kinds, victims in _classes(plain, nodes, options).items():
            _scan(ordered, found, arrays, victims, kinds, options, first, memory)
    planned = [
        Candidate(inst.idx, move)
        for inst in movable
        if inst.forthcoming
        for move in possible_moves(inst, nodes, options)
    ]
    return sorted(found.candidates() + planned, key=lambda candidate: candidate.instance)


class Searcher:
    """`search` again and again on one cluster, keeping what is read of nodes and instances."""

    def __init__(self) -> None:
        self._memory = Memory()

    def __call__(
        self, nodes: Nodes, instances: Instances, movable: list[Instance], options: Options
    ) -> list[Candidate]:
        """Propose the moves that may be the best of all."""
        return search(nodes, instances, movable, options, memory=self._memory)
