"""Balancing: one best move after the other until nothing lowers the score enough."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from ganetix.htools.faults import FailMode
from ganetix.htools.model import DRBD, MIRROR_EXTERNAL, Instance, Instances, Node, Nodes
from ganetix.htools.moves import (
    FAILOVER,
    FAILOVER_AND_REPLACE,
    FAILOVER_TO_ANY,
    REPLACE_AND_FAILOVER,
    REPLACE_PRIMARY,
    REPLACE_SECONDARY,
    Applied,
    Move,
    apply_move,
)
from ganetix.htools.options import Options
from ganetix.htools.score import Scorer, cluster_score

# Candidates this close to the best are compared exactly. A search's approximate scores are good to
# about fourteen digits.
CLOSE: Final = 1e-9
# What rounding may add to a search's bound; the root of a variance near zero has few digits.
ROUNDING: Final = 1e-7


class Step(NamedTuple):
    """One move of a plan: the instance before and after it, and the score that it leads to."""

    before: Instance
    after: Instance
    move: Move
    score: float


class Candidate(NamedTuple):
    """A move that a search proposes."""

    instance: int
    move: Move


class State(NamedTuple):
    """Where a plan stands."""

    nodes: Nodes
    instances: Instances
    score: float


Search = Callable[[Nodes, Instances, list[Instance], Options], list[Candidate]]


def victims(nodes: Nodes, instances: Instances, options: Options) -> list[Instance]:
    """Return the instances that may be moved, in order."""
    movable = [inst for _i, inst in sorted(instances.items()) if inst.movable and inst.auto_balance]
    if not options.evac_mode:
        return movable
    offline = {idx for idx, node in nodes.items() if node.spec.offline}
    return [inst for inst in movable if not offline.isdisjoint(inst.nodes)]


def _disk_kinds(inst: Instance, nodes: Nodes, options: Options) -> tuple[str, ...]:
    """Return the kinds of moves of a mirrored instance to one new node, in order."""
    if not options.instance_moves:
        return (REPLACE_SECONDARY,)
    restricted = options.restricted_migration
    if restricted and not nodes[inst.primary].spec.offline:
        return (REPLACE_SECONDARY,)
    if nodes[inst.secondary].spec.offline:
        return (REPLACE_SECONDARY, REPLACE_AND_FAILOVER)
    if restricted:
        return (REPLACE_SECONDARY, REPLACE_AND_FAILOVER, FAILOVER_AND_REPLACE)
    return (REPLACE_SECONDARY, REPLACE_AND_FAILOVER, REPLACE_PRIMARY, FAILOVER_AND_REPLACE)


def move_kinds(inst: Instance, nodes: Nodes, options: Options) -> tuple[bool, tuple[str, ...]]:
    """Return whether *inst* may fail over, and the kinds of moves to any one other node."""
    if inst.template == DRBD:
        online = not nodes[inst.secondary].spec.offline
        swap = online and options.instance_moves
        return swap, _disk_kinds(inst, nodes, options) if options.disk_moves else ()
    if inst.template in MIRROR_EXTERNAL and options.instance_moves:
        return False, (FAILOVER_TO_ANY,)
    return False, ()


def possible_moves(inst: Instance, nodes: Nodes, options: Options) -> Iterator[Move]:
    """Yield every move that *options* allow for *inst*, in the order in which they are tried."""
    swap, kinds = move_kinds(inst, nodes, options)
    if swap:
        yield Move(FAILOVER)
    taken = (inst.primary, inst.secondary)
    for idx in sorted(nodes):
        if idx not in taken and not nodes[idx].spec.offline:
            for kind in kinds:
                yield Move(kind, idx)


def search_all(
    nodes: Nodes, _instances: Instances, movable: list[Instance], options: Options
) -> list[Candidate]:
    """Propose every move; what the vectorised search must never miss (and what tests compare)."""
    return [
        Candidate(inst.idx, move)
        for inst in movable
        for move in possible_moves(inst, nodes, options)
    ]


def best_step(
    state: State, options: Options, search: Search, scorer: Scorer
) -> tuple[State, Step] | None:
    """Return the best next move that lowers the score, the first of equals, if there is one."""
    movable = victims(state.nodes, state.instances, options)
    best: tuple[float, Candidate, Applied] | None = None
    limit = state.score
    for candidate in search(state.nodes, state.instances, movable, options):
        inst = state.instances[candidate.instance]
        applied = apply_move(state.nodes, inst, candidate.move, force=options.ignore_soft_errors)
        if isinstance(applied, FailMode):
            continue
        reached = scorer.score({**state.nodes, **applied.changed})
        if reached < limit:
            best, limit = (reached, candidate, applied), reached
    if best is None:
        return None
    reached, candidate, applied = best
    if state.score <= options.min_gain_limit and state.score - reached < options.min_gain:
        return None
    before = state.instances[candidate.instance]
    after = State(
        {**state.nodes, **applied.changed},
        {**state.instances, before.idx: applied.inst},
        reached,
    )
    return after, Step(before, applied.inst, candidate.move, reached)


def steps(
    state: State, options: Options, search: Search, *, rounds: int = -1, until: float = 0.0
) -> Iterator[tuple[State, Step]]:
    """Yield the state after each move: at most *rounds* moves, down to a score of *until*."""
    scorer = Scorer()
    while rounds != 0 and state.score > until:
        found = best_step(state, options, search, scorer)
        if found is None:
            return
        yield found
        state = found[0]
        rounds -= 1


def start(nodes: Nodes, instances: Instances) -> State:
    """Return the state from which a plan starts."""
    return State(nodes, instances, cluster_score(nodes))


def unhappy_nodes(nodes: Nodes) -> list[Node]:
    """Return the online nodes that could not take over what they are secondary for."""
    return [
        nodes[idx] for idx in sorted(nodes) if nodes[idx].fail_n1 and not nodes[idx].spec.offline
    ]
