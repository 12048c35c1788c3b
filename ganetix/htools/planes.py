"""The components of the score after a move, for many instances and targets at once.

Note. A component is the standard deviation of one value over the online nodes. Moving an instance
changes the value of two or three nodes. With values centred on their mean, a change of d at a node
adds d to the sum and d(2y + d) to the sum of squares, y being what the node had. Where d is the
product of what the instance brings and of the node's slope, the new variances of all instances
(rows) on all targets (columns) are one product of two thin matrices. The change at the source is
the same for every target and goes into a column of its own.
"""

from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from ganetix.htools.arrays import Bools, Floats, InstanceArrays, Ints, NodeArrays
from ganetix.htools.score import NAMES, WEIGHTS


class Planes(NamedTuple):
    """Components that are linear in what an instance brings, one row for each.

    Either those that a secondary brings the same to as a primary (disks), or those that only a
    primary counts for.
    """

    weight: Floats  # a column
    variance: Floats  # a column
    centred: Floats
    slope: Floats
    amount: Floats
    onto: Floats  # what targets (the last axis) bring to the product

    def of(self, pick: Any) -> "Planes":
        """Return the planes for the instances that *pick* selects."""
        return self._replace(amount=self.amount[:, pick])

    def at(self, position: Ints, sign: int) -> tuple[Floats, Floats]:
        """Return the changes of sum and squares when instances come (1) or go (-1) there."""
        change = sign * self.amount * self.slope[:, position]
        return change, change * (2 * self.centred[:, position] + change)

    def still(self) -> float:
        """Return the weighted components as they are."""
        return float(self.weight[:, 0] @ root(self.variance[:, 0].copy()))

    def settled(self, total: Floats, squares: Floats, count: float) -> Floats:
        """Return the weighted components for each instance when no target changes them."""
        spread = self.variance + squares / count - (total / count) ** 2
        return np.asarray(self.weight[:, 0] @ root(spread))

    def targeted(self, total: Floats, squares: Floats, targets: Ints, count: float) -> Floats:
        """Return the weighted components for each instance (row) coming to each target (column)."""
        amount = self.amount
        left = np.empty((*amount.shape, 4))
        left[:, :, 0] = self.variance + squares / count - (total / count) ** 2
        left[:, :, 1] = amount
        left[:, :, 2] = amount * total
        left[:, :, 3] = amount * amount
        roots = root(left @ self.onto).reshape(len(amount), -1)
        return np.asarray((self.weight[:, 0] @ roots).reshape(amount.shape[1], len(targets)))

    def least(self, total: Floats, squares: Floats, targets: Ints, count: float) -> Floats:
        """Return for each instance what no target makes less than that."""
        amount, slope = self.amount, self.slope[:, targets]
        cross = 2 * self.centred[:, targets] * slope / count
        low, high = cross.min(axis=1)[:, None], cross.max(axis=1)[:, None]
        spread = self.variance + squares / count - (total / count) ** 2
        spread += np.minimum(amount * low, amount * high)
        away = amount * total * (-2 / count**2)
        low, high = slope.min(axis=1)[:, None], slope.max(axis=1)[:, None]
        spread += np.minimum(away * low, away * high)
        steepest = (slope * slope).min(axis=1)[:, None]
        spread += amount * amount * steepest * (1 / count - 1 / count**2)
        return np.asarray(self.weight[:, 0] @ root(spread))


class SpindlePlane(NamedTuple):
    """Free disk where some nodes have exclusive storage, which counts spindles and not MiB.

    An instance whose spindles are not known leaves such a node with -1 of them, as the reference
    counts; so nothing here is linear.
    """

    weight: float
    variance: float
    centred: Floats
    slope: Floats
    amount: Floats
    free: Ints
    total: Ints
    exclusive: Bools
    spindles: Ints
    known: Bools

    def of(self, pick: Any) -> "SpindlePlane":
        """Return the plane for the instances that *pick* selects."""
        return self._replace(
            amount=self.amount[pick], spindles=self.spindles[pick], known=self.known[pick]
        )

    def still(self) -> float:
        """Return the weighted component as it is."""
        return self.weight * sqrt(max(0.0, self.variance))

    def settled(self, total: Floats, squares: Floats, count: float) -> Floats:
        """Return the weighted component for each instance when no target changes it."""
        return np.asarray(
            self.weight * root(self.variance + squares / count - (total / count) ** 2)
        )

    def _change(self, position: Ints, sign: int, row: Any) -> Floats:
        free, total = self.free[position], self.total[position]
        linear = sign * self.amount[row] * self.slope[position]
        unknown = -1 - free if sign > 0 else 0 * free
        spindles = np.where(self.known[row], -sign * self.spindles[row], unknown)
        share = np.where(total > 0, spindles / np.where(total > 0, total, 1), 0.0)
        online = self.slope[position] != 0
        return np.asarray(np.where(self.exclusive[position], share * online, linear))

    def at(self, position: Ints, sign: int) -> tuple[Floats, Floats]:
        """Return the changes of sum and squares when instances come (1) or go (-1) there."""
        change = self._change(position, sign, slice(None))
        return change, change * (2 * self.centred[position] + change)

    def targeted(self, total: Floats, squares: Floats, targets: Ints, count: float) -> Floats:
        """Return the weighted component for each instance (row) coming to each target (column)."""
        change = self._change(targets[None, :], 1, (slice(None), None))
        spread = squares[:, None] + change * (2 * self.centred[targets] + change)
        mean = (total[:, None] + change) / count
        result = root(self.variance + spread / count - mean * mean)
        result *= self.weight
        return result


def _sources(nodes: NodeArrays, insts: InstanceArrays) -> list[tuple[str, Floats, Floats, bool]]:
    """Return name, slope, amount and role of each linear component."""
    memory, disk, cpu, spindles, one = nodes.slopes
    space = insts.disk.astype(np.float64)
    cpus = insts.vcpus.astype(np.float64)
    return [
        ("free_mem_cv", memory, insts.used_mem.astype(np.float64), False),
        ("free_mem_cv_forth", memory, insts.mem.astype(np.float64), False),
        ("vcpu_ratio_cv", cpu, cpus, False),
        ("vcpu_ratio_cv_forth", cpu, cpus, False),
        ("cpu_load_cv", one, insts.load[0], False),
        ("mem_load_cv", one, insts.load[1], False),
        ("net_load_cv", one, insts.load[3], False),
        ("disk_load_cv", one, insts.load[2], True),
        ("free_disk_cv", disk, space, True),
        ("free_disk_cv_forth", disk, space, True),
        ("spindles_cv", spindles, insts.spindle_use, True),
        ("spindles_cv_forth", spindles, insts.spindle_use, True),
    ]


def _figures(nodes: NodeArrays, name: str) -> tuple[float, float, Floats]:
    """Return weight, variance and centred values of a component."""
    at = NAMES.index(name)
    entry = nodes.base.deviations[at]
    variance = entry[2] if entry is not None else 0.0
    return WEIGHTS[at], variance, nodes.centred[at]


def _spindle_planes(nodes: NodeArrays, insts: InstanceArrays) -> list[SpindlePlane]:
    """Return the two components of free disk where exclusive storage is in use."""
    slope = nodes.slopes.disk
    amount = insts.disk.astype(np.float64)
    found = []
    for name, free in (
        ("free_disk_cv", nodes.free_spindles),
        ("free_disk_cv_forth", nodes.free_spindles_forth),
    ):
        found.append(
            SpindlePlane(
                *_figures(nodes, name),
                slope,
                amount,
                free,
                nodes.t_spindles,
                nodes.exclusive,
                insts.spindles,
                insts.spindles_known,
            )
        )
    return found


class Linear(NamedTuple):
    """The linear components by whether a secondary counts too; equal ones are made one.

    A row for each: its place among the components, its weight (a column), slopes and amounts. No
    move changes any of it; *twins* are the places of those that are equal to others.
    """

    rows: dict[bool, tuple[Ints, Floats, Floats, Floats]]
    twins: tuple[Ints, Ints]

    def holds(self, nodes: NodeArrays) -> bool:
        """Whether what was equal still is."""
        one, other = self.twins
        return np.array_equal(nodes.centred[one], nodes.centred[other])


def linear(nodes: NodeArrays, insts: InstanceArrays) -> Linear:
    """Find out which components are linear; what is nothing everywhere is left out."""
    exclusive = bool(nodes.exclusive.any())
    rows: dict[bool, list[list[Any]]] = {True: [], False: []}
    twins: list[tuple[int, int]] = []
    for name, slope, amount, both in _sources(nodes, insts):
        at = NAMES.index(name)
        if exclusive and name.startswith("free_disk"):
            continue
        if not (nodes.centred[at].any() or amount.any()):
            continue
        for other in rows[both]:
            if _same(nodes.centred, other, [at, WEIGHTS[at], slope, amount]):
                other[1] += WEIGHTS[at]
                twins.append((at, other[0]))
                break
        else:
            rows[both].append([at, WEIGHTS[at], slope, amount])
    pairs = np.array(twins, dtype=np.int64).reshape(-1, 2).T
    return Linear(
        {both: _stacked(kept) for both, kept in rows.items() if kept}, (pairs[0], pairs[1])
    )


def _same(centred: Floats, one: list[Any], other: list[Any]) -> bool:
    same = one[2] is other[2] and np.array_equal(one[3], other[3])
    return same and np.array_equal(centred[one[0]], centred[other[0]])


def _stacked(rows: list[list[Any]]) -> tuple[Ints, Floats, Floats, Floats]:
    at, weights, slopes, amounts = zip(*rows, strict=True)
    return np.array(at), np.array(weights)[:, None], np.array(slopes), np.array(amounts)


Parts = dict[bool, list[Planes | SpindlePlane]]


def planes(known: Linear, nodes: NodeArrays, insts: InstanceArrays, targets: Ints) -> Parts:
    """Return the linear components as they are now, by whether a secondary counts too."""
    exclusive = bool(nodes.exclusive.any())
    found: Parts = {True: list(_spindle_planes(nodes, insts)) if exclusive else [], False: []}
    entries = nodes.base.deviations
    for both, (at, weight, slope, amount) in known.rows.items():
        centred = nodes.centred[at]
        variance = np.array([[entry[2] if (entry := entries[a]) else 0.0] for a in at.tolist()])
        onto = _onto(centred[:, targets], slope[:, targets], float(nodes.online.sum()))
        found[both].append(Planes(weight, variance, centred, slope, amount, onto))
    return found


def _onto(centred: Floats, slope: Floats, count: float) -> Floats:
    """Return the right side of the product, for targets with these values and slopes."""
    right = np.empty((len(slope), 4, slope.shape[1]))
    right[:, 0] = 1.0
    right[:, 1] = 2 * centred * slope / count
    right[:, 2] = -2 * slope / count**2
    right[:, 3] = slope * slope * (1 / count - 1 / count**2)
    return right


def root(variance: Floats) -> Floats:
    """Return the standard deviation; rounding may have put a variance below zero."""
    np.maximum(variance, 0.0, out=variance)
    return np.asarray(np.sqrt(variance, out=variance))
