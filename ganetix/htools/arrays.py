"""The cluster as NumPy arrays: what the search for moves computes with.

Positions are places in the sorted list of nodes, not node numbers. Every component of the score but
one is linear in what an instance brings to a node, so a node needs only its value less the mean
(`centred`) and the change for one unit (`slope`).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganetix.htools.model import NO_NODE, Instance, Node
from ganetix.htools.placement import may_migrate
from ganetix.htools.score import COMPONENTS, Scorer, Statistics, statistics

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class NodeArrays(NamedTuple):
    """The nodes of a group, one entry for each."""

    position: dict[int, int]
    online: Bools
    centred: Floats  # one row for each component of the score: its values less their mean
    t_mem: Floats
    u_mem: Ints
    r_mem: Ints
    fail_n1: Bools
    members: Ints  # primaries and secondaries
    disk_room: Ints  # the biggest disk that fits
    soft_disk_room: Ints  # the same with the margin and forthcoming instances
    f_disk: Ints
    spindle_room: Floats
    cpu_room: Floats
    f_mem_forth: Ints
    exclusive: Bools
    free_spindles: Ints
    free_spindles_forth: Ints
    t_spindles: Ints
    t_disk: Floats
    hi_spindles: Floats
    cpu_scale: Floats
    peers: Ints  # [secondary, primary]: memory to take over
    first: Ints  # biggest reserve, whose it is, and the biggest of the others
    first_at: Ints
    second: Ints
    migration: Bools  # [source, target]
    shared: Ints  # [one, other]: location tags that both have
    base: Statistics


class InstanceArrays(NamedTuple):
    """Instances that may be moved, one entry for each; nodes are positions."""

    primary: Ints
    secondary: Ints
    mem: Ints
    used_mem: Ints
    reserve: Ints
    local: Bools
    disk: Ints
    vcpus: Ints
    spindles: Ints
    spindles_known: Bools
    spindle_use: Floats
    load: Floats  # one row each for cpu, mem, disk, net
    location_score: Ints
    swap: Bools


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)


def _floats(values: Sequence[float]) -> Floats:
    return np.array(values, dtype=np.float64)


def _cpu_room(nodes: Sequence[Node]) -> Floats:
    """Return how many more virtual CPUs each node may get."""
    limit = _floats([node.spec.policy.vcpu_ratio for node in nodes])
    total = _floats([node.spec.t_cpu for node in nodes])
    used = _floats([max(node.u_cpu, node.u_cpu_forth) for node in nodes])
    with np.errstate(invalid="ignore", divide="ignore"):
        most = np.floor(limit * total)
        most += (most + 1) / total <= limit
        most -= most / total > limit
    return np.asarray(np.where(limit < 0, np.inf, most - used))


def _tops(peers: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the biggest entry of each row, where it is, and the biggest of the others."""
    size = len(peers)
    rows = np.arange(size)
    at = peers.argmax(axis=1)
    first = peers[rows, at]
    rest = peers.copy()
    rest[rows, at] = 0
    return first, at, rest.max(axis=1) if size else first


def _peers(nodes: Sequence[Node], position: dict[int, int]) -> Ints:
    # The last column is for primaries of other groups.
    matrix = np.zeros((len(nodes), len(nodes) + 1), dtype=np.int64)
    for at, node in enumerate(nodes):
        for primary, memory in node.peers.items():
            if primary in position:
                matrix[at, position[primary]] = memory
            else:
                matrix[at, -1] = max(matrix[at, -1], memory)
    return matrix


def _migration(nodes: Sequence[Node]) -> Bools:
    if not any(node.spec.migration for node in nodes):
        return np.ones((len(nodes), len(nodes)), dtype=np.bool_)
    return np.array([[may_migrate(one, two) for two in nodes] for one in nodes], dtype=np.bool_)


def _shared(nodes: Sequence[Node]) -> Ints:
    if not any(node.spec.locations for node in nodes):
        return np.zeros((len(nodes), len(nodes)), dtype=np.int64)
    return _ints([[len(a.spec.locations & b.spec.locations) for b in nodes] for a in nodes])  # type: ignore[misc] # rows of a matrix


def _centred(values: Sequence[Sequence[float]], online: Bools) -> Floats:
    """Return *values* (one row for each node) less the mean of those online; zero for others."""
    columns = np.array(values, dtype=np.float64).T
    if not online.any():
        return np.zeros(columns.shape)
    return np.where(online, columns - columns[:, online].mean(axis=1)[:, None], 0.0)


class Memory:
    """What was read of nodes and instances; it holds while they are the same objects."""

    def __init__(self) -> None:
        self._scorer = Scorer()
        self._rows: dict[int, tuple[Instance, tuple[float, ...]]] = {}

    def values(self, node: Node) -> tuple[float, ...]:
        """Return what *node* contributes to the components of the score."""
        return self._scorer.values(node)

    def row(self, inst: Instance) -> tuple[float, ...]:
        """Return the figures of *inst* in the order of `InstanceArrays`, from memory to load."""
        known = self._rows.get(inst.idx)
        if known is None or known[0] is not inst:
            known = self._rows[inst.idx] = inst, _row(inst)
        return known[1]


def node_arrays(nodes: Sequence[Node], memory: Memory) -> NodeArrays:
    """Return the arrays of *nodes*, which come in the order of their numbers."""
    position = {node.idx: at for at, node in enumerate(nodes)}
    specs = [node.spec for node in nodes]
    values = [memory.values(node) for node in nodes]
    online = np.array([not spec.offline for spec in specs], dtype=np.bool_)
    peers = _peers(nodes, position)
    first, first_at, second = _tops(peers)
    f_disk = _ints([node.f_disk for node in nodes])
    f_disk_forth = _ints([node.f_disk_forth for node in nodes])
    least = np.minimum(f_disk, f_disk_forth)
    lo_disk = _ints([spec.lo_disk for spec in specs])
    used_spindles = _floats([max(n.inst_spindles, n.inst_spindles_forth) for n in nodes])
    hi_spindles = _floats([spec.hi_spindles for spec in specs])
    return NodeArrays(
        position,
        online,
        _centred(values, online),
        _floats([spec.t_mem for spec in specs]),
        _ints([node.u_mem for node in nodes]),
        _ints([node.r_mem for node in nodes]),
        np.array([node.fail_n1 for node in nodes], dtype=np.bool_),
        _ints([len(node.primaries) + len(node.secondaries) for node in nodes]),
        f_disk - 1,
        np.minimum(least - 1, least - lo_disk),
        f_disk,
        hi_spindles - used_spindles,
        _cpu_room(nodes),
        _ints([node.f_mem_forth for node in nodes]),
        np.array([spec.exclusive for spec in specs], dtype=np.bool_),
        _ints([node.f_spindles for node in nodes]),
        _ints([node.f_spindles_forth for node in nodes]),
        _ints([spec.t_spindles for spec in specs]),
        _floats([spec.t_disk for spec in specs]),
        hi_spindles,
        _floats([spec.t_cpu * spec.cpu_speed for spec in specs]),
        peers,
        first,
        first_at,
        second,
        _migration(nodes),
        _shared(nodes),
        statistics(nodes, values),
    )


def instance_arrays(
    instances: Sequence[Instance],
    position: dict[int, int],
    swap: Sequence[bool],
    memory: Memory,
) -> InstanceArrays:
    """Return the arrays of *instances*; *swap* says which of them may fail over."""
    table = np.array([memory.row(inst) for inst in instances], dtype=np.float64).reshape(-1, 13).T
    whole = table[:8].astype(np.int64)
    return InstanceArrays(
        _ints([position[inst.primary] for inst in instances]),
        _ints([position.get(inst.secondary, NO_NODE) for inst in instances]),
        whole[0],
        whole[1],
        whole[2],
        whole[3].astype(np.bool_),
        whole[4],
        whole[5],
        whole[6],
        whole[7].astype(np.bool_),
        table[8],
        table[9:13],
        _ints([inst.location_score for inst in instances]),
        np.array(swap, dtype=np.bool_),
    )


def _row(inst: Instance) -> tuple[float, ...]:
    mem, local, spindles = inst.mem, inst.local_storage, inst.spindles
    return (
        mem, mem if inst.uses_memory else 0, mem if inst.needs_reserve else 0, local,
        inst.disk if local else 0, inst.vcpus if inst.online else 0, spindles or 0,
        spindles is not None, inst.spindle_use if local else 0, *inst.load,
    )  # fmt: skip


def rows(arrays: InstanceArrays, pick: Any) -> InstanceArrays:
    """Return the entries of *arrays* that *pick* (a slice or an index array) selects."""
    picked: list[Any] = [field[:, pick] if field.ndim == 2 else field[pick] for field in arrays]
    return InstanceArrays(*picked)


def kinds_of(kind: str) -> list[int]:
    """Return the places of the components that are of *kind*."""
    return [at for at, (_name, _weight, what) in enumerate(COMPONENTS) if what == kind]
