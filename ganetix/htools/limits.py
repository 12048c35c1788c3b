"""What each node still takes, as NumPy arrays, and why it does not take an instance of some size.

The same conditions as in `placement`, in the same order, for all nodes at once. The arrays are kept
while a cluster fills: only nodes that changed are read again.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ganetix.htools.faults import FailMode
from ganetix.htools.model import DRBD, Instance, Node, Nodes, Policy
from ganetix.htools.policy import policy_fault
from ganetix.htools.score import in_order

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NONE: Final = -1
_INTS: Final = (
    "u_mem", "r_mem", "f_disk", "f_disk_forth", "lo_disk", "spindles", "spindles_forth",
    "u_cpu", "u_cpu_forth", "f_mem_forth", "members",
)  # fmt: skip
_FLOATS: Final = ("used_spindles", "used_spindles_forth", "hi_spindles", "t_cpu", "ratio", "t_mem")


def _int_row(node: Node) -> tuple[int, ...]:
    return (
        node.u_mem, node.r_mem, node.f_disk, node.f_disk_forth, node.spec.lo_disk,
        node.f_spindles, node.f_spindles_forth, node.u_cpu, node.u_cpu_forth, node.f_mem_forth,
        len(node.primaries) + len(node.secondaries),
    )  # fmt: skip


def _float_row(node: Node) -> tuple[float, ...]:
    spec = node.spec
    return (
        node.inst_spindles, node.inst_spindles_forth, spec.hi_spindles, spec.t_cpu,
        spec.policy.vcpu_ratio, spec.t_mem,
    )  # fmt: skip


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
        if len(ordered) != len(self.nodes):
            self._resize(ordered)
            changed = list(enumerate(ordered))
        else:
            changed = [(at, n) for at, n in enumerate(ordered) if n is not self.nodes[at]]
        self.nodes = ordered
        for at, node in changed:
            self._take(at, node)

    def _resize(self, ordered: list[Node]) -> None:
        size = len(ordered)
        self.position = {node.idx: at for at, node in enumerate(ordered)}
        self._ints = np.zeros((len(_INTS), size), dtype=np.int64)
        self._floats = np.zeros((len(_FLOATS), size))
        self.peers = np.zeros((size, size), dtype=np.int64)
        self.fails = np.zeros(size, dtype=np.bool_)
        self.online = np.zeros(size, dtype=np.bool_)
        self.exclusive = np.zeros(size, dtype=np.bool_)

    def _take(self, at: int, node: Node) -> None:
        self._ints[:, at] = _int_row(node)
        self._floats[:, at] = _float_row(node)
        self.fails[at] = node.fail_n1
        self.online[at] = not node.offline
        self.exclusive[at] = node.spec.exclusive
        row = self.peers[at]
        row[:] = 0
        for primary, memory in node.peers.items():
            if primary in self.position:
                row[self.position[primary]] = memory

    def ints(self, name: str) -> Ints:
        """Return one row of whole numbers."""
        return np.asarray(self._ints[_INTS.index(name)])

    def floats(self, name: str) -> Floats:
        """Return one row of numbers."""
        return np.asarray(self._floats[_FLOATS.index(name)])

    def _policy(self, inst: Instance) -> Ints:
        """Return the code of each node's policy."""
        known: dict[tuple[Policy, bool], int] = {}
        codes = []
        for node in self.nodes:
            key = node.spec.policy, node.spec.exclusive
            if key not in known:
                fault = policy_fault(inst, key[0], exclusive=key[1])
                known[key] = NONE if fault is None else int(fault)
            codes.append(known[key])
        return np.array(codes, dtype=np.int64)

    def _disk(self, inst: Instance, forth: str, *, strict: bool) -> tuple[Bools, Bools, Bools]:
        """Return where disk, spindles and the load on spindles are too little."""
        left = self.ints("f_disk" + forth) - inst.disk
        short = left <= 0
        if strict:
            short = short | (left < self.ints("lo_disk"))
        need = inst.spindles
        free = self.ints("spindles" + forth)
        few = self.exclusive & ((free < need) if need is not None else np.True_)
        used = np.where(
            self.exclusive, 0.0, self.floats("used_spindles" + forth) + inst.spindle_use
        )
        busy = used > self.floats("hi_spindles")
        return short, few, busy if strict else np.zeros_like(busy)

    def _cpu(self, inst: Instance, forth: str) -> Bools:
        cpus = inst.vcpus if inst.online else 0
        limit = self.floats("ratio")
        with np.errstate(divide="ignore", invalid="ignore"):
            reached = (self.ints("u_cpu" + forth) + cpus) / self.floats("t_cpu")
        return np.asarray((limit >= 0) & (reached > limit))

    def primary(self, inst: Instance, *, force: bool) -> Ints:
        """Return why each node does not take *inst* as a primary, -1 where it does.

        Only for instances that are not forthcoming.
        """
        free = self.ints("u_mem") - (inst.mem if inst.uses_memory else 0)
        steps: list[tuple[Bools, FailMode]] = [(free <= 0, FailMode.FailMem)]
        if inst.local_storage:
            steps += self._disk_steps(inst, "", strict=not force)
        if not force:
            unhappy = (free <= self.ints("r_mem")) & ~self.fails
            steps += [(unhappy, FailMode.FailMem), (self._cpu(inst, ""), FailMode.FailCPU)]
            tagged = [any(tag in n.exclusion for tag in inst.exclusion) for n in self.nodes]
            if inst.exclusion:
                steps.append((np.array(tagged, dtype=np.bool_), FailMode.FailTags))
            steps.append((self.ints("f_mem_forth") <= inst.mem, FailMode.FailMem))
            if inst.local_storage:
                steps += self._disk_steps(inst, "_forth", strict=True)
            steps.append((self._cpu(inst, "_forth"), FailMode.FailCPU))
        codes = _first(steps, len(self.nodes))
        policy = self._policy(inst)
        return np.asarray(np.where(policy != NONE, policy, codes))

    def _disk_steps(
        self, inst: Instance, forth: str, *, strict: bool
    ) -> list[tuple[Bools, FailMode]]:
        short, few, busy = self._disk(inst, forth, strict=strict)
        return [
            (short, FailMode.FailDisk),
            (few, FailMode.FailSpindles),
            (busy, FailMode.FailDisk),
        ]

    def secondary(self, inst: Instance) -> tuple[Ints, Ints]:
        """Return why each node does not take *inst* as a secondary, before and after N+1.

        Only for instances that are not forthcoming.
        """
        size = len(self.nodes)
        need = inst.mem if inst.needs_reserve else 0
        wrong = np.full(size, inst.template != DRBD, dtype=np.bool_)
        early = [(wrong, FailMode.FailDisk), *self._disk_steps(inst, "", strict=True)]
        early.append((need >= self.ints("u_mem"), FailMode.FailMem))
        late = self._disk_steps(inst, "_forth", strict=True)
        late.append((need >= self.ints("f_mem_forth"), FailMode.FailMem))
        return _first(early, size), _first(late, size)


def _first(steps: list[tuple[Bools, FailMode]], size: int) -> Ints:
    """Return the code of the first of *steps* that holds, for each node."""
    codes = np.full(size, NONE, dtype=np.int64)
    for holds, fault in reversed(steps):
        codes[holds] = int(fault)
    return codes
