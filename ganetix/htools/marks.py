"""The components that look at tags: exclusion tags, locations, and pairs of both."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ganetix.htools.arrays import Bools, Floats, InstanceArrays, Ints, NodeArrays
from ganetix.htools.model import Instance, Node
from ganetix.htools.moves import (
    FAILOVER_AND_REPLACE,
    FAILOVER_TO_ANY,
    REPLACE_AND_FAILOVER,
    REPLACE_PRIMARY,
    REPLACE_SECONDARY,
)
from ganetix.htools.placement import unmet_wishes
from ganetix.htools.roster import Alike
from ganetix.htools.score import NAMES, WEIGHTS

TAGS = WEIGHTS[NAMES.index("pri_tags_score")]
LOCATION = WEIGHTS[NAMES.index("location_score")]
PAIRS = WEIGHTS[NAMES.index("location_exclusion_score")]
BASE = tuple(
    (NAMES.index(name), WEIGHTS[NAMES.index(name)])
    for name in ("pri_tags_score", "location_score", "location_exclusion_score")
)


class Tagged(NamedTuple):
    """What tags mean for some instances (rows) on all nodes (columns); None where none matter."""

    clashes: Floats | None = None  # tags of the instance that primaries of the node have
    leaves: Floats | None = None  # clashes that go when the instance leaves its primary
    wishes: Floats | None = None  # wished locations that the node lacks
    arrives: Floats | None = None  # pairs of location and tag that are there when it comes
    departs: Floats | None = None  # doubled pairs that go when it leaves its primary

    def forbid(self, fits: Bools, targets: Ints) -> None:
        """Clear *fits* where an equal exclusion tag is on the target already."""
        if self.clashes is not None:
            fits &= self.clashes[:, targets] == 0

    def forbid_at(self, fits: Bools, place: Ints) -> None:
        """Clear *fits* where an equal exclusion tag is on the instance's own *place*."""
        if self.clashes is not None:
            fits &= self.clashes[np.arange(len(place)), place] == 0

    def rows(self, pick: Any) -> "Tagged":
        """Return the rows that *pick* selects."""
        return Tagged(*(None if field is None else field[pick] for field in self))


def _incidence(sets: Sequence[Any], keys: dict[Any, int]) -> Floats:
    matrix = np.zeros((len(sets), len(keys)))
    for at, members in enumerate(sets):
        for key in members:
            if key in keys:
                matrix[at, keys[key]] = 1.0
    return matrix


def _exclusion(
    nodes: Sequence[Node], instances: Sequence[Instance], primary: Ints
) -> tuple[Floats, Floats, dict[str, int], Floats]:
    keys = {tag: at for at, tag in enumerate(sorted({t for i in instances for t in i.exclusion}))}
    counts = np.array([[node.exclusion.get(tag, 0) for tag in keys] for node in nodes], dtype=float)
    wanted = _incidence([inst.exclusion for inst in instances], keys)
    clashes = wanted @ (counts > 0).T
    leaves = (wanted * (counts[primary] > 1)).sum(axis=1)
    return clashes, leaves, keys, wanted


def _pairs(
    nodes: Sequence[Node], keys: dict[str, int], wanted: Floats, primary: Ints, online: Bools
) -> tuple[Floats, Floats]:
    """Return what arriving at each node adds to the doubled pairs, and what leaving takes away."""
    places = {
        tag: at for at, tag in enumerate(sorted({t for n in nodes for t in n.spec.locations}))
    }
    where = _incidence([node.spec.locations for node in nodes], places)
    counts = np.zeros((len(places), len(keys)))
    for node in nodes:
        if not node.spec.offline:
            for (place, tag), count in node.pairs.items():
                if tag in keys:
                    counts[places[place], keys[tag]] += count
    present = wanted @ (counts >= 1).T
    doubled = wanted @ (counts > 1).T
    own = where[primary] * online[primary][:, None]
    # At a location that the old primary shares, leaving comes first.
    arrives = np.where(own > 0, doubled, present) @ where.T
    return arrives, (own * doubled).sum(axis=1)


def tagged(nodes: Sequence[Node], alike: Alike, arrays: NodeArrays) -> Tagged:
    """Work out what the tags of instances mean on each of *nodes*."""
    result, instances = Tagged(), alike.instances
    if not (alike.tagged or arrays.shared.any()):
        return result
    primary, online = alike.arrays.primary, arrays.online
    if any(node.spec.locations for node in nodes):
        wishes = [
            [unmet_wishes(n.spec, i) for n in nodes] if i.wished else [0] * len(nodes)
            for i in instances
        ]
        result = result._replace(wishes=np.array(wishes, dtype=float))
    elif any(inst.wished for inst in instances):
        lacking = [[float(len(inst.wished))] * len(nodes) for inst in instances]
        result = result._replace(wishes=np.array(lacking))
    if any(inst.exclusion for inst in instances):
        clashes, leaves, keys, wanted = _exclusion(nodes, instances, primary)
        arrives, departs = _pairs(nodes, keys, wanted, primary, online)
        result = result._replace(clashes=clashes, leaves=leaves, arrives=arrives, departs=departs)
    return result


class Marks:
    """The tag components after each move."""

    def __init__(
        self, tagged: Tagged, nodes: NodeArrays, insts: InstanceArrays, targets: Ints
    ) -> None:
        self._tagged = tagged
        self._nodes = nodes
        self._insts = insts
        self._targets = targets
        self._stays = nodes.online[insts.primary].astype(np.float64)
        self._fixed = sum(nodes.base.values[at] * weight for at, weight in BASE)
        self._rows = np.arange(len(insts.mem))
        any_tags = any(field is not None for field in tagged)
        # Whether no move changes the tag components.
        self.idle = not (any_tags or nodes.shared.any() or insts.location_score.any())

    def _leaving(self) -> Floats:
        """Return what goes when the instances leave their primaries."""
        result = -LOCATION * self._stays * self._insts.location_score
        marks = self._tagged
        if marks.wishes is not None:
            result -= LOCATION * self._stays * marks.wishes[self._rows, self._insts.primary]
        if marks.leaves is not None:
            result -= TAGS * self._stays * marks.leaves
        if marks.departs is not None:
            result -= PAIRS * marks.departs
        return np.asarray(result)

    def _arriving(self) -> Floats:
        """Return what comes with each instance (row) to each node (column) as primary."""
        shape = (len(self._insts.mem), len(self._nodes.t_mem))
        result = np.zeros(shape)
        marks = self._tagged
        if marks.wishes is not None:
            result += LOCATION * marks.wishes
        if marks.clashes is not None:
            result += TAGS * marks.clashes
        if marks.arrives is not None:
            result += PAIRS * marks.arrives
        return result

    def failover(self) -> Floats:
        """Return the tag components after each instance's failover."""
        if self.idle:
            return np.full(len(self._rows), self._fixed)
        arriving = self._arriving()[self._rows, self._insts.secondary]
        return self._fixed + self._leaving() + arriving + LOCATION * self._insts.location_score

    @property
    def fixed(self) -> float:
        """The tag components before any move."""
        return self._fixed

    def add(self, kind: str, result: Floats) -> None:
        """Add the tag components after each move of *kind* to *result*."""
        nodes, insts, targets = self._nodes, self._insts, self._targets
        result += self._fixed
        if self.idle:
            return
        shared = LOCATION * nodes.shared
        if kind == REPLACE_SECONDARY:
            change = shared[insts.primary][:, targets] - LOCATION * insts.location_score[:, None]
            result += change * self._stays[:, None]
            return
        result += self._leaving()[:, None]
        if kind == FAILOVER_AND_REPLACE:
            result += self._arriving()[self._rows, insts.secondary][:, None]
        else:
            result += self._arriving()[:, targets]
        if kind == FAILOVER_TO_ANY:
            result += LOCATION * insts.location_score[:, None]
        elif kind == REPLACE_AND_FAILOVER:
            result += shared[insts.primary][:, targets]
        elif kind in (REPLACE_PRIMARY, FAILOVER_AND_REPLACE):
            result += shared[insts.secondary][:, targets]
