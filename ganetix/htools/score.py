"""The score of a cluster: how far it is from balanced. Lower is better.

The sums run in the order of the nodes and of the components, and a changed node updates a variance
by the same expression as in the reference: two candidates that tie must tie in the last bit, since
the first (or last) of equals wins.
"""

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Final, NamedTuple

from ganetix.htools.model import Node, Nodes
from ganetix.htools.placement import ratio

# Name, weight, kind: "dev" is a standard deviation over online nodes, "sum" a sum over them,
# "off" a sum over offline nodes, "map" counts doubled pairs of tags.
COMPONENTS: Final = (
    ("free_mem_cv", 0.5, "dev"),
    ("free_disk_cv", 0.5, "dev"),
    ("n1_cnt", 1.0, "sum"),
    ("reserved_mem_cv", 1.0, "dev"),
    ("offline_all_cnt", 4.0, "off"),
    ("offline_pri_cnt", 16.0, "off"),
    ("vcpu_ratio_cv", 0.5, "dev"),
    ("cpu_load_cv", 1.0, "dev"),
    ("mem_load_cv", 1.0, "dev"),
    ("disk_load_cv", 1.0, "dev"),
    ("net_load_cv", 1.0, "dev"),
    ("pri_tags_score", 2.0, "sum"),
    ("spindles_cv", 0.5, "dev"),
    ("free_mem_cv_forth", 0.5, "dev"),
    ("free_disk_cv_forth", 0.5, "dev"),
    ("vcpu_ratio_cv_forth", 0.5, "dev"),
    ("spindles_cv_forth", 0.5, "dev"),
    ("location_score", 1.0, "sum"),
    ("location_exclusion_score", 1.0, "map"),
    ("reserved_mem_rtotal", 0.25, "sum"),
)
NAMES: Final = tuple(name for name, _weight, _kind in COMPONENTS)
WEIGHTS: Final = tuple(weight for _name, weight, _kind in COMPONENTS)
RESERVED_TOTAL_WEIGHT: Final = 0.25


class Statistics(NamedTuple):
    """One number for each component; deviations as (count, sum, variance)."""

    values: tuple[float, ...]
    deviations: tuple[tuple[float, float, float] | None, ...]


def free_disk_ratio(node: Node, disk: int, spindles: int) -> float:
    """Return the share of free disk: spindles on exclusive storage, 1 where there is none."""
    spec = node.spec
    if spec.exclusive:
        return spindles / spec.t_spindles if spec.t_spindles else 1.0
    return disk / spec.t_disk if spec.t_disk else 1.0


def node_values(node: Node) -> tuple[float, ...]:
    """Return what *node* contributes to each component, in their order."""
    spec = node.spec
    t_mem, t_cpu, speed = spec.t_mem, spec.t_cpu, spec.cpu_speed
    reserved = ratio(node.r_mem, t_mem)
    count = len(node.primaries) + len(node.secondaries)
    load = node.load
    return (
        ratio(spec.pool_mem - node.i_mem, t_mem),
        free_disk_ratio(node, node.f_disk, node.f_spindles),
        float(count) if node.fail_n1 else 0.0,
        reserved,
        float(count),
        float(len(node.primaries)),
        ratio(ratio(node.u_cpu, t_cpu), speed),
        load.cpu,
        load.mem,
        load.disk,
        load.net,
        float(node.conflicts),
        ratio(node.inst_spindles, spec.hi_spindles),
        ratio(node.f_mem_forth, t_mem),
        free_disk_ratio(node, node.f_disk_forth, node.f_spindles_forth),
        ratio(ratio(node.u_cpu_forth, t_cpu), speed),
        ratio(node.inst_spindles_forth, spec.hi_spindles),
        float(node.location_score),
        0.0,
        reserved,
    )


def deviation(values: Sequence[float]) -> tuple[float, float, float]:
    """Return (count, sum, variance) of *values*, summed in their order."""
    count, total, spread = float(len(values)), 0.0, 0.0
    for value in values:
        total += value
    mean = ratio(total, count)
    for value in values:
        distance = value - mean
        spread += distance * distance
    return count, total, ratio(spread, count)


def doubled_pairs(nodes: Iterable[Node]) -> float:
    """Count the instances that share a location and an exclusion tag with an earlier one."""
    pairs: dict[tuple[str, str], int] = {}
    for node in nodes:
        for pair, count in node.pairs.items():
            pairs[pair] = pairs.get(pair, 0) + count
    return float(sum(pairs.values()) - len(pairs))


def statistics(
    nodes: Iterable[Node], rows: Iterable[tuple[float, ...]] | None = None
) -> Statistics:
    """Gather the statistics of *nodes*, which come in the order of their numbers.

    *rows* are their values, if they are known already.
    """
    nodes = list(nodes)
    online: list[tuple[float, ...]] = []
    offline: list[tuple[float, ...]] = []
    pairs: list[Node] = []
    known = map(node_values, nodes) if rows is None else rows
    for node, row in zip(nodes, known, strict=True):
        (offline if node.spec.offline else online).append(row)
        if node.pairs and not node.spec.offline:
            pairs.append(node)
    columns = list(zip(*online, strict=True)) or [()] * len(COMPONENTS)
    values: list[float] = []
    deviations: list[tuple[float, float, float] | None] = []
    # Many columns are the same: loads that nobody measured, no forthcoming instances.
    known_deviations: dict[tuple[float, ...], tuple[float, float, float]] = {}
    for at, (_name, _weight, kind) in enumerate(COMPONENTS):
        entry = None
        if kind == "dev":
            entry = known_deviations.get(columns[at])
            if entry is None:
                entry = known_deviations[columns[at]] = deviation(columns[at])
            values.append(sqrt(entry[2]))
        elif kind == "off":
            values.append(float(sum(row[at] for row in offline)))
        elif kind == "map":
            values.append(doubled_pairs(pairs))
        else:
            total = 0.0
            for value in columns[at]:
                total += value
            values.append(total)
        deviations.append(entry)
    return Statistics(tuple(values), tuple(deviations))


def weigh(values: Sequence[float]) -> float:
    """Sum the components with their weights, in order."""
    total = 0.0
    for value, weight in zip(values, WEIGHTS, strict=True):
        total += value * weight
    return total


def score(nodes: Iterable[Node]) -> float:
    """Return the score of *nodes*."""
    return weigh(statistics(nodes).values)


def in_order(nodes: Nodes) -> list[Node]:
    """Return the nodes in the order of their numbers."""
    return [nodes[idx] for idx in sorted(nodes)]


def cluster_score(nodes: Nodes) -> float:
    """Return the score of all of *nodes*."""
    return score(in_order(nodes))


class Scorer:
    """Scores one cluster after another; what nodes contribute is kept while they stay the same."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Node, tuple[float, ...]]] = {}

    def values(self, node: Node) -> tuple[float, ...]:
        """Return what *node* contributes to each component."""
        known = self._known.get(node.idx)
        if known is None or known[0] is not node:
            known = self._known[node.idx] = node, node_values(node)
        return known[1]

    def score(self, nodes: Nodes) -> float:
        """Return the score of all of *nodes*."""
        ordered = in_order(nodes)
        return weigh(statistics(ordered, [self.values(node) for node in ordered]).values)


def optimum(nodes: Nodes) -> float:
    """Return the score that the reserve for a lost node makes unavoidable."""
    if len(nodes) < 2:
        return 0.0
    memory = 0.0
    for node in in_order(nodes):
        memory += node.spec.t_mem
    rest = memory - max(node.spec.t_mem for node in nodes.values())
    if rest <= 0:
        return 0.0
    mirrored = float(sum(sum(node.peers.values()) for node in nodes.values()))
    return RESERVED_TOTAL_WEIGHT * (mirrored / rest - mirrored / memory)
