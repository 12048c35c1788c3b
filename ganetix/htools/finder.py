"""Looking through all places for one size of instance.

There are two ways through the pairs of nodes: plain Python, which starts at once, and NumPy, which
takes longer to import than a small cluster takes to search. Both give the same bits.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ganetix.htools.faults import FAULTS, FailMode, PlanError
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

    from ganetix.htools.singles_numpy import SingleScan

# Up to so many pairs, a single search in Python is done before NumPy is imported.
FEW_PAIRS: Final = 12_000
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
    members: dict[int, list[int]] = {}
    for node in usable:
        members.setdefault(node.spec.group, []).append(node.idx)
    found = []
    seen = dict.fromkeys(members, 0)
    for one in usable:
        group, at = members[one.spec.group], seen[one.spec.group]
        seen[one.spec.group] += 1
        if len(group) > 1:
            found.append((one.idx, group[:at] + group[at + 1 :]))
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

    def __init__(self, options: Options, inst: Instance, *, often: bool = False) -> None:
        self._force = options.ignore_soft_errors
        self._inst = inst
        self._often = often or "numpy" in sys.modules
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
        if not self._inst.forthcoming and (self._often or count > FEW_PAIRS):
            return self._pairs_at_once(nodes, where.pairs, accept)
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
        from ganetix.htools.singles_numpy import SingleScan  # noqa: PLC0415 # only where it pays

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
            place = self._placed(own, nodes[other], reached)
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

    def _pairs_at_once(self, nodes: Nodes, pairs: Pairs, accept: Accept) -> Solution:
        from ganetix.htools.blocks_numpy import blocks, failures  # noqa: PLC0415 # only where it pays
        from ganetix.htools.limits import Limits  # noqa: PLC0415 # only where it pays
        from ganetix.htools.pairs_numpy import PairScan  # noqa: PLC0415 # only where it pays

        limits = Limits()
        limits.load(nodes)
        scan = PairScan(limits, self._inst, force=self._force)
        found: list[tuple[int, Solution]] = []
        parts = blocks(limits, pairs)
        counts = failures(limits, [self._inst], parts, force=self._force)[0]
        merged = {fault: counts[fault] for fault in FAULTS if counts[fault]}
        found.append((-1, Solution(None, 0, merged)))
        for block in parts:
            part = scan.possible(block)
            columns = [limits.nodes[at] for at in part.twos.tolist()]
            for idx, at, scores, good in scan.rows(part):
                row = self._accepted(limits.nodes[at], columns, scores, good, accept)
                found.append((idx, row))
        found.sort(key=itemgetter(0))
        return best_of(solution for _at, solution in found)

    def _accepted(
        self,
        one: Node,
        columns: list[Node],
        scores: "np.ndarray[Any, Any]",
        good: int,
        accept: Accept,
    ) -> Solution:
        """Take the best secondary for primary *one* that is accepted; of equals the last."""
        last = len(columns) - 1
        backwards = scores[::-1]
        first = with_primary(one, self._inst)
        order: list[int] = [int(backwards.argmin())]
        for dropped in range(good):
            if dropped == 1:
                order = backwards.argsort(kind="stable").tolist()
            at = last - order[dropped]
            place = self._placed(first, columns[at], float(scores[at]))
            if accept(place):
                failures = {FailMode.FailN1: dropped} if dropped else {}
                return Solution(place, good - dropped, failures)
        return Solution(None, 0, {FailMode.FailN1: good})

    def _placed(self, first: Node, other: Node, reached: float) -> Place:
        """Return the place with the primary *first* (which has the instance) and *other*."""
        second = with_secondary(other, self._inst, first.idx)
        return self._place(first, second, shared_locations(first, other), reached)


def try_alloc(
    options: Options, nodes: Nodes, instances: Instances, inst: Instance, where: Targets
) -> Solution:
    """Find the best place for *inst*; raises `PlanError` when there is no node to try."""
    accept = acceptance(options, nodes, instances)
    return annotated(Finder(options, inst).find(nodes, where, accept))
