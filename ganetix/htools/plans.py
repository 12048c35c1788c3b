"""What the commands show of the planner: plans before they run, capacity, reasons for places."""

from typing import NamedTuple

from ganetix.htools import capacity
from ganetix.htools.balance import Search, Step, start, steps, unhappy_nodes
from ganetix.htools.capacity import Filled, Filler, Size
from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.finder import Accept, Targets, acceptance, targets
from ganetix.htools.model import Cluster, Instance, Instances, Nodes, required_nodes, split
from ganetix.htools.moves import shared_locations
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.pairs import pair_score, primary, side
from ganetix.htools.placement import add_primary, add_secondary
from ganetix.htools.policy import policy_fault
from ganetix.htools.redundancy import redundant
from ganetix.htools.score import cluster_score, in_order, optimum, statistics
from ganetix.htools.solution import Place

RESOURCES = {
    FailMode.FailMem: "memory",
    FailMode.FailDisk: "disk",
    FailMode.FailCPU: "virtual CPUs",
    FailMode.FailN1: "memory to survive the loss of a node",
    FailMode.FailTags: "nodes without the same exclusion tag",
    FailMode.FailMig: "nodes that the migration tags allow",
    FailMode.FailDiskCount: "disks that the policy allows",
    FailMode.FailSpindles: "spindles",
    FailMode.FailInternal: "sizes that the policy allows",
}


class Plan(NamedTuple):
    """Moves, what they lead to, and whether the cluster survives the loss of any node."""

    steps: tuple[Step, ...]
    nodes: Nodes
    instances: Instances
    before: float
    after: float
    redundant_before: bool
    redundant_after: bool
    unhappy_before: tuple[str, ...]
    unhappy_after: tuple[str, ...]


def compare(
    options: Options, old: tuple[Nodes, Instances], new: tuple[Nodes, Instances], found: list[Step]
) -> Plan:
    """Say what is different after the moves *found*."""
    return Plan(
        tuple(found),
        new[0],
        new[1],
        cluster_score(old[0]),
        cluster_score(new[0]),
        redundant(old[0], old[1], options),
        redundant(new[0], new[1], options),
        tuple(node.name for node in unhappy_nodes(old[0])),
        tuple(node.name for node in unhappy_nodes(new[0])),
    )


def balance_plan(
    cluster: Cluster,
    group: int,
    search: Search,
    options: Options = DEFAULT_OPTIONS,
    *,
    rounds: int = -1,
    min_score: float = 1e-9,
) -> Plan:
    """Plan the balancing of one group; *search* is `ganetix.htools.search.search`.

    Raises `PlanError` when the group has no nodes.
    """
    parts = split(cluster.nodes, cluster.instances)
    if group not in parts:
        raise PlanError(f"Node group {cluster.groups[group].name} has no nodes")
    nodes, instances = parts[group]
    state = start(nodes, instances)
    found = []
    until = optimum(nodes) + min_score
    for after, step in steps(state, options, search, rounds=rounds, until=until):
        state = after
        found.append(step)
    return compare(options, (nodes, instances), (state.nodes, state.instances), found)


class Capacity(NamedTuple):
    """How many instances fit: of one size, and by size when they shrink; what runs out first."""

    standard: int
    tiered: tuple[tuple[Size, int], ...]
    limit: str | None
    score: float


def _limit(filled: Filled) -> str | None:
    """Name the resource that keeps most places from taking one instance more."""
    if not filled.failures:
        return None
    fault = max(filled.failures, key=lambda one: (filled.failures[one], -int(one)))
    return RESOURCES[fault]


def room(
    cluster: Cluster,
    size: Size,
    first: Size,
    template: str,
    options: Options = DEFAULT_OPTIONS,
    *,
    most: int | None = None,
) -> Capacity:
    """Count instances of *size* that fit, and of *first* and smaller sizes.

    *most* stops each count there.
    """
    where: Targets = targets(
        options, in_order(cluster.nodes), required_nodes(template), cluster.groups
    )
    filler = Filler(options, where)
    use = cluster.policy.std.spindle_use
    empty = Filled(cluster.nodes, cluster.instances, (), {})
    standard = filler.fill(empty, capacity.new_instance(size, template, use), most)
    tiered = filler.fill_tiered(empty, capacity.new_instance(first, template, use), most)
    sizes: dict[Size, int] = {}
    for inst in tiered.new:
        sizes[capacity.size_of(inst)] = sizes.get(capacity.size_of(inst), 0) + 1
    score = cluster_score(standard.nodes)
    return Capacity(len(standard.new), tuple(sizes.items()), _limit(standard), score)


class Candidate(NamedTuple):
    """One place that was looked at: its nodes, and the score there or what it lacks."""

    nodes: tuple[str, ...]
    score: float | None
    lacks: str | None


def explain(
    options: Options, nodes: Nodes, instances: Instances, inst: Instance, where: Targets
) -> list[Candidate]:
    """Say of each place what its score would be or what it lacks, the best first.

    What the allocator takes is the first that has a score; the others are the runners-up.
    """
    accept = acceptance(options, nodes, instances)
    if where.singles is not None:
        found = [_single(options, nodes, inst, idx, accept) for idx in where.singles]
    else:
        pairs = [(one, two) for one, others in where.pairs or () for two in others]
        found = [_pair(options, nodes, inst, one, two, accept) for one, two in pairs]
    backwards = list(reversed(found))
    return sorted(backwards, key=lambda one: (one.score is None, one.score or 0.0))


def _judged(place: Place, accept: Accept) -> Candidate:
    names = tuple(node.name for node in place.nodes)
    good = accept(place)
    metric = place.metric
    reached = metric if isinstance(metric, float) and good else None
    return Candidate(names, reached, None if good else RESOURCES[FailMode.FailN1])


def _single(options: Options, nodes: Nodes, inst: Instance, idx: int, accept: Accept) -> Candidate:
    node = nodes[idx]
    fault = policy_fault(inst, node.spec.policy, exclusive=node.spec.exclusive)
    new = add_primary(node, inst, force=options.ignore_soft_errors) if fault is None else fault
    if isinstance(new, FailMode):
        return Candidate((node.name,), None, RESOURCES[new])
    reached = cluster_score({**nodes, idx: new})
    placed = inst._replace(primary=idx, secondary=-1)
    return _judged(Place(placed, (new,), reached), accept)


def _pair(
    options: Options, nodes: Nodes, inst: Instance, one: int, two: int, accept: Accept
) -> Candidate:
    names = (nodes[one].name, nodes[two].name)
    spec = nodes[one].spec
    fault = policy_fault(inst, spec.policy, exclusive=spec.exclusive)
    new = add_primary(nodes[one], inst, force=options.ignore_soft_errors)
    mirror = add_secondary(nodes[two], inst, one)
    if fault is not None:
        return Candidate(names, None, RESOURCES[fault])
    if isinstance(new, FailMode):
        return Candidate(names, None, f"{RESOURCES[new]} on {names[0]}")
    if isinstance(mirror, FailMode):
        return Candidate(names, None, f"{RESOURCES[mirror]} on {names[1]}")
    ordered = in_order(nodes)
    first = primary(statistics(ordered), nodes[one], inst, ordered)
    shared = shared_locations(nodes[one], nodes[two])
    count = float(sum(not node.offline for node in ordered))
    need = inst.mem if inst.needs_reserve else 0
    reached = pair_score(first, side(nodes[two], inst, count), need, shared)
    placed = inst._replace(primary=one, secondary=two, location_score=shared)
    return _judged(Place(placed, (new, mirror), reached), accept)
