"""Filling pairs of nodes with instances of one size, and asking what keeps sizes from fitting.

What the arrays know is carried from one instance to the next: only the two nodes that got it are
read again.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ganetix.htools.faults import FAULTS, FailMode
from ganetix.htools.finder import Pairs
from ganetix.htools.model import Instance, Instances, Nodes
from ganetix.htools.moves import shared_locations
from ganetix.htools.options import Options
from ganetix.htools.placement import with_primary, with_secondary
from ganetix.htools.solution import total

if TYPE_CHECKING:
    from ganetix.htools.blocks_numpy import Block
    from ganetix.htools.limits import Limits


class Filled(NamedTuple):
    """A cluster with new instances, newest last, and why no more fit."""

    nodes: Nodes
    instances: Instances
    new: tuple[Instance, ...]
    failures: dict[FailMode, int]


class PairFiller:
    """Fills pairs of nodes; the arrays are made when they are first needed."""

    def __init__(self, options: Options, pairs: Pairs) -> None:
        self._force = options.ignore_soft_errors
        self._pairs = pairs
        self._places = sum(len(others) for _one, others in pairs)
        self._known: Limits | None = None
        self._parts: list[Block] = []

    def _limits(self, nodes: Nodes) -> "Limits":
        """Return the arrays with *nodes* in them."""
        if self._known is None:
            from ganetix.htools import blocks_numpy, limits  # noqa: PLC0415 # only where it pays

            self._known = limits.Limits()
            self._known.load(nodes)
            self._parts = blocks_numpy.blocks(self._known, self._pairs)
        self._known.load(nodes)
        return self._known

    def fill(self, start: Filled, inst: Instance, limit: int | None) -> Filled:
        """Place instances like *inst* until none fits, at most *limit*; no global N+1."""
        from ganetix.htools.pairs_numpy import PairScan  # noqa: PLC0415 # only where it pays

        nodes, instances, placed = dict(start.nodes), dict(start.instances), list(start.new)
        known = self._limits(nodes)
        scan = PairScan(known, inst, force=self._force)
        while limit is None or limit > 0:
            best = scan.best(self._parts)
            if best is None:
                break
            _score, row, column = best
            one, two = known.nodes[row], known.nodes[column]
            name, idx = f"new-{len(placed)}", len(instances)
            new = inst._replace(
                idx=idx, name=name, alias=name, primary=one.idx, secondary=two.idx,
                location_score=shared_locations(one, two),
            )  # fmt: skip
            changed = with_primary(one, new), with_secondary(two, new, one.idx)
            known.change(changed)
            scan.refresh((row, column))
            nodes.update((node.idx, node) for node in changed)
            instances[idx] = new
            placed.append(new)
            limit = None if limit is None else limit - 1
        return Filled(nodes, instances, tuple(placed), self._count(known, [inst])[0])

    def _count(self, known: "Limits", sizes: Sequence[Instance]) -> list[dict[FailMode, int]]:
        from ganetix.htools.blocks_numpy import failures  # noqa: PLC0415 # only where it pays

        counts = failures(known, sizes, self._parts, force=self._force)
        return [{fault: row[fault] for fault in FAULTS if row[fault]} for row in counts]

    def failures(self, nodes: Nodes, sizes: Sequence[Instance]) -> list[dict[FailMode, int] | None]:
        """Return why each of *sizes* does not fit on *nodes*, None for one that does."""
        found = self._count(self._limits(nodes), sizes)
        return [None if total(one) < self._places else one for one in found]
