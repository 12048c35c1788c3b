"""The instances that may be moved, by the kinds of moves, with their figures in NumPy arrays.

From one move to the next only one instance changes, and of it only where it is: the rest is kept.
"""

from collections.abc import Sequence

import numpy as np

from ganetix.htools.arrays import InstanceArrays, Ints, NodeArrays
from ganetix.htools.balance import move_kinds
from ganetix.htools.model import NO_NODE, Instance, Nodes
from ganetix.htools.options import Options
from ganetix.htools.planes import Linear, Parts, linear, planes


class Alike:
    """Instances that may make the same kinds of moves."""

    def __init__(
        self,
        kinds: tuple[str, ...],
        members: Sequence[tuple[Instance, bool]],
        position: dict[int, int],
    ) -> None:
        self.kinds = kinds
        self.instances = [inst for inst, _swap in members]
        self.tagged = any(inst.exclusion or inst.wished for inst in self.instances)
        self.arrays = instance_arrays(members, position)
        self._position = position
        self._linear: Linear | None = None

    def change(self, place: int, inst: Instance) -> None:
        """Take over where the instance at *place* is now."""
        self.instances[place] = inst
        arrays = self.arrays
        arrays.primary[place] = self._position[inst.primary]
        arrays.secondary[place] = self._position.get(inst.secondary, NO_NODE)
        arrays.location_score[place] = inst.location_score

    def planes(self, nodes: NodeArrays, targets: Ints) -> Parts:
        """Return the components of the score that are linear in what the instances bring."""
        if self._linear is None or not self._linear.holds(nodes):
            self._linear = linear(nodes, self.arrays)
        return planes(self._linear, nodes, self.arrays, targets)


def instance_arrays(
    members: Sequence[tuple[Instance, bool]], position: dict[int, int]
) -> InstanceArrays:
    """Return the arrays of instances, of which each says whether it may fail over."""
    table = np.array([_row(inst, position) for inst, _swap in members], dtype=np.float64).T.copy()
    whole = table[:11].astype(np.int64)
    return InstanceArrays(
        whole[0],
        whole[1],
        whole[2],
        whole[3],
        whole[4],
        whole[5].astype(np.bool_),
        whole[6],
        whole[7],
        whole[8],
        whole[9].astype(np.bool_),
        table[11],
        table[12:16],
        whole[10],
        np.array([swap for _inst, swap in members], dtype=np.bool_),
    )


def _row(inst: Instance, position: dict[int, int]) -> tuple[float, ...]:
    mem, local, spindles = inst.mem, inst.local_storage, inst.spindles
    return (
        position[inst.primary], position.get(inst.secondary, NO_NODE),
        mem, mem if inst.uses_memory else 0, mem if inst.needs_reserve else 0, local,
        inst.disk if local else 0, inst.vcpus if inst.online else 0, spindles or 0,
        spindles is not None, inst.location_score, inst.spindle_use if local else 0, *inst.load,
    )  # fmt: skip


def _classes(
    movable: Sequence[Instance], nodes: Nodes, options: Options
) -> dict[tuple[str, ...], list[tuple[Instance, bool]]]:
    """Sort instances by the kinds of moves that they may make."""
    found: dict[tuple[str, ...], list[tuple[Instance, bool]]] = {}
    away = {idx for idx, node in nodes.items() if node.spec.offline}
    known: dict[tuple[str, bool, bool], tuple[bool, tuple[str, ...]]] = {}
    for inst in movable:
        alike = inst.template, inst.primary in away, inst.secondary in away
        found_kinds = known.get(alike)
        if found_kinds is None:
            found_kinds = known[alike] = move_kinds(inst, nodes, options)
        swap, kinds = found_kinds
        if swap or kinds:
            found.setdefault(kinds, []).append((inst, swap))
    return found


class Roster:
    """All instances that may be moved, forthcoming ones apart."""

    def __init__(
        self, movable: Sequence[Instance], nodes: Nodes, options: Options, position: dict[int, int]
    ) -> None:
        self._movable = movable
        self._specs = [node.spec for node in nodes.values()]
        self._options = options
        self._away = {idx for idx, node in nodes.items() if node.spec.offline}
        plain = [inst for inst in movable if not inst.forthcoming]
        self.forthcoming = [inst for inst in movable if inst.forthcoming]
        self.classes = [
            Alike(kinds, members, position)
            for kinds, members in _classes(plain, nodes, options).items()
        ]
        self._places = {
            inst.idx: (alike, place)
            for alike in self.classes
            for place, inst in enumerate(alike.instances)
        }

    def follow(self, movable: Sequence[Instance], nodes: Nodes, options: Options) -> bool:
        """Take over where the instances are now; False if more has changed than that."""
        specs = zip(nodes.values(), self._specs, strict=False)
        if (
            options != self._options
            or (len(nodes), len(movable)) != (len(self._specs), len(self._movable))
            or any(node.spec is not spec for node, spec in specs)
        ):
            return False
        changed = [
            pair for pair in zip(self._movable, movable, strict=True) if pair[0] is not pair[1]
        ]
        self._movable = movable
        if not all(self._only_moved(one, other) for one, other in changed):
            return False
        for _one, inst in changed:
            if inst.idx in self._places:
                alike, place = self._places[inst.idx]
                alike.change(place, inst)
        return True

    def _only_moved(self, one: Instance, other: Instance) -> bool:
        """Whether *other* is *one* elsewhere, where it may make the same kinds of moves."""
        here = other._replace(
            primary=one.primary, secondary=one.secondary, location_score=one.location_score
        )
        return here == one and not one.forthcoming and self._stands(one) == self._stands(other)

    def _stands(self, inst: Instance) -> tuple[bool, bool]:
        return inst.primary in self._away, inst.secondary in self._away
