"""The scores of one new mirrored instance on all pairs of nodes.

Note. The statistics of the cluster are updated twice, for the node that becomes primary and for
the one that becomes secondary, by the expressions of `update`. They are evaluated in the same order
here for one pair after the other, and in `pairs_numpy` for all at once, so that the results agree
in the last bit. A secondary changes eight of the twenty components; the others are settled with the
primary.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final, NamedTuple

from ganetix.htools.model import Instance, Node
from ganetix.htools.placement import with_primary, with_secondary
from ganetix.htools.score import COMPONENTS, WEIGHTS, Statistics, doubled_pairs, node_values

# The components that a new secondary changes, and those of them that are deviations.
N1: Final = 2
RESERVED: Final = 3
LOCATION: Final = 17
PAIRS: Final = 18
TOTAL: Final = 19
CHANGED: Final = (1, 3, 9, 12, 14, 16)
DEVIATIONS: Final = tuple(at for at, (_name, _w, kind) in enumerate(COMPONENTS) if kind == "dev")
SUMS: Final = tuple(at for at, (_name, _w, kind) in enumerate(COMPONENTS) if kind == "sum")
Deviation = tuple[float, float, float]


def update(entry: Deviation, old: float, new: float) -> Deviation:
    """Replace one value of a deviation (count, sum, variance)."""
    count, total, variance = entry
    change = new - old
    squares = new * new - old * old
    spread = (count * squares - 2 * total * change) - change * change
    return count, total + change, max(0.0, variance + spread / (count * count))


def added(terms: Sequence[float]) -> float:
    """Add *terms* one after the other."""
    total = 0.0
    for term in terms:
        total += term
    return total


class Primary(NamedTuple):
    """The statistics with the instance's primary in place."""

    node: Node
    terms: tuple[float, ...]  # the weighted components
    sums: tuple[float, float]  # N+1 failures and reserved memory, before the secondary comes
    deviations: tuple[Deviation, ...]  # of CHANGED


class Side(NamedTuple):
    """What a node changes with the instance as its secondary.

    *steps* has (count times the change of squares, change, its square) for each of `CHANGED`, but
    for the reserve, which depends on the primary.
    """

    node: Node
    old: tuple[float, ...]
    steps: tuple[tuple[float, float, float], ...]
    members: float


def primary(base: Statistics, old: Node, inst: Instance, nodes: Sequence[Node]) -> Primary:
    """Put *inst* on *old* as primary and update the statistics."""
    node = with_primary(old, inst)
    # Offline nodes are not part of the statistics, so they cannot change them.
    before = node_values(old)
    after = before if old.offline else node_values(node)
    values = list(base.values)
    deviations = {}
    for at in DEVIATIONS:
        entry = base.deviations[at]
        if entry is not None:
            deviations[at] = update(entry, before[at], after[at])
            values[at] = sqrt(deviations[at][2])
    for at in SUMS:
        values[at] = values[at] + after[at] - before[at]
    if node.pairs:
        others = [other for other in nodes if other.idx != old.idx and not other.offline]
        values[PAIRS] = doubled_pairs([*others, node])
    terms = tuple(value * weight for value, weight in zip(values, WEIGHTS, strict=True))
    return Primary(
        node, terms, (values[N1], values[TOTAL]), tuple(deviations[at] for at in CHANGED)
    )


def side(node: Node, inst: Instance, count: float) -> Side:
    """Put *inst* on *node* as a secondary; *count* nodes are online."""
    other = inst._replace(auto_balance=False)
    old, new = node_values(node), node_values(with_secondary(node, other, -1))
    steps = tuple(_step(count, old[at], new[at]) for at in CHANGED)
    return Side(node, old, steps, float(len(node.primaries) + len(node.secondaries) + 1))


def _step(count: float, old: float, new: float) -> tuple[float, float, float]:
    change = new - old
    return count * (new * new - old * old), change, change * change


def pair_score(first: Primary, second: Side, need: int, shared: int) -> float:
    """Return the score with an instance on *first* as primary and on *second* as secondary.

    *need* is the memory that the secondary keeps for it, *shared* the number of location tags that
    the two nodes share.
    """
    node, old, steps, members = second
    spec = node.spec
    if spec.offline:
        return added(first.terms)
    reserve = max(node.r_mem, node.peers.get(first.node.spec.idx, 0) + need)
    share = reserve / spec.t_mem if spec.t_mem else float("nan")
    terms = list(first.terms)
    for at, entry, step in zip(CHANGED, first.deviations, steps, strict=True):
        count, total, variance = entry
        squares, change, own = step if at != RESERVED else _step(count, old[at], share)
        if change:
            spread = (squares - 2 * total * change) - own
            terms[at] = sqrt(max(0.0, variance + spread / (count * count))) * WEIGHTS[at]
    failing = members if spec.pool_mem - node.i_mem <= reserve else 0.0
    terms[N1] = (first.sums[0] + failing - old[N1]) * WEIGHTS[N1]
    terms[TOTAL] = (first.sums[1] + share - old[TOTAL]) * WEIGHTS[TOTAL]
    if shared:
        terms[LOCATION] += shared * WEIGHTS[LOCATION]
    return added(terms)
