"""The scores of one new mirrored instance on all pairs of nodes.

Note. The statistics of the cluster are updated twice, for the node that becomes primary and for
the one that becomes secondary, by the expressions of `update`. They are evaluated in the same order
here for one pair after the other, and in `pairs_numpy` for all at once, so that the results agree
in the last bit. A secondary changes eight of the twenty components; the others are settled with the
primary.
"""

from collections.abc import Mapping, Sequence
from math import nan, sqrt
from typing import Final, NamedTuple

from ganetix.htools.model import Instance, Node
from ganetix.htools.placement import with_primary, with_secondary
from ganetix.htools.score import COMPONENTS, WEIGHTS, Statistics, doubled_pairs, node_values

# The components that a new secondary changes, and those of them that are deviations.
N1: Final = 2
RESERVED: Final = 3
OFFLINE_ALL: Final = 4
OFFLINE_PRIMARY: Final = 5
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
    before = node_values(old)
    values = list(base.values)
    after = node_values(node)
    if old.offline:  # it is in nothing but the counts of what is on offline nodes
        for at in (OFFLINE_ALL, OFFLINE_PRIMARY):
            values[at] += after[at] - before[at]
        after = before
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


def one_more_offline(terms: Sequence[float]) -> list[float]:
    """Return the weighted components with a secondary more on an offline node."""
    found = list(terms)
    found[OFFLINE_ALL] += WEIGHTS[OFFLINE_ALL]
    return found


def pair_score(first: Primary, second: Side, need: int, shared: int) -> float:
    """Return the score with an instance on *first* as primary and on *second* as secondary.

    *need* is the memory that the secondary keeps for it, *shared* the number of location tags that
    the two nodes share.
    """
    node, old, steps, members = second
    spec = node.spec
    if spec.offline:
        return added(one_more_offline(first.terms))
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


class Other(NamedTuple):
    """A secondary laid out for `row_scores`, which is where a search spends its time."""

    idx: int
    node: Node
    offline: bool
    calm: bool  # whether the reserve is not looked at
    u_mem: int
    r_mem: int
    peers: Mapping[int, int]
    t_mem: float
    reserved: float
    failing: float
    before: float
    members: float
    steps: tuple[tuple[float, float, float], ...]
    twins: tuple[bool, bool]  # whether disk and spindles are the same with forthcoming instances


def other(known: Side, *, calm: bool) -> Other:
    """Lay out *known*."""
    node, old, steps, members = known
    return Other(
        node.idx, node, node.offline, calm or node.fail_n1, node.u_mem, node.r_mem, node.peers,
        node.spec.t_mem, old[RESERVED], old[N1], old[TOTAL], members, steps,
        (steps[0] == steps[4], steps[3] == steps[5]),
    )  # fmt: skip


def _deviation(entry: Deviation, step: tuple[float, float, float], at: int, as_is: float) -> float:
    """Return a weighted deviation after *step*."""
    squares, change, own = step
    if not change:
        return as_is
    count, total, variance = entry
    spread = variance + ((squares - 2 * total * change) - own) / (count * count)
    return sqrt(spread) * WEIGHTS[at] if spread > 0.0 else 0.0


def row_scores(
    first: Primary, others: Sequence[Other], need: int
) -> tuple[list[tuple[float, Node]], int]:
    """Score *first* with each of *others*; also count those that fail N+1 then.

    The same expressions as `pair_score`, in the same order, written out for speed; what does not
    differ from one secondary to the next is read once.
    """
    own = first.node.spec.idx
    places = first.node.spec.locations
    t0, t1, _n1, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15, t16, t17, t18, _total = (
        first.terms
    )
    failing, reserved = first.sums
    disk, (count, sum3, variance3), load, spindles, disk_forth, spindles_forth = first.deviations
    twin_disk, twin_spindles = disk == disk_forth, spindles == spindles_forth
    twice3, square = 2 * sum3, count * count
    found, unhappy = [], 0
    for (
        idx,
        node,
        offline,
        calm,
        u_mem,
        r_mem,
        peers,
        t_mem,
        old3,
        old_n1,
        before,
        members,
        steps,
        twins,
    ) in others:
        if idx == own:
            continue
        reserve = peers.get(own, 0) + need
        reserve = max(reserve, r_mem)
        if u_mem > reserve:
            n1 = (failing + 0.0 - old_n1) * WEIGHTS[N1]
        elif calm:
            n1 = (failing + members - old_n1) * WEIGHTS[N1]
        else:
            unhappy += 1
            continue
        if offline:
            found.append((added(one_more_offline(first.terms)), node))
            continue
        share = reserve / t_mem if t_mem else nan
        step1, _step3, step9, step12, step14, step16 = steps
        d1 = _deviation(disk, step1, 1, t1)
        change = share - old3
        d3 = t3
        if change:
            squares = count * (share * share - old3 * old3)
            spread = variance3 + ((squares - twice3 * change) - change * change) / square
            d3 = sqrt(spread) * WEIGHTS[RESERVED] if spread > 0.0 else 0.0
        d9 = _deviation(load, step9, 9, t9)
        d12 = _deviation(spindles, step12, 12, t12)
        d14 = d1 if twin_disk and twins[0] else _deviation(disk_forth, step14, 14, t14)
        d16 = d12 if twin_spindles and twins[1] else _deviation(spindles_forth, step16, 16, t16)
        d17 = t17
        if places:
            d17 += len(places & node.spec.locations) * WEIGHTS[LOCATION]
        found.append(
            (
                t0 + d1 + n1 + d3 + t4 + t5 + t6 + t7 + t8 + d9 + t10 + t11 + d12 + t13 + d14
                + t15 + d16 + d17 + t18 + (reserved + share - before) * WEIGHTS[TOTAL],
                node,
            )
        )  # fmt: skip
    return found, unhappy
