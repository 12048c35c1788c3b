"""What each node contributes to the score with one instance more, for all nodes at once, in NumPy.

The expressions of `score.node_values` and `placement`, so that the bits are the same. Nodes with
exclusive storage, and instances with tags that matter, are worked out one by one.
"""

from typing import Final

import numpy as np

from ganetix.htools.figures import amounts, wholes
from ganetix.htools.limits import Floats, Limits
from ganetix.htools.model import Instance
from ganetix.htools.placement import ratio, with_primary, with_secondary
from ganetix.htools.score import node_values

_COLUMNS: Final = np.array((0, 1, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16))
_CPUS: Final = slice(2, 11, 8)
_CPU_ROWS: Final = (2, 10)
_N1: Final = 2
_LOCATION: Final = 17


def _changes(inst: Instance) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return what *inst* adds to the amounts of its primary and of its secondary."""
    used = inst.mem if inst.uses_memory else 0
    disk = inst.disk if inst.local_storage else 0
    cpus = inst.vcpus if inst.online else 0
    use = inst.spindle_use if inst.local_storage else 0
    load = inst.load
    return (
        (-used, -disk, cpus, *load, use, -inst.mem, -disk, cpus, use),
        (0, -inst.disk, 0, 0, 0, load.disk, 0, use, 0, -inst.disk, 0, use),
    )


def _parts(limits: Limits, inst: Instance) -> Floats:
    """Return the columns that are parts of a whole, with *inst* as a primary and as a secondary."""
    parts = limits.amounts + np.array(_changes(inst), dtype=np.float64)[:, :, None]
    if limits.empty:  # no disk is all free
        parts[:, 1, limits.empty] = parts[:, 9, limits.empty] = 1.0
    parts /= limits.wholes
    parts[:, _CPUS] /= limits.speed
    return np.asarray(parts)


def values_with(limits: Limits, inst: Instance) -> tuple[Floats, Floats]:
    """Return the values of each node (column) with *inst* as a primary, and as a secondary.

    Offline nodes stay as they are. For a secondary, only what does not depend on its primary.
    """
    old = limits.old
    used = inst.mem if inst.uses_memory else 0
    first, second = old.copy(), old.copy()
    first[_COLUMNS], second[_COLUMNS] = _parts(limits, inst)
    fails = limits.u_mem - used <= limits.r_mem
    first[_N1] = np.where(fails, limits.members + 1.0, 0.0)
    first[_LOCATION] += inst.location_score
    quiet = inst._replace(auto_balance=False)
    special = inst.exclusion or inst.wished
    for at in range(len(limits.nodes)) if special else limits.exclusive:
        first[:, at] = node_values(with_primary(limits.nodes[at], inst))
        second[:, at] = node_values(with_secondary(limits.nodes[at], quiet, -1))
    if limits.away:
        first[:, limits.away] = old[:, limits.away]
    return first, second


def values_at(limits: Limits, inst: Instance, at: int) -> tuple[list[float], list[float]]:
    """Return the same for the node at one place, with less to do than for all nodes."""
    node = limits.nodes[at]
    old: list[float] = limits.old[:, at].tolist()
    if node.offline:
        return old, old
    if inst.exclusion or inst.wished or node.spec.exclusive:
        quiet = inst._replace(auto_balance=False)
        one, two = with_primary(node, inst), with_secondary(node, quiet, -1)
        return list(node_values(one)), list(node_values(two))
    found, has_all, wholes_all = [], amounts(node), wholes(node)
    for changes in _changes(inst):
        parts = [
            (has + more) / whole if whole else ratio(has + more, whole)
            for has, more, whole in zip(has_all, changes, wholes_all, strict=True)
        ]
        if not node.spec.t_disk:  # no disk is all free
            parts[1] = parts[9] = 1.0
        for row in _CPU_ROWS:
            parts[row] = ratio(parts[row], node.spec.cpu_speed)
        found.append([
            parts[0], parts[1], *old[2:6], *parts[2:7], old[11], *parts[7:], *old[17:],
        ])  # fmt: skip
    used = inst.mem if inst.uses_memory else 0
    fails = node.u_mem - used <= node.r_mem
    found[0][_N1] = len(node.primaries) + len(node.secondaries) + 1.0 if fails else 0.0
    found[0][_LOCATION] += inst.location_score
    return found[0], found[1]
