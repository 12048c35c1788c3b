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
from ganetix.htools.pairs import Other, Primary, other, primary, row_scores, side
from ganetix.htools.placement import add_primary, add_secondary, with_primary, with_secondary
from ganetix.htools.policy import policy_fault
from ganetix.htools.redundancy import Outlook
from ganetix.htools.score import cluster_score, in_order, statistics
from ganetix.htools.solution import Place, Solution, annotated, best_of, choose, merge

if TYPE_CHECKING:
    import numpy as np

    from ganetix.htools.singles_numpy import SingleScan

# Up to so many pairs, a single search in Python is done before NumPy is imported.
FEW_PAIRS: Final = 40_000
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


class Acceptance:
    """Accepts a place that leaves the cluster redundant."""

    def __init__(self, outlook: Outlook) -> None:
        self.outlook = outlook

    def __call__(self, place: Place) -> bool:
        """Whether the cluster is redundant with the instance at *place*."""
        return self.outlook.allows(place.inst, place.nodes)


def acceptance(options: Options, nodes: Nodes, instances: Instances) -> Accept:
    """Return the test that a place must pass to be taken."""
    if not options.capacity:
        return always
    return Acceptance(Outlook(nodes, instances, options))


class Barred(NamedTuple):
    """A node that cannot be the secondary: why, and why if the reserve does not suffice either."""

    node: Node
    happy: FailMode
    unhappy: FailMode

    def fault(self, primary: int, need: int) -> FailMode:
        """Say why for the node *primary*, for which *need* is kept."""
        reserve = max(self.node.r_mem, self.node.peers.get(primary, 0) + need)
        return self.unhappy if self.node.u_mem <= reserve else self.happy


class Finder:
    """Finds the best place for instances of one size, again and again as the cluster fills."""

    def __init__(self, options: Options, inst: Instance, *, often: bool = False) -> None:
        self._force = options.ignore_soft_errors
        # What its nodes share now says nothing of the nodes that are looked for.
        self._inst = inst._replace(location_score=0) if inst.location_score else inst
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
        sides: dict[int, Other | Barred] = {}
        for idx, others in pairs:
            new = self._as_primary(nodes[idx])
            if isinstance(new, FailMode):
                yield Solution(None, 0, {new: len(others)})
                continue
            for at in others:
                if at not in sides:
                    sides[at] = self._side(nodes[at], count)
            first = primary(base, nodes[idx], self._inst, ordered)
            yield self._row(first, [sides[at] for at in others], accept)

    def _side(self, node: Node, count: float) -> Other | Barred:
        """Return what *node* changes as a secondary, or why it can't be one."""
        inst = self._inst
        happy = add_secondary(node._replace(fail_n1=True), inst, -1)
        if not isinstance(happy, FailMode):
            return other(side(node, inst, count), calm=inst.forthcoming)
        unhappy = add_secondary(node._replace(fail_n1=False, r_mem=node.u_mem), inst, -1)
        if node.fail_n1 or not isinstance(unhappy, FailMode):
            unhappy = happy
        return Barred(node, happy, unhappy)

    def _row(self, first: Primary, sides: Sequence[Other | Barred], accept: Accept) -> Solution:
        """Try one primary with all secondaries; of equals the last is taken."""
        need = self._inst.mem if self._inst.needs_reserve else 0
        failures: dict[FailMode, int] = {}
        good: list[Other] = []
        for one in sides:
            if isinstance(one, Other):
                good.append(one)
            else:
                merge(failures, one.fault(first.node.idx, need))
        found, unhappy = row_scores(first, good, need)
        merge(failures, FailMode.FailMem, unhappy)
        found.reverse()
        found.sort(key=itemgetter(0))
        for dropped, (reached, node) in enumerate(found):
            place = self._placed(first.node, node, reached)
            if accept(place):
                merge(failures, FailMode.FailN1, dropped)
                return Solution(place, len(found) - dropped, failures)
        merge(failures, FailMode.FailN1, len(found))
        return Solution(None, 0, failures)

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
        parts = blocks(limits, pairs)
        counts = failures(limits, [self._inst], parts, force=self._force)[0]
        merged = {fault: counts[fault] for fault in FAULTS if counts[fault]}
        good = 0
        best: tuple[float, Node, Node] | None = None
        for block in parts:
            part = scan.possible(block)
            columns = [limits.nodes[at] for at in part.twos.tolist()]
            for at, scores, fitting in scan.rows(part):
                one = limits.nodes[at]
                dropped, other, reached = self._accepted(one, columns, scores, fitting, accept)
                merge(merged, FailMode.FailN1, dropped)
                good += fitting - dropped
                if other is not None and (
                    best is None or (reached, -one.idx) < (best[0], -best[1].idx)
                ):
                    best = reached, one, other
        if best is None:
            return Solution(None, good, merged)
        reached, one, other = best
        place = self._placed(with_primary(one, self._inst), other, reached)
        return Solution(place, good, merged)

    def _accepted(
        self,
        one: Node,
        columns: list[Node],
        scores: "np.ndarray[Any, Any]",
        good: int,
        accept: Accept,
    ) -> tuple[int, Node | None, float]:
        """Find the best secondary for primary *one* that is accepted; of equals the last.

        Returns how many were not accepted before it, the secondary if there is one, and the score.
        """
        last = len(columns) - 1
        backwards = scores[::-1]
        order: list[int] = [int(backwards.argmin())]
        for dropped in range(good):
            if dropped == 1:
                order = backwards.argsort(kind="stable").tolist()
            at = last - order[dropped]
            other, reached = columns[at], float(scores[at])
            known = None
            if isinstance(accept, Acceptance):
                known = accept.outlook.allows_pair(self._inst, one, other)
            if known is None:
                known = accept(self._placed(with_primary(one, self._inst), other, reached))
            if known:
                return dropped, other, reached
        return good, None, 0.0

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
