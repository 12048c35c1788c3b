"""What the commands show of the planner: plans before they run, and reasons for places."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ganetix.htools.balance import Search, Step, start, steps, unhappy_nodes
from ganetix.htools.evacuate import group_score
from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.finder import Accept, Pairs, Targets, acceptance
from ganetix.htools.model import (
    NO_NODE,
    Cluster,
    Instance,
    Instances,
    Node,
    Nodes,
    split,
)
from ganetix.htools.moves import Move, apply_move, shared_locations
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.pairs import Primary, Side, added, pair_score, primary, side
from ganetix.htools.placement import add_primary, add_secondary
from ganetix.htools.policy import policy_fault
from ganetix.htools.redundancy import redundant
from ganetix.htools.score import Statistics, cluster_score, in_order, optimum, statistics
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


class Outcome(NamedTuple):
    """How a cluster is: its score, whether it survives the loss of any node, who fails N+1."""

    score: float
    redundant: bool
    unhappy: tuple[str, ...]


def outcome(nodes: Nodes, instances: Instances, options: Options) -> Outcome:
    """Say how a cluster is."""
    unhappy = tuple(node.name for node in unhappy_nodes(nodes))
    return Outcome(cluster_score(nodes), redundant(nodes, instances, options), unhappy)


class Plan(NamedTuple):
    """Moves, what they lead to, and how the cluster is before and after them."""

    steps: tuple[Step, ...]
    nodes: Nodes
    instances: Instances
    before: Outcome
    after: Outcome


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
    return Plan(
        tuple(found),
        state.nodes,
        state.instances,
        outcome(nodes, instances, options),
        outcome(state.nodes, state.instances, options),
    )


class Candidate(NamedTuple):
    """One place that was looked at: its nodes, and the score there or what it lacks."""

    nodes: tuple[str, ...]
    score: float | None
    lacks: str | None


Found = tuple[Candidate, Place | None]
ROUNDING: Final = 1e-7
RUNNERS_UP: Final = 3
"""How many places beside the best one are tested whether the cluster survives a loss with them."""


def explain(
    options: Options, nodes: Nodes, instances: Instances, inst: Instance, where: Targets
) -> list[Candidate]:
    """Say of each place what its score would be or what it lacks, the best first.

    What the allocator takes is the first that has a score; the others are the runners-up.
    """
    if where.singles is not None:
        found = [_single(options, nodes, inst, idx) for idx in where.singles]
    else:
        found = list(_pairs(options, nodes, inst, where.pairs or []))
    return _ranked(found, acceptance(options, nodes, instances))


def _ranked(found: list[Found], accept: Accept) -> list[Candidate]:
    """Sort; of equal scores the last found comes first, as the allocator takes it.

    The test of what the loss of a node would mean costs much, so only the best places have it.
    """
    good = [one for one in reversed(found) if one[1] is not None]
    bad = [one for one, place in found if place is None]
    accepted: list[Candidate] = []
    dropped: list[Candidate] = []
    for one, place in sorted(good, key=lambda pair: pair[0].score or 0.0):
        if place is None or len(accepted) > RUNNERS_UP or accept(place):
            accepted.append(one)
        else:
            dropped.append(Candidate(one.nodes, None, RESOURCES[FailMode.FailN1]))
    return [*accepted, *dropped, *bad]


def _single(options: Options, nodes: Nodes, inst: Instance, idx: int) -> Found:
    node = nodes[idx]
    fault = policy_fault(inst, node.spec.policy, exclusive=node.spec.exclusive)
    new = add_primary(node, inst, force=options.ignore_soft_errors) if fault is None else fault
    if isinstance(new, FailMode):
        return Candidate((node.name,), None, RESOURCES[new]), None
    reached = cluster_score({**nodes, idx: new})
    placed = inst._replace(primary=idx, secondary=NO_NODE)
    return Candidate((node.name,), reached, None), Place(placed, (new,), reached)


def _pairs(options: Options, nodes: Nodes, inst: Instance, pairs: Pairs) -> Iterator[Found]:
    ordered = in_order(nodes)
    base = statistics(ordered)
    count = float(sum(not node.offline for node in ordered))
    sides = {
        idx: side(nodes[idx], inst, count) for idx in {two for _one, twos in pairs for two in twos}
    }
    for one, twos in pairs:
        spec = nodes[one].spec
        fault = policy_fault(inst, spec.policy, exclusive=spec.exclusive)
        new = add_primary(nodes[one], inst, force=options.ignore_soft_errors)
        lacks = fault if fault is not None else new
        if isinstance(lacks, FailMode):
            told = RESOURCES[lacks] + ("" if fault is not None else f" on {spec.name}")
            yield from ((Candidate((spec.name, nodes[two].name), None, told), None) for two in twos)
            continue
        first = primary(base, nodes[one], inst, ordered)
        for two in twos:
            yield _pair(nodes, inst, first, sides[two])


def _pair(nodes: Nodes, inst: Instance, first: Primary, second: Side) -> Found:
    one, two = nodes[first.node.idx], nodes[second.node.idx]
    names = (one.name, two.name)
    mirror = add_secondary(two, inst, one.idx)
    if isinstance(mirror, FailMode):
        return Candidate(names, None, f"{RESOURCES[mirror]} on {two.name}"), None
    shared = shared_locations(one, two)
    reached = pair_score(first, second, inst.mem if inst.needs_reserve else 0, shared)
    placed = inst._replace(primary=one.idx, secondary=two.idx, location_score=shared)
    return Candidate(names, reached, None), Place(placed, (first.node, mirror), reached)


def explain_around(
    options: Options, nodes: Nodes, inst: Instance, chosen: Sequence[int], usable: Sequence[int]
) -> list[Candidate]:
    """Say of each place that differs from *chosen* by one node what its score would be.

    That is done for all nodes in the time that one place takes `explain`; the scores may differ
    from the exact ones in the last digits. A place with a lower score than the chosen one was
    refused by the test of what the loss of a node would mean.
    """
    ordered = in_order(nodes)
    base = statistics(ordered)
    others = [idx for idx in usable if idx not in chosen]
    firsts = {idx: _first(options, nodes[idx], inst, base, ordered) for idx in (*chosen, *others)}
    if len(chosen) == 1:
        found = [_alone(nodes[idx], firsts[idx]) for idx in (*chosen, *others)]
        return _with_rejected(found)
    one, two = chosen
    group = nodes[one].spec.group
    count = float(sum(not node.offline for node in ordered))
    near = [idx for idx in others if nodes[idx].spec.group == group]
    places = [(one, two), (two, one), *((one, idx) for idx in near), *((idx, two) for idx in near)]
    sides = {idx: side(nodes[idx], inst, count) for idx in (*chosen, *near)}
    pairs = []
    for left, right in places:
        first = firsts[left]
        if isinstance(first, Primary):
            pairs.append(_pair(nodes, inst, first, sides[right])[0])
        else:
            told = f"{RESOURCES[first]} on {nodes[left].name}"
            pairs.append(Candidate((nodes[left].name, nodes[right].name), None, told))
    return _with_rejected(pairs)


def _first(
    options: Options, node: Node, inst: Instance, base: Statistics, ordered: Sequence[Node]
) -> Primary | FailMode:
    fault = policy_fault(inst, node.spec.policy, exclusive=node.spec.exclusive)
    new = add_primary(node, inst, force=options.ignore_soft_errors) if fault is None else fault
    return new if isinstance(new, FailMode) else primary(base, node, inst, ordered)


def _alone(node: Node, first: Primary | FailMode) -> Candidate:
    if isinstance(first, FailMode):
        return Candidate((node.name,), None, RESOURCES[first])
    return Candidate((node.name,), added(first.terms), None)


def _with_rejected(found: Sequence[Candidate]) -> list[Candidate]:
    """Sort, the chosen place (which comes first) in front; what seems better was rejected."""
    chosen, *others = found
    best = (chosen.score or 0.0) - ROUNDING
    good = [one for one in others if one.score is not None and one.score >= best]
    lost = [one for one in others if one.score is not None and one.score < best]
    rejected = [one._replace(score=None, lacks=RESOURCES[FailMode.FailN1]) for one in lost]
    bad = [one for one in others if one.score is None]
    return [chosen, *sorted(good, key=_score), *rejected, *bad]


def explain_moves(
    options: Options,
    nodes: Nodes,
    inst: Instance,
    kind: str,
    targets: Sequence[int],
) -> list[Candidate]:
    """Say of each of *targets* what a move of *kind* there would lead to, the best first.

    The scores are those of the group of *targets*, by which an evacuation chooses.
    """
    group = nodes[targets[0]].spec.group if targets else NO_NODE
    found: list[Candidate] = []
    for idx in targets:
        applied = apply_move(nodes, inst, Move(kind, idx), force=options.ignore_soft_errors)
        if isinstance(applied, FailMode):
            found.append(Candidate((nodes[idx].name,), None, RESOURCES[applied]))
            continue
        reached = group_score({**nodes, **applied.changed}, group)
        found.append(Candidate((nodes[idx].name,), reached, None))
    good = sorted((one for one in reversed(found) if one.lacks is None), key=_score)
    return [*good, *(one for one in found if one.lacks is not None)]


def _score(one: Candidate) -> float:
    return one.score or 0.0
