"""What each node still takes, as NumPy arrays, and why it does not take an instance of some size.

The conditions of `placement`, in the same order, for all nodes and for several sizes at once. Each
is "what is left is below a bound", so all of them are one comparison of two matrices. The arrays
are kept while a cluster fills: only nodes that changed are read again. Not for forthcoming
instances.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ganetix.htools.faults import FailMode
from ganetix.htools.figures import amounts, bounds, room, wholes
from ganetix.htools.model import DRBD, Instance, Node, Nodes, Policy
from ganetix.htools.placement import ratio
from ganetix.htools.policy import policy_fault
from ganetix.htools.score import COMPONENTS, in_order, node_values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NONE: Final = -1
INF: Final = float("inf")

# The conditions for a primary, in the order in which they are looked at.
MEM, DISK, MARGIN, SPINDLES, BUSY, CALM, CPU, TAGS = range(8)
MEM_FORTH, DISK_FORTH, MARGIN_FORTH, SPINDLES_FORTH, BUSY_FORTH, CPU_FORTH = range(8, 14)
REASONS: Final = np.array(
    [
        FailMode.FailMem, FailMode.FailDisk, FailMode.FailDisk, FailMode.FailSpindles,
        FailMode.FailDisk, FailMode.FailMem, FailMode.FailCPU, FailMode.FailTags,
        FailMode.FailMem, FailMode.FailDisk, FailMode.FailDisk, FailMode.FailSpindles,
        FailMode.FailDisk, FailMode.FailCPU,
    ]
)  # fmt: skip
PRIMARY: Final = np.arange(14)
FORCED: Final = (MEM, DISK, SPINDLES)
LOCAL: Final = (
    DISK, MARGIN, SPINDLES, BUSY, DISK_FORTH, MARGIN_FORTH, SPINDLES_FORTH, BUSY_FORTH,
)  # fmt: skip
# For a secondary: before and after what the reserve of the pair decides.
EARLY: Final = np.array([DISK, MARGIN, SPINDLES, BUSY, MEM])
LATE: Final = np.array([DISK_FORTH, MARGIN_FORTH, SPINDLES_FORTH, BUSY_FORTH, MEM_FORTH])
SECONDARY: Final = np.concatenate([EARLY, LATE]).tolist()
PAIR: Final = np.concatenate([PRIMARY, EARLY, LATE])
PAIR_ROWS: Final[list[int]] = PAIR.tolist()
CPUS: Final = (CPU, CPU_FORTH)
# How many figures `figures.amounts` returns.
AMOUNTS: Final = 12


def _taken(inst: Instance, mem: int, forth: int) -> list[float]:
    """Return what *inst* takes of each condition's room.

    *mem* is its memory in use, *forth* the memory when it is used one day.
    """
    need = inst.spindles
    spindles = INF if need is None else need
    use, disk, cpus = inst.spindle_use, inst.disk, inst.vcpus if inst.online else 0
    return [
        mem, disk, disk, spindles, use, mem, cpus, 0.0,
        forth, disk, disk, spindles, use, cpus,
    ]  # fmt: skip


class Limits:
    """The limits of the nodes of one cluster."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.position: dict[int, int] = {}
        self._seen: Nodes | None = None

    def load(self, nodes: Nodes) -> None:
        """Take in the nodes as they are now."""
        if nodes is self._seen:
            return
        self._seen = nodes
        ordered = in_order(nodes)
        if [node.idx for node in ordered] != list(self.position):
            self._resize(ordered)
            changed = list(enumerate(ordered))
        else:
            changed = [(at, n) for at, n in enumerate(ordered) if n is not self.nodes[at]]
        self.nodes = ordered
        for at, node in changed:
            self._take(at, node)

    def change(self, nodes: Sequence[Node]) -> None:
        """Take in *nodes*, the only ones that changed."""
        self._seen = None
        for node in nodes:
            at = self.position[node.idx]
            before, self.nodes[at] = self.nodes[at], node
            self._take(at, node, before)

    def _resize(self, ordered: list[Node]) -> None:
        size = len(ordered)
        self.position = {node.idx: at for at, node in enumerate(ordered)}
        rows = len(PRIMARY), len(PRIMARY) + len(COMPONENTS)
        # One matrix, so that a node is read with one assignment.
        self._figures = np.zeros((rows[1] + AMOUNTS, size))
        self._left, self.old, self.amounts = np.split(self._figures, rows)
        self._bound = np.zeros((len(PRIMARY), size))
        scale = np.ones((len(PRIMARY), size))
        scale[CPU] = scale[CPU_FORTH] = [node.spec.t_cpu for node in ordered]
        self._scale = scale[PAIR][:, None, :]
        self.wholes = np.array([wholes(node) for node in ordered], dtype=np.float64).T.copy()
        self.peers = np.zeros((size, size))  # [primary, secondary]
        self.t_mem = np.array([node.spec.t_mem for node in ordered], dtype=np.float64)
        self.r_mem = np.zeros(size)
        self.members = np.zeros(size)
        self.fails = np.zeros(size, dtype=np.bool_)
        self.online = np.array([not node.offline for node in ordered], dtype=np.bool_)
        self.speed = np.array([node.spec.cpu_speed for node in ordered], dtype=np.float64)
        self.empty = [at for at, node in enumerate(ordered) if not node.spec.t_disk]
        self.away = [at for at, node in enumerate(ordered) if node.offline]
        self.exclusive = [at for at, node in enumerate(ordered) if node.spec.exclusive]
        self.located = any(node.spec.locations for node in ordered)
        known: dict[tuple[Policy, bool], int] = {}
        kinds = [
            known.setdefault((node.spec.policy, node.spec.exclusive), len(known))
            for node in ordered
        ]
        self._policies = list(known)
        self._policy_at = np.array(kinds, dtype=np.int64)

    def _take(self, at: int, node: Node, before: Node | None = None) -> None:
        """Read *node*, and of what an instance does not always change only what is not *before*."""
        self._figures[:, at] = (*room(node), *node_values(node), *amounts(node))
        self.members[at] = len(node.primaries) + len(node.secondaries)
        if before is None or (node.r_mem, node.fail_n1) != (before.r_mem, before.fail_n1):
            self._bound[:, at] = bounds(node)
            self.r_mem[at] = node.r_mem
            self.fails[at] = node.fail_n1
        if before is None or node.peers is not before.peers:
            known: Mapping[int, int] = {} if before is None else before.peers
            if known.keys() - node.peers.keys() or before is None:
                self.peers[:, at] = 0
                known = {}
            for primary, memory in node.peers.items():
                if known.get(primary) != memory and primary in self.position:
                    self.peers[self.position[primary], at] = memory

    @property
    def u_mem(self) -> Floats:
        """Memory that is not allocated, of each node."""
        return np.asarray(self._left[MEM])

    def _mark(self, tags: Sequence[str]) -> None:
        """Fill in where exclusion tags clash."""
        self._left[TAGS] = 0.0
        if tags:
            for at, node in enumerate(self.nodes):
                self._left[TAGS, at] = -1.0 if any(tag in node.exclusion for tag in tags) else 0.0

    def pairs(self, sizes: "Sizes") -> tuple[Ints, Ints, Ints]:
        """Return why each node (column) does not take each size (row), -1 where it does.

        As a primary, and as a secondary: what is looked at before the pair's N+1, and after it.
        """
        self._mark(sizes.tags)
        left = self._left[PAIR][:, None, :] - sizes.taken
        left /= self._scale
        bad = left < self._bound[PAIR][:, None, :]
        primary = _first(bad[: len(PRIMARY)], REASONS)
        if sizes.policy is not None:
            policy = sizes.policy[:, self._policy_at]
            primary = np.where(policy != NONE, policy, primary)
        early = _first(bad[len(PRIMARY) : -len(LATE)], REASONS[EARLY])
        late = _first(bad[-len(LATE) :], REASONS[LATE])
        if not sizes.mirrored:
            early[:] = int(FailMode.FailDisk)
        return primary, early, late

    def pair(self, at: int, sizes: "Sizes") -> tuple[int, int, int]:
        """Return the same for the node at one place and the first size; not with tags."""
        node = self.nodes[at]
        left, bound, cpus = room(node), bounds(node), node.spec.t_cpu
        taken = sizes.first
        bad = [left[row] - taken[at] < bound[row] for at, row in enumerate(PAIR_ROWS)]
        for row in CPUS:
            bad[row] = ratio(left[row] - taken[row], cpus) < bound[row]
        primary = _first_of(bad, 0, len(PRIMARY))
        if sizes.policy is not None and sizes.policy[0, self._policy_at[at]] != NONE:
            primary = int(sizes.policy[0, self._policy_at[at]])
        middle = len(bad) - len(LATE)
        early = _first_of(bad, len(PRIMARY), middle) if sizes.mirrored else int(FailMode.FailDisk)
        return primary, early, _first_of(bad, middle, len(bad))

    def policy_faults(self, inst: Instance) -> list[int]:
        """Return what each of the nodes' policies has against *inst*, -1 where nothing."""
        found = [policy_fault(inst, policy, exclusive=alone) for policy, alone in self._policies]
        return [NONE if fault is None else int(fault) for fault in found]


class Sizes:
    """What instances take, for `Limits.pairs`; of one template, with the same exclusion tags."""

    def __init__(self, limits: Limits, insts: Sequence[Instance], *, force: bool) -> None:
        self.tags = insts[0].exclusion
        self.mirrored = insts[0].template == DRBD
        rows = []
        for inst in insts:
            used = inst.mem if inst.uses_memory else 0
            need = inst.mem if inst.needs_reserve else 0
            first = row = _taken(inst, used, inst.mem)
            if not used == need == inst.mem:
                row = _taken(inst, need, need)
            rows.append([*_looked_at(inst, first, force=force), *[row[at] for at in SECONDARY]])
        self.first = rows[0]
        self.taken = np.array(rows).T[:, :, None]
        faults = [limits.policy_faults(inst) for inst in insts]
        good = all(fault == NONE for row in faults for fault in row)
        self.policy = None if good else np.array(faults)


def _looked_at(inst: Instance, taken: list[float], *, force: bool) -> list[float]:
    """Return what *inst* has *taken* as a primary; what is not looked at is less than nothing."""
    row = taken[:]
    if not inst.local_storage:
        for at in LOCAL:
            row[at] = -INF
    if force:
        row = [value if at in FORCED else -INF for at, value in enumerate(row)]
    return row


def _first_of(bad: Sequence[bool], start: int, end: int) -> int:
    """Return the fault of the first broken condition of a pair in a range, -1 where none is."""
    for at in range(start, end):
        if bad[at]:
            return int(REASONS[PAIR_ROWS[at]])
    return NONE


def _first(bad: Bools, faults: Ints) -> Ints:
    """Return the first of *faults* whose condition is broken, -1 where none is."""
    codes = faults[bad.argmax(axis=0)]
    codes[~bad.any(axis=0)] = NONE
    return np.asarray(codes)
