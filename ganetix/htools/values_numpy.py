"""What each node contributes to the score with one instance more, for all nodes at once, in NumPy.

The expressions of `score.node_values` and `placement`, so that the bits are the same. Nodes with
exclusive storage, and instances with tags that matter, are worked out one by one.
"""

from typing import Final

import numpy as np

from ganetix.htools.limits import Floats, Limits
from ganetix.htools.model import Instance
from ganetix.htools.placement import with_primary, with_secondary
from ganetix.htools.score import node_values

_COLUMNS: Final = np.array((0, 1, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16))
_CPUS: Final = slice(2, 11, 8)
_N1: Final = 2
_LOCATION: Final = 17


def _parts(limits: Limits, inst: Instance) -> Floats:
    """Return the columns that are parts of a whole, with *inst* as a primary and as a secondary."""
    used = inst.mem if inst.uses_memory else 0
    disk = inst.disk if inst.local_storage else 0
    cpus = inst.vcpus if inst.online else 0
    use = inst.spindle_use if inst.local_storage else 0
    load = inst.load
    more = (
        (-used, -disk, cpus, *load, use, -inst.mem, -disk, cpus, use),
        (0, -inst.disk, 0, 0, 0, load.disk, 0, use, 0, -inst.disk, 0, use),
    )
    parts = limits.amounts + np.array(more, dtype=np.float64)[:, :, None]
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
