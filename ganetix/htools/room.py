"""How much more fits into a cluster, and which resource runs out first."""

from collections.abc import Sequence
from typing import NamedTuple

from ganetix.htools import capacity
from ganetix.htools.capacity import Filler, Size
from ganetix.htools.filling import Filled
from ganetix.htools.finder import targets
from ganetix.htools.model import Cluster, required_nodes
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.plans import RESOURCES
from ganetix.htools.score import cluster_score, in_order
from ganetix.htools.totals import Totals, totals


class Fill(NamedTuple):
    """What filling the cluster came to: how many of each size, what ran out, the totals then."""

    sizes: tuple[tuple[Size, int], ...]
    limit: str | None
    score: float
    after: Totals

    @property
    def total(self) -> int:
        """How many instances fit in all."""
        return sum(count for _size, count in self.sizes)


class Capacity(NamedTuple):
    """How many instances fit: of one size, and of sizes that shrink when nothing else fits.

    *unhappy* are nodes that could not be lost even now; while there are any, nothing fits.
    """

    before: Totals
    standard: Fill
    tiered: Fill
    unhappy: tuple[str, ...]


def standard_size(cluster: Cluster) -> Size:
    """Return the standard size of the cluster's instance policy."""
    std = cluster.policy.std
    return Size(std.disk, std.memory, std.cpus, std.spindle_use)


def largest_sizes(cluster: Cluster) -> list[Size]:
    """Return the largest size of each range of the cluster's instance policy."""
    return [
        Size(high.disk, high.memory, high.cpus, high.spindle_use)
        for _low, high in cluster.policy.minmax
    ]


def room(
    cluster: Cluster,
    size: Size,
    first: Sequence[Size],
    template: str,
    options: Options = DEFAULT_OPTIONS,
    *,
    most: int | None = None,
) -> Capacity:
    """Count instances of *size* that fit, and of the sizes *first* and smaller ones.

    *most* stops each count there.
    """
    nodes = cluster.nodes
    unhappy = tuple(node.name for node in capacity.unhappy(nodes))
    where = targets(options, in_order(nodes), required_nodes(template), cluster.groups)
    possible = bool(where.singles or where.pairs) and not unhappy
    filler = Filler(options, where)
    use = cluster.policy.std.spindle_use
    start = Filled(nodes, cluster.instances, (), {})
    standard = tiered = start
    if possible:
        standard = filler.fill(start, capacity.new_instance(size, template, use), most)
        for one in first:
            left = None if most is None else most - len(tiered.new)
            if left is None or left > 0:
                inst = capacity.new_instance(one, template, use)
                tiered = filler.fill_tiered(tiered, inst, left)
    return Capacity(totals(nodes), _fill(standard), _fill(tiered), unhappy)


def _fill(filled: Filled) -> Fill:
    sizes: dict[Size, int] = {}
    for inst in filled.new:
        sizes[capacity.size_of(inst)] = sizes.get(capacity.size_of(inst), 0) + 1
    score = cluster_score(filled.nodes)
    return Fill(tuple(sizes.items()), _limit(filled), score, totals(filled.nodes))


def _limit(filled: Filled) -> str | None:
    """Name the resource that keeps most places from taking one instance more."""
    if not filled.failures:
        return None
    fault = max(filled.failures, key=lambda one: (filled.failures[one], -int(one)))
    return RESOURCES[fault]
