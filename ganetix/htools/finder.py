"""Looking through all places for one size of instance.

There are two ways through the pairs of nodes: plain Python, which starts at once, and NumPy, which
takes longer to import than a small cluster takes to search. Both give the same bits.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.model import Group, Instance, Instances, Node, Nodes
from ganetix.htools.moves import shared_locations
from ganetix.htools.options import Options
from ganetix.htools.pairs import Primary, Side, pair_score, primary, side
from ganetix.htools.placement import add_primary, add_secondary, with_primary, with_secondary
from ganetix.htools.policy import policy_fault
from ganetix.htools.redundancy import Outlook
from ganetix.htools.score import cluster_score, in_order, statistics
from ganetix.htools.solution import Place, Solution, annotated, best_of, choose, merge

if TYPE_CHECKING:
    import numpy as np

    from ganetix.htools.limits import Limits
    from ganetix.htools.pairs_numpy import PairScan, SingleScan

# Up to so many pairs, a single search in Python is done before NumPy is imported.
FEW_PAIRS: Final = 12_000
# Entries of one matrix: a few of them should stay in the processor's cache.
BLOCK: Final = 1 << 16

Pairs = list[tuple[int, list[int]]]
Accept = Callable[[Place], bool]


class Targets(NamedTuple):
    """Where an instance may go: single nodes, or pairs grouped by primary."""

    singles: list[int] | None
    pairs: Pairs | None


def targets(
    options: Options, nodes: Iterable[Node], needed: int, groups: dict[int, Group] | None = None
) -> Targets:
    """Return the places for an instance that needs *needed* nodes.

    With *groups*, only in groups that take new instances. Raises `PlanError` for other numbers.
    """
    usable = [
        node
        for node in nodes
        if not node.spec.offline
        and (options.restrict_to_nodes is None or node.name in options.restrict_to_nodes)
        and (groups is None or groups[node.spec.group].allocable)
    ]
    if needed == 1:
        return Targets([node.idx for node in usable], None)
    if needed != 2:
        raise PlanError(f"an instance needs one or two nodes, {needed} cannot be allocated")
    found = []
    for one in usable:
        group = one.spec.group
        others = [two.idx for two in usable if two is not one and two.spec.group == group]
        if others:
            found.append((one.idx, others))
    return Targets(None, found)


def always(_place: Place) -> bool:
    """Accept every place."""
    return True


def acceptance(options: Options, nodes: Nodes, instances: Instances) -> Accept:
    """Return the test that a place must pass to be taken."""
    if not options.capacity:
        return always
    outlook = Outlook(nodes, instances, options)
    return lambda place: outlook.allows(place.inst, place.nodes)


class Finder:
    """Finds the best place for instances of one size, again and again as the cluster fills."""

    def __init__(
        self,
        options: Options,
        inst: Instance,
        *,
        often: bool = False,
        limits: "Limits | None" = None,
    ) -> None:
        self._force = options.ignore_soft_errors
        self._inst = inst
        self._often = often or "numpy" in sys.modules
        self._limits = limits
        self._pair_scan: PairScan | None = None
        self._single_scan: SingleScan | None = None

    def find(self, nodes: Nodes, where: Targets, accept: Accept) -> Solution:
        """Find the best place that *accept* takes; raises `PlanError` without nodes to try."""
        if where.singles is not None:
            if not where.singles:
                raise PlanError("No online nodes")
            places, failures = self._singles(nodes, where.singles)
            return choose(places, failures, accept)
        if not where.pairs:
            raise PlanError("Not enough online nodes")
        count = sum(len(others) for _one, others in where.pairs)
        if self._often or count > FEW_PAIRS:
            return best_of(self._pairs_at_once(nodes, where.pairs, accept))
        return best_of(self._pairs_one_by_one(nodes, where.pairs, accept))

    def _singles(
        self, nodes: Nodes, singles: Sequence[int]
    ) -> tuple[list[Place], dict[FailMode, int]]:
        failures: dict[FailMode, int] = {}
        found: list[Node] = []
        for idx in singles:
            new = self._as_primary(nodes[idx])
            if isinstance(new, FailMode):
                merge(failures, new)
            else:
                found.append(new)
        if self._often:
            reached = self._scan_singles(nodes, [node.idx for node in found])
        else:
            reached = [cluster_score({**nodes, node.idx: node}) for node in found]
        places = [
            Place(self._inst._replace(primary=node.idx, secondary=-1), (node,), metric)
            for node, metric in zip(found, reached, strict=True)
        ]
        return places, failures

    def _scan_singles(self, nodes: Nodes, places: list[int]) -> list[float]:
        from ganetix.htools.pairs_numpy import SingleScan  # noqa: PLC0415 # only where it pays

        if self._single_scan is None:
            self._single_scan = SingleScan(self._inst)
        return self._single_scan.scores(nodes, places) if places else []

    def _as_primary(self, node: Node) -> Node | FailMode:
        fault = policy_fault(self._inst, node.spec.policy, exclusive=node.spec.exclusive)
        return fault if fault is not None else add_primary(node, self._inst, force=self._force)

    def _pairs_one_by_one(self, nodes: Nodes, pairs: Pairs, accept: Accept) -> Iterable[Solution]:
        ordered = in_order(nodes)
        base = statistics(ordered)
        count = float(sum(not node.offline for node in ordered))
        sides: dict[int, Side | None] = {}
        for idx, others in pairs:
            new = self._as_primary(nodes[idx])
            if isinstance(new, FailMode):
                yield Solution(None, 0, {new: len(others)})
                continue
            for other in others:
                if other not in sides:
                    sides[other] = self._side(nodes[other], count)
            first = primary(base, nodes[idx], self._inst, ordered)
            yield self._row(nodes, first, [(other, sides[other]) for other in others], accept)

    def _side(self, node: Node, count: float) -> Side | None:
        """Return what *node* changes as a secondary; None if something but N+1 may forbid it."""
        added = add_secondary(node._replace(fail_n1=True), self._inst, -1)
        return None if isinstance(added, FailMode) else side(node, self._inst, count)

    def _row(
        self, nodes: Nodes, first: Primary, others: list[tuple[int, Side | None]], accept: Accept
    ) -> Solution:
        """Try one primary with all secondaries; of equals the last is taken."""
        inst = self._inst
        own = first.node
        need = inst.mem if inst.needs_reserve else 0
        failures: dict[FailMode, int] = {}
        found: list[tuple[float, int]] = []
        for other, known in others:
            fault = self._fault(nodes[other], known, own.idx, need)
            if fault is not None or known is None:
                merge(failures, FailMode.FailInternal if fault is None else fault)
                continue
            shared = shared_locations(own, known.node) if own.spec.locations else 0
            found.append((pair_score(first, known, need, shared), other))
        found.reverse()
        ranked = sorted(found, key=itemgetter(0))
        for dropped, (reached, other) in enumerate(ranked):
            place = self._built(nodes, own.idx, other, reached)
            if accept(place):
                merge(failures, FailMode.FailN1, dropped)
                return Solution(place, len(found) - dropped, failures)
        merge(failures, FailMode.FailN1, len(found))
        return Solution(None, 0, failures)

    def _fault(self, node: Node, known: Side | None, primary: int, need: int) -> FailMode | None:
        """Say why *node* does not take the instance as a secondary of *primary*."""
        if known is None:
            added = add_secondary(node, self._inst, primary)
            return added if isinstance(added, FailMode) else None
        if node.fail_n1 or self._inst.forthcoming:
            return None
        reserve = max(node.r_mem, node.peers.get(primary, 0) + need)
        return FailMode.FailMem if node.u_mem <= reserve else None

    def _place(self, one: Node, two: Node, shared: int, reached: float) -> Place:
        placed = self._inst._replace(primary=one.idx, secondary=two.idx, location_score=shared)
        if shared:
            one = one._replace(location_score=one.location_score + shared)
        return Place(placed, (one, two), reached)

    def _pairs_at_once(self, nodes: Nodes, pairs: Pairs, accept: Accept) -> Iterable[Solution]:
        from ganetix.htools.limits import Limits  # noqa: PLC0415 # only where it pays
        from ganetix.htools.pairs_numpy import PairScan  # noqa: PLC0415 # only where it pays

        if self._pair_scan is None:
            limits = Limits() if self._limits is None else self._limits
            self._pair_scan = PairScan(self._inst, limits, force=self._force)
        scan = self._pair_scan
        scan.load(nodes)
        groups: dict[int, tuple[list[int], set[int]]] = {}
        for idx, others in pairs:
            ones, twos = groups.setdefault(nodes[idx].spec.group, ([], set()))
            ones.append(idx)
            twos.update(others)
        for ones, twos in groups.values():
            if not twos:
                continue
            columns = sorted(twos)
            places = scan.positions(columns)
            size = max(1, BLOCK // len(columns))
            for at in range(0, len(ones), size):
                rows = ones[at : at + size]
                here = scan.positions(rows)
                fits = scan.possible(here, places)
                failures = {} if self._all(fits, rows, twos) else scan.faults(here, places)
                yield Solution(None, 0, failures)
                if not fits.any():
                    continue
                scores = scan.scores(here, places)
                scores[~fits] = float("inf")
                yield from self._best_rows(nodes, rows, columns, scores, accept)

    @staticmethod
    def _all(fits: "np.ndarray[Any, Any]", rows: list[int], columns: set[int]) -> bool:
        """Whether every pair of different nodes fits."""
        wanted = len(rows) * len(columns) - sum(row in columns for row in rows)
        return int(fits.sum()) == wanted

    def _best_rows(
        self,
        nodes: Nodes,
        rows: list[int],
        columns: list[int],
        scores: "np.ndarray[Any, Any]",
        accept: Accept,
    ) -> Iterable[Solution]:
        """Take the best of each row that is accepted; of equals the last."""
        good = (scores < float("inf")).sum(axis=1).tolist()
        if accept is always:
            backwards = scores[::-1, ::-1].argmin()
            row, column = divmod(scores.size - 1 - int(backwards), len(columns))
            if good[row]:
                place = self._built(nodes, rows[row], columns[column], float(scores[row, column]))
                yield Solution(place, sum(good), {})
            return
        for at, row in enumerate(rows):
            if good[at]:
                yield self._accepted(nodes, row, columns, scores[at], good[at], accept)

    def _accepted(
        self,
        nodes: Nodes,
        row: int,
        columns: list[int],
        scores: "np.ndarray[Any, Any]",
        good: int,
        accept: Accept,
    ) -> Solution:
        last = len(columns) - 1
        for dropped, backwards in enumerate(scores[::-1].argsort(kind="stable")[:good].tolist()):
            column = last - backwards
            place = self._built(nodes, row, columns[column], float(scores[column]))
            if accept(place):
                failures = {FailMode.FailN1: dropped} if dropped else {}
                return Solution(place, good - dropped, failures)
        return Solution(None, 0, {FailMode.FailN1: good})

    def _built(self, nodes: Nodes, one: int, two: int, reached: float) -> Place:
        shared = shared_locations(nodes[one], nodes[two])
        return self._place(
            with_primary(nodes[one], self._inst),
            with_secondary(nodes[two], self._inst, one),
            shared,
            reached,
        )


def try_alloc(
    options: Options, nodes: Nodes, instances: Instances, inst: Instance, where: Targets
) -> Solution:
    """Find the best place for *inst*; raises `PlanError` when there is no node to try."""
    accept = acceptance(options, nodes, instances)
    return annotated(Finder(options, inst).find(nodes, where, accept))
