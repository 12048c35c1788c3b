"""Which moves are possible: the conditions of `placement`, for many instances and targets at once.

*strict* rows obey the soft limits too. Rows that come from an offline node, and all rows when soft
errors are ignored, are forced.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from ganetix.htools.arrays import Bools, Floats, InstanceArrays, Ints, NodeArrays
from ganetix.htools.marks import Tagged
from ganetix.htools.moves import REPLACE_AND_FAILOVER, REPLACE_SECONDARY
from ganetix.htools.reserve import TO_PRIMARY, TO_SECONDARY, Reserve

# More than anything needs or has.
ENOUGH: Final = 1 << 60


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
        # What has no disk on a node fits on any disk.
        self._disk = np.where(insts.local, insts.disk, -ENOUGH)
        self._spindle_use = np.where(insts.local, insts.spindle_use, -np.inf)
        self._swap: Bools | None = None

    def _spindles(self, place: Ints, need: Ints, known: Bools) -> Bools:
        """Whether spindles suffice; only nodes with exclusive storage count them."""
        nodes = self._nodes
        free = np.minimum(nodes.free_spindles[place], nodes.free_spindles_forth[place])
        enough = known & (free >= need)
        return np.asarray(enough | ~nodes.exclusive[place])

    def _with_spindles(self, fits: Bools) -> Bools:
        """Clear *fits* where a target's spindles do not suffice."""
        insts, targets = self._insts, self._targets
        if self._nodes.exclusive.any():
            need = np.where(insts.local, insts.spindles, -ENOUGH)[:, None]
            known = (insts.spindles_known | ~insts.local)[:, None]
            fits &= self._spindles(targets, need, known)
        return fits

    def _back(self, place: Ints, forced: Bools) -> Bools:
        """Whether disks that go and come again on *place* are within the limits."""
        nodes, insts = self._nodes, self._insts
        soft = (nodes.soft_disk_room[place] >= 0) & (nodes.spindle_room[place] >= 0)
        fits = np.where(forced, nodes.f_disk[place] > 0, soft)
        return np.asarray(fits & self._spindles(place, np.zeros(1, np.int64), insts.spindles_known))

    def _roomy(self, soft: Bools, forced: Bools, *, memory: bool) -> Bools:
        """Return which targets have room, by kind of move; *forced* rows need not be *soft*."""
        nodes, insts, targets = self._nodes, self._insts, self._targets
        if not forced.any():
            return self._with_spindles(soft)
        # The hard limits are wider than the soft ones.
        hard = self._disk[:, None] <= nodes.disk_room[targets]
        if memory:
            hard &= insts.used_mem[:, None] < nodes.u_mem[targets]
        return self._with_spindles(soft | (hard & forced[:, :, None]))

    def _primary_at_target(self, forced: Bools) -> Bools:
        """Whether each target takes each instance as a primary."""
        nodes, insts, targets = self._nodes, self._insts, self._targets
        free = nodes.u_mem[targets]
        limit = np.where(nodes.fail_n1[targets], free, free - nodes.r_mem[targets])
        need = (insts.used_mem, self._disk, self._spindle_use, insts.vcpus, insts.mem)
        room = (
            limit - 1, nodes.soft_disk_room[targets], nodes.spindle_room[targets],
            nodes.cpu_room[targets], nodes.f_mem_forth[targets] - 1,
        )  # fmt: skip
        soft = _within(need, room)
        self._tagged.forbid(soft, targets)
        return self._roomy(soft, forced, memory=True)

    def _secondary_at_target(self, kinds: Sequence[str], forced: Bools) -> Bools:
        """Whether each target takes each instance as a secondary."""
        nodes, insts, targets = self._nodes, self._insts, self._targets
        free = nodes.u_mem[targets]
        memory = np.minimum(free, nodes.f_mem_forth[targets])
        room = (nodes.soft_disk_room[targets], nodes.spindle_room[targets], memory - 1)
        # What fails N+1 now may do so with more.
        calm = np.where(nodes.r_mem[targets] < free, free, 0)
        soft = self._reserve.held(kinds) < np.where(nodes.fail_n1[targets], ENOUGH, calm)
        soft &= _within((self._disk, self._spindle_use, insts.reserve), room)
        return self._roomy(soft, forced, memory=False)

    def _secondary_to_primary(self, forced: Bools) -> Bools:
        """Whether the secondary may become primary."""
        nodes, insts = self._nodes, self._insts
        place = insts.secondary
        free = nodes.u_mem[place]
        hard = (insts.used_mem < free) & self._back(place, forced)
        left = free - insts.used_mem
        soft = (left > self._reserve.left) | (free <= self._reserve.left)
        soft &= insts.vcpus <= nodes.cpu_room[place]
        soft &= insts.mem < nodes.f_mem_forth[place]
        self._tagged.forbid_at(soft, place)
        return np.asarray(hard & (soft | forced))

    def _primary_to_secondary(self, forced: Bools) -> Bools:
        """Whether the primary may become secondary of the secondary."""
        nodes, insts = self._nodes, self._insts
        place = insts.primary
        held = nodes.peers[place, insts.secondary] + insts.reserve
        back = self._back(place, forced) | ~nodes.online[place]
        return np.asarray(back & (held < self._limit(REPLACE_AND_FAILOVER, forced)))

    def _limit(self, kind: str, forced: Bools) -> Ints:
        """Return what the old node that stays must hold less than as secondary of another node."""
        nodes, insts = self._nodes, self._insts
        place = self._reserve.place(kind)
        free, later, r_mem = nodes.u_mem[place], nodes.f_mem_forth[place], self._reserve.base(kind)
        if kind == REPLACE_AND_FAILOVER:
            free, later = free + insts.used_mem, later + insts.mem
        calm = np.where(free <= r_mem, ENOUGH, free)
        limit = np.where(insts.reserve < np.minimum(free, later), calm, 0)
        return np.asarray(np.where(forced, ENOUGH, limit))

    def _primary_stays(self) -> Bools:
        """Whether the primary takes the instance again when only the secondary changes."""
        nodes, place = self._nodes, self._insts.primary
        back = self._back(place, np.ones(len(place), dtype=np.bool_))
        return np.asarray((nodes.u_mem[place] > 0) & back)

    def _allowed(self) -> Bools:
        """Whether the migration tags allow the failover."""
        return np.asarray(self._nodes.migration[self._insts.primary, self._insts.secondary])

    def _may_swap(self) -> Bools:
        """Whether the secondary may become primary by a failover."""
        if self._swap is None:
            self._swap = self._allowed() & self._secondary_to_primary(self._gone_p)
        return self._swap

    def failover(self) -> Bools:
        """Return which instances may fail over."""
        return self._may_swap() & self._primary_to_secondary(self._gone_p)

    def kinds(self, kinds: Sequence[str]) -> Bools:
        """Return which moves of *kinds* of one family are possible.

        For each kind, each instance and each target.
        """
        if kinds[0] in TO_SECONDARY:
            return self._to_secondary(kinds)
        if kinds[0] in TO_PRIMARY:
            return self._to_primary(kinds)
        fits = self._primary_at_target(self._gone_p[None])
        return fits & self._migration([self._insts.primary])

    def _to_secondary(self, kinds: Sequence[str]) -> Bools:
        """Return which targets may become the secondary."""
        same = REPLACE_SECONDARY
        forced = np.array([self._gone_s if kind == same else self._gone_p for kind in kinds])
        fits = self._secondary_at_target(kinds, forced)
        stays = [self._primary_stays() if kind == same else self._may_swap() for kind in kinds]
        fits &= np.array(stays)[:, :, None]
        return fits

    def _to_primary(self, kinds: Sequence[str]) -> Bools:
        """Return which targets may become the primary, with an old node as its secondary."""
        same = REPLACE_AND_FAILOVER
        forced = np.array([self._force if kind == same else self._gone_p for kind in kinds])
        limits = []
        for kind in kinds:
            gone = self._gone_s if kind == same else self._gone_p
            stays = self._back(self._insts.primary, gone) if kind == same else self._may_swap()
            limits.append(np.where(stays, self._limit(kind, gone), 0))
        fits = self._reserve.held(kinds) < np.array(limits)[:, :, None]
        fits &= self._primary_at_target(forced)
        fits &= self._migration([self._reserve.place(kind) for kind in kinds])
        return fits

    def _migration(self, source: Sequence[Ints]) -> Bools | bool:
        """Whether the migration tags let instances go from *source* to each target."""
        if self._nodes.migration.all():
            return True
        return self._nodes.migration[:, self._targets].take(source, axis=0)


def _within(need: Sequence[Ints | Floats], room: Sequence[Ints | Floats]) -> Bools:
    """Whether each target (column) has room for all that each instance (row) needs."""
    wanted, there = np.array(need, dtype=np.float64), np.array(room, dtype=np.float64)
    fits = np.ones((wanted.shape[1], there.shape[1]), dtype=np.bool_)
    # Most resources suffice for all everywhere.
    enough = wanted.max(axis=1, initial=-np.inf) <= there.min(axis=1, initial=np.inf)
    for at in np.flatnonzero(~enough).tolist():
        fits &= wanted[at][:, None] <= there[at]
    return fits
