"""Finding a place for a new instance: on one node, on a pair, in the best group."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.model import ALLOC_POLICIES, Cluster, Group, Instance, Instances, Node, Nodes
from ganetix.htools.moves import shared_locations
from ganetix.htools.options import Options
from ganetix.htools.pairs import Side, pair_score, primary, side
from ganetix.htools.placement import add_primary, add_secondary
from ganetix.htools.policy import policy_fault
from ganetix.htools.redundancy import Outlook
from ganetix.htools.score import cluster_score, in_order, statistics
from ganetix.htools.solution import (
    Place,
    Solution,
    annotated,
    best_of,
    choose,
    group_log,
    merge,
    settle,
)

Pairs = list[tuple[int, list[int]]]


class Targets(NamedTuple):
    """Where an instance may go: single nodes, or pairs grouped by primary."""

    singles: list[int] | None
    pairs: Pairs | None


def targets(
    options: Options, nodes: Iterable[Node], count: int, groups: dict[int, Group] | None = None
) -> Targets:
    """Return the places for an instance that needs *count* nodes.

    With *groups*, only in groups that take new instances. Raises `PlanError` for other counts.
    """
    usable = [
        node
        for node in nodes
        if not node.spec.offline
        and (options.restrict_to_nodes is None or node.name in options.restrict_to_nodes)
        and (groups is None or groups[node.spec.group].allocable)
    ]
    if count == 1:
        return Targets([node.idx for node in usable], None)
    if count != 2:
        raise PlanError(f"an instance needs one or two nodes, {count} cannot be allocated")
    found = []
    for one in usable:
        others = [
            two.idx for two in usable if two.idx != one.idx and two.spec.group == one.spec.group
        ]
        if others:
            found.append((one.idx, others))
    return Targets(None, found)


def _always(_place: Place) -> bool:
    return True


def _acceptance(options: Options, nodes: Nodes, instances: Instances) -> Callable[[Place], bool]:
    """Return the test that a place must pass to be taken."""
    if not options.capacity:
        return _always
    outlook = Outlook(nodes, instances, options)
    return lambda place: outlook.allows(place.inst, place.nodes)


def _on_singles(
    options: Options, nodes: Nodes, inst: Instance, singles: Sequence[int]
) -> tuple[list[Place], dict[FailMode, int]]:
    """Try each single node."""
    places: list[Place] = []
    failures: dict[FailMode, int] = {}
    for idx in singles:
        node = nodes[idx]
        fault = policy_fault(inst, node.spec.policy, exclusive=node.spec.exclusive)
        new = (
            fault
            if fault is not None
            else add_primary(node, inst, force=options.ignore_soft_errors)
        )
        if isinstance(new, FailMode):
            merge(failures, new)
            continue
        reached = cluster_score({**nodes, idx: new})
        places.append(Place(inst._replace(primary=idx, secondary=-1), (new,), reached))
    return places, failures


class _PairSearch:
    """The places of one new instance on pairs of nodes."""

    def __init__(self, options: Options, nodes: Nodes, inst: Instance) -> None:
        self._force = options.ignore_soft_errors
        self._nodes = nodes
        self._inst = inst
        self._ordered = in_order(nodes)
        self._base = statistics(self._ordered)
        self._sides: dict[int, Side] = {}

    def _fault(self, node: Node) -> FailMode | None:
        """Say why *node* cannot be primary, whatever the secondary."""
        fault = policy_fault(self._inst, node.spec.policy, exclusive=node.spec.exclusive)
        if fault is not None:
            return fault
        new = add_primary(node, self._inst, force=self._force)
        return new if isinstance(new, FailMode) else None

    def on(self, idx: int, others: Sequence[int]) -> tuple[list[Place], dict[FailMode, int]]:
        """Try node *idx* as primary with each of *others* as secondary."""
        node, inst = self._nodes[idx], self._inst
        failures: dict[FailMode, int] = {}
        fault = self._fault(node)
        if fault is not None:
            merge(failures, fault, len(others))
            return [], failures
        first = primary(self._base, node, inst, self._ordered)
        places = []
        for other in others:
            target = self._nodes[other]
            added = add_secondary(target, inst, idx)
            if isinstance(added, FailMode):
                merge(failures, added)
                continue
            if other not in self._sides:
                self._sides[other] = side(target, inst)
            shared = shared_locations(node, target)
            reached = pair_score(first, self._sides[other], inst, shared)
            placed = inst._replace(primary=idx, secondary=other, location_score=shared)
            new = first.node._replace(location_score=first.node.location_score + shared)
            places.append(Place(placed, (new, added), reached))
        return places, failures


def try_alloc(
    options: Options, nodes: Nodes, instances: Instances, inst: Instance, where: Targets
) -> Solution:
    """Find the best place for *inst*; raises `PlanError` when there is no node to try."""
    accept = _acceptance(options, nodes, instances)
    if where.singles is not None:
        if not where.singles:
            raise PlanError("No online nodes")
        places, failures = _on_singles(options, nodes, inst, where.singles)
        return annotated(choose(places, failures, accept))
    if not where.pairs:
        raise PlanError("Not enough online nodes")
    looking = _PairSearch(options, nodes, inst)
    parts = []
    for idx, others in where.pairs:
        places, failures = looking.on(idx, others)
        parts.append(choose(places, failures, accept))
    return annotated(best_of(parts))


class Wanted(NamedTuple):
    """A new instance and what it asks for."""

    inst: Instance
    needed: int
    group: str | None = None


def has_networks(group: Group, inst: Instance) -> bool:
    """Whether *group* is connected to all networks of *inst*."""
    return all(network is None or network in group.networks for network in inst.networks)


def in_group(options: Options, cluster: Cluster, group: Group, wanted: Wanted) -> Solution:
    """Find the best place in one group; raises `PlanError` when the group cannot take it."""
    if not has_networks(group, wanted.inst):
        raise PlanError(
            f"The group {group.name} is not connected to a network required by instance"
            f" {wanted.inst.name}"
        )
    nodes = {i: node for i, node in cluster.nodes.items() if node.spec.group == group.idx}
    instances = {i: x for i, x in cluster.instances.items() if x.primary in nodes}
    where = targets(options, in_order(nodes), wanted.needed)
    found = try_alloc(options, nodes, instances, wanted.inst, where)
    return found._replace(log=tuple(group_log(group, found)))


def _groups_of(cluster: Cluster, allowed: Iterable[int] | None) -> list[Group]:
    present = sorted({node.spec.group for node in cluster.nodes.values()})
    chosen = None if allowed is None else set(allowed)
    return [cluster.groups[idx] for idx in present if chosen is None or idx in chosen]


Attempt = Callable[[Options, Cluster, Group, Wanted], Solution]


def try_group(options: Options, cluster: Cluster, group: Group, wanted: Wanted) -> Solution:
    """Find the best place in *group* for the score of the whole cluster; raises `PlanError`."""
    members = [node for node in in_order(cluster.nodes) if node.spec.group == group.idx]
    where = targets(options, members, wanted.needed)
    return try_alloc(options, cluster.nodes, cluster.instances, wanted.inst, where)


def best_of_groups(
    options: Options, cluster: Cluster, groups: Iterable[Group], wanted: Wanted, attempt: Attempt
) -> tuple[Group, Solution] | list[str]:
    """Take the best of *groups*: by allocation policy, then by metric; of equals the last.

    Returns the messages of all groups when none takes the instance.
    """
    log: list[str] = []
    found: list[tuple[Group, Solution]] = []
    for group in groups:
        try:
            part = attempt(options, cluster, group, wanted)
        except PlanError as err:
            log += group_log(group, str(err))
            continue
        log += group_log(group, part)
        if part.place is not None and group.allocable:
            found.append((group, part))
    if not found:
        return log
    group, part = min(found[::-1], key=_rank)
    return group, part._replace(log=tuple(log))


def best_group(
    options: Options, cluster: Cluster, wanted: Wanted, allowed: Iterable[int] | None = None
) -> tuple[Group, Solution]:
    """Find the best group for *wanted*; raises `PlanError` when no group takes it."""
    groups = _groups_of(cluster, allowed)
    if not groups:
        raise PlanError("there is no group that the instance could go to")
    log = [
        f"group {group.name} is not connected to a network required by instance {wanted.inst.name}"
        for group in groups
        if not has_networks(group, wanted.inst)
    ]
    fitting = [group for group in groups if has_networks(group, wanted.inst)]
    found = best_of_groups(options, cluster, fitting, wanted, try_group)
    if isinstance(found, list):
        raise PlanError(", ".join(log + found))
    group, part = found
    return group, part._replace(log=(*log, *part.log))


def _rank(found: tuple[Group, Solution]) -> tuple[int, object]:
    group, part = found
    metric = part.place.metric if part.place is not None else None
    return ALLOC_POLICIES.index(group.alloc_policy), metric


def find_group(cluster: Cluster, name: str) -> Group:
    """Return the group called *name*; raises `PlanError`."""
    for group in cluster.groups.values():
        if group.name == name:
            return group
    raise PlanError(f"Cannot find group {name!r}")


def allocate(options: Options, cluster: Cluster, wanted: Wanted) -> Solution:
    """Find the best place in the whole cluster, or in the group that is asked for."""
    if wanted.group is not None:
        return in_group(options, cluster, find_group(cluster, wanted.group), wanted)
    group, found = best_group(options, cluster, wanted)
    return found._replace(log=(f"Selected group: {group.name}", *found.log))


Placer = Callable[[Options, Cluster, Wanted], Solution]


def allocate_all(
    options: Options, cluster: Cluster, wanted: Iterable[Wanted], place: Placer
) -> tuple[Cluster, list[tuple[Instance, Solution]]]:
    """Place instances one after the other; raises `PlanError` when one cannot be tried at all."""
    results = []
    for one in wanted:
        found = place(options, cluster, one)
        results.append((one.inst, found))
        if found.place is not None:
            nodes, instances = settle(cluster.nodes, cluster.instances, found.place)
            cluster = cluster._replace(nodes=nodes, instances=instances)
    return cluster, results
