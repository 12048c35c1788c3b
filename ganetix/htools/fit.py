"""Which moves are possible: the conditions of `placement`, for many instances and targets at once.

*strict* rows obey the soft limits too. Rows that come from an offline node, and all rows when soft
errors are ignored, are forced.
"""

import numpy as np

from ganetix.htools.arrays import Bools, InstanceArrays, Ints, NodeArrays
from ganetix.htools.marks import Tagged
from ganetix.htools.moves import (
    FAILOVER_AND_REPLACE,
    FAILOVER_TO_ANY,
    REPLACE_AND_FAILOVER,
    REPLACE_PRIMARY,
    REPLACE_SECONDARY,
)
from ganetix.htools.reserve import Reserve, after_secondary_left


class Fit:
    """The possible moves of some instances."""

    def __init__(
        self,
        nodes: NodeArrays,
        insts: InstanceArrays,
        targets: Ints,
        reserve: Reserve,
        tagged: Tagged,
        *,
        force: bool,
    ) -> None:
        self._nodes = nodes
        self._insts = insts
        self._targets = targets
        self._reserve = reserve
        self._tagged = tagged
        self._force = np.full(len(insts.mem), force)
        self._gone_p = ~nodes.online[insts.primary] | force
        self._gone_s = ~nodes.online[insts.secondary] | force
        self._left = after_secondary_left(nodes, insts)
        # What has no disk on a node fits on any disk.
        self._disk = np.where(insts.local, insts.disk, -(1 << 60))
        self._spindle_use = np.where(insts.local, insts.spindle_use, -np.inf)

    def _elsewhere(self) -> Bools:
        """Whether each target is neither of the nodes that each instance is on."""
        here, there = self._insts.primary[:, None], self._insts.secondary[:, None]
        return np.asarray((self._targets != here) & (self._targets != there))

    def _spindles(self, place: Ints, need: Ints, known: Bools) -> Bools:
        """Whether spindles suffice; only nodes with exclusive storage count them."""
        nodes = self._nodes
        free = np.minimum(nodes.free_spindles[place], nodes.free_spindles_forth[place])
        enough = known & (free >= need)
        return np.asarray(enough | ~nodes.exclusive[place])

    def _all_spindles(self) -> Bools | bool:
        if not self._nodes.exclusive.any():
            return True
        need = np.where(self._insts.local, self._insts.spindles, -(1 << 60))[:, None]
        known = (self._insts.spindles_known | ~self._insts.local)[:, None]
        return self._spindles(self._targets, need, known)

    def _back(self, place: Ints, forced: Bools) -> Bools:
        """Whether disks that go and come again on *place* are within the limits."""
        nodes, insts = self._nodes, self._insts
        soft = (nodes.soft_disk_room[place] >= 0) & (nodes.spindle_room[place] >= 0)
        fits = np.where(forced, nodes.f_disk[place] > 0, soft)
        return np.asarray(fits & self._spindles(place, np.zeros(1, np.int64), insts.spindles_known))

    def _primary_at_target(self, forced: Bools) -> Bools:
        """Whether each target takes each instance as a primary."""
        nodes, insts, targets = self._nodes, self._insts, self._targets
        used = insts.used_mem[:, None]
        free = nodes.u_mem[targets]
        hard = (used < free) & (self._disk[:, None] <= nodes.disk_room[targets])
        hard &= self._all_spindles()
        if forced.all():
            return np.asarray(hard)
        limit = np.where(nodes.fail_n1[targets], free, free - nodes.r_mem[targets])
        soft = used < limit
        soft &= self._disk[:, None] <= nodes.soft_disk_room[targets]
        soft &= self._spindle_use[:, None] <= nodes.spindle_room[targets]
        soft &= insts.vcpus[:, None] <= nodes.cpu_room[targets]
        soft &= insts.mem[:, None] < nodes.f_mem_forth[targets]
        self._tagged.forbid(soft, targets)
        return np.asarray(hard & (soft | forced[:, None]))

    def _secondary_at_target(self, kind: str, forced: Bools) -> Bools:
        """Whether each target takes each instance as a secondary."""
        nodes, insts, targets = self._nodes, self._insts, self._targets
        hard = self._disk[:, None] <= nodes.disk_room[targets]
        hard &= self._all_spindles()
        if forced.all():
            return np.asarray(hard)
        free = nodes.u_mem[targets]
        need = insts.reserve[:, None]
        calm = (self._reserve.held_at_target(kind) < free) & (nodes.r_mem[targets] < free)
        soft = calm | nodes.fail_n1[targets]
        soft &= self._disk[:, None] <= nodes.soft_disk_room[targets]
        soft &= self._spindle_use[:, None] <= nodes.spindle_room[targets]
        soft &= need < np.minimum(free, nodes.f_mem_forth[targets])
        return np.asarray(hard & (soft | forced[:, None]))

    def _secondary_to_primary(self, forced: Bools) -> Bools:
        """Whether the secondary may become primary."""
        nodes, insts = self._nodes, self._insts
        place = insts.secondary
        free = nodes.u_mem[place]
        hard = (insts.used_mem < free) & self._back(place, forced)
        left = free - insts.used_mem
        soft = (left > self._left) | (free <= self._left)
        soft &= insts.vcpus <= nodes.cpu_room[place]
        soft &= insts.mem < nodes.f_mem_forth[place]
        self._tagged.forbid_at(soft, place)
        return np.asarray(hard & (soft | forced))

    def _primary_to_secondary(self, held: Ints, forced: Bools, *, wide: bool) -> Bools:
        """Whether the primary may become secondary, holding *held* for the new primary."""
        nodes, insts = self._nodes, self._insts
        place = insts.primary
        free = nodes.u_mem[place] + insts.used_mem
        fails = free <= nodes.r_mem[place]
        need = insts.reserve < np.minimum(free, nodes.f_mem_forth[place] + insts.mem)
        back = self._back(place, forced)
        if wide:
            calm = (held < free[:, None]) | fails[:, None]
            return np.asarray(back[:, None] & ((calm & need[:, None]) | forced[:, None]))
        ignore = ~nodes.online[place]
        calm = (held < free) | fails
        return np.asarray((back | ignore) & ((calm & need) | forced))

    def _new_reserve_at_secondary(self, forced: Bools) -> Bools:
        """Whether the secondary may stay one when the target becomes primary."""
        nodes, insts = self._nodes, self._insts
        place = insts.secondary
        free = nodes.u_mem[place]
        need = insts.reserve < np.minimum(free, nodes.f_mem_forth[place])
        held = self._reserve.held_at_source(REPLACE_PRIMARY)
        calm = (held < free[:, None]) | (free <= self._left)[:, None]
        return np.asarray((calm & need[:, None]) | forced[:, None])

    def _primary_stays(self) -> Bools:
        """Whether the primary takes the instance again when only the secondary changes."""
        nodes, place = self._nodes, self._insts.primary
        back = self._back(place, np.ones(len(place), dtype=np.bool_))
        return np.asarray((nodes.u_mem[place] > 0) & back)

    def _allowed(self) -> Bools:
        """Whether the migration tags allow the failover."""
        return np.asarray(self._nodes.migration[self._insts.primary, self._insts.secondary])

    def failover(self) -> Bools:
        """Return which instances may fail over."""
        nodes, insts = self._nodes, self._insts
        held = nodes.peers[insts.primary, insts.secondary] + insts.reserve
        fits = self._allowed() & self._secondary_to_primary(self._gone_p)
        return np.asarray(fits & self._primary_to_secondary(held, self._gone_p, wide=False))

    def kind(self, kind: str) -> Bools:
        """Return which moves of *kind* (rows) to which targets (columns) are possible."""
        nodes, insts, targets = self._nodes, self._insts, self._targets
        fits = self._elsewhere()
        if kind == REPLACE_SECONDARY:
            fits &= self._primary_stays()[:, None]
            fits &= self._secondary_at_target(kind, self._gone_s)
        elif kind == FAILOVER_AND_REPLACE:
            fits &= (self._allowed() & self._secondary_to_primary(self._gone_p))[:, None]
            fits &= self._secondary_at_target(kind, self._gone_p)
        elif kind == REPLACE_PRIMARY:
            fits &= (self._allowed() & self._secondary_to_primary(self._gone_p))[:, None]
            fits &= nodes.migration[insts.secondary][:, targets]
            fits &= self._primary_at_target(self._gone_p)
            fits &= self._new_reserve_at_secondary(self._gone_p)
        elif kind == REPLACE_AND_FAILOVER:
            fits &= nodes.migration[insts.primary][:, targets]
            fits &= self._primary_at_target(self._force)
            held = self._reserve.held_at_source(kind)
            fits &= self._primary_to_secondary(held, self._gone_s, wide=True)
        elif kind == FAILOVER_TO_ANY:
            fits &= nodes.migration[insts.primary][:, targets]
            fits &= self._primary_at_target(self._gone_p)
        return np.asarray(fits)
