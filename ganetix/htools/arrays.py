"""The cluster as NumPy arrays: what the search for moves computes with.

Positions are places in the sorted list of nodes, not node numbers. Every component of the score but
one is linear in what an instance brings to a node, so a node needs only its value less the mean
(`centred`) and the change for one unit (`slope`).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganetix.htools.model import Node, NodeSpec
from ganetix.htools.placement import may_migrate
from ganetix.htools.score import Scorer, Statistics, statistics

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Slopes(NamedTuple):
    """What one unit changes in the components of the score, for each node; zero where offline."""

    memory: Floats
    disk: Floats
    cpu: Floats
    spindles: Floats
    one: Floats


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
    slopes: Slopes
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


def _most_cpus(specs: Sequence[NodeSpec]) -> Floats:
    """Return how many virtual CPUs each node may have."""
    limit = _floats([spec.policy.vcpu_ratio for spec in specs])
    total = _floats([spec.t_cpu for spec in specs])
    with np.errstate(invalid="ignore", divide="ignore"):
        most = np.floor(limit * total)
        most += (most + 1) / total <= limit
        most -= most / total > limit
    return np.asarray(np.where(limit < 0, np.inf, most))


def _tops(peers: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the biggest entry of each row, where it is, and the biggest of the others."""
    size = len(peers)
    rows = np.arange(size)
    at = peers.argmax(axis=1)
    first = peers[rows, at]
    rest = peers.copy()
    rest[rows, at] = 0
    return first, at, rest.max(axis=1) if size else first


def _peers(row: Ints, node: Node, position: dict[int, int]) -> None:
    """Fill in what *node* would take over; the last column is for primaries of other groups."""
    row[:] = 0
    for primary, memory in node.peers.items():
        if primary in position:
            row[position[primary]] = memory
        else:
            row[-1] = max(row[-1], memory)


def _migration(nodes: Sequence[Node]) -> Bools:
    if not any(node.spec.migration for node in nodes):
        return np.ones((len(nodes), len(nodes)), dtype=np.bool_)
    return np.array([[may_migrate(one, two) for two in nodes] for one in nodes], dtype=np.bool_)


def _shared(nodes: Sequence[Node]) -> Ints:
    if not any(node.spec.locations for node in nodes):
        return np.zeros((len(nodes), len(nodes)), dtype=np.int64)
    return _ints([[len(a.spec.locations & b.spec.locations) for b in nodes] for a in nodes])  # type: ignore[misc] # rows of a matrix


def _centred(columns: Floats, online: Bools) -> Floats:
    """Return *columns* (one for each node) less the mean of those online; zero for others."""
    if online.all():
        return np.asarray(columns - columns.mean(axis=1)[:, None])
    if not online.any():
        return np.zeros(columns.shape)
    return np.where(online, columns - columns[:, online].mean(axis=1)[:, None], 0.0)


def _inverse(values: Floats, online: Bools) -> Floats:
    return np.asarray(np.where(online & (values != 0), 1.0 / values, 0.0))


def _slopes(specs: Sequence[NodeSpec], online: Bools) -> Slopes:
    shared = online & ~np.array([spec.exclusive for spec in specs], dtype=np.bool_)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Slopes(
            -_inverse(_floats([spec.t_mem for spec in specs]), online),
            -_inverse(_floats([spec.t_disk for spec in specs]), online),
            _inverse(_floats([spec.t_cpu * spec.cpu_speed for spec in specs]), online),
            _inverse(_floats([spec.hi_spindles for spec in specs]), shared),
            online.astype(np.float64),
        )


class Fixed(NamedTuple):
    """What no move changes in the nodes of a group."""

    position: dict[int, int]
    online: Bools
    t_mem: Floats
    lo_disk: Ints
    hi_spindles: Floats
    most_cpus: Floats
    exclusive: Bools
    t_spindles: Ints
    slopes: Slopes
    migration: Bools
    shared: Ints


def _fixed(nodes: Sequence[Node]) -> Fixed:
    specs = [node.spec for node in nodes]
    online = np.array([not spec.offline for spec in specs], dtype=np.bool_)
    return Fixed(
        {node.idx: at for at, node in enumerate(nodes)},
        online,
        _floats([spec.t_mem for spec in specs]),
        _ints([spec.lo_disk for spec in specs]),
        _floats([spec.hi_spindles for spec in specs]),
        _most_cpus(specs),
        np.array([spec.exclusive for spec in specs], dtype=np.bool_),
        _ints([spec.t_spindles for spec in specs]),
        _slopes(specs, online),
        _migration(nodes),
        _shared(nodes),
    )


def _figures(node: Node) -> tuple[float, ...]:
    """Return what moves change in *node*."""
    return (
        node.u_mem, node.r_mem, node.fail_n1, len(node.primaries) + len(node.secondaries),
        node.f_disk, node.f_disk_forth, node.f_mem_forth, node.f_spindles, node.f_spindles_forth,
        max(node.inst_spindles, node.inst_spindles_forth), max(node.u_cpu, node.u_cpu_forth),
    )  # fmt: skip


class Memory:
    """What was read of nodes; it holds while they are the same objects."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._scorer = Scorer()

    def values(self, node: Node) -> tuple[float, ...]:
        """Return what *node* contributes to the components of the score."""
        return self._scorer.values(node)

    def nodes(self, nodes: Sequence[Node]) -> tuple[Fixed, Floats, Floats, Ints]:
        """Return what is fixed and what moves change.

        A row for each of `_figures`, one for each component of the score, and what nodes would
        take over.
        """
        known = self._nodes
        same = len(known) == len(nodes)
        if not (same and all(a.spec is b.spec for a, b in zip(nodes, known, strict=True))):
            known = self._nodes = list(nodes)
            self._fixed = _fixed(nodes)
            self._figures = np.array([_figures(node) for node in nodes], dtype=np.float64).T.copy()
            self._columns = np.array([self.values(node) for node in nodes]).T.copy()
            self._peers = np.zeros((len(nodes), len(nodes) + 1), dtype=np.int64)
            for row, node in zip(self._peers, nodes, strict=True):
                _peers(row, node, self._fixed.position)
        for at, (one, other) in enumerate(zip(nodes, known, strict=True)):
            if one is not other:
                self._figures[:, at], known[at] = _figures(one), one
                self._columns[:, at] = self.values(one)
                if one.peers is not other.peers:
                    _peers(self._peers[at], one, self._fixed.position)
        return self._fixed, self._figures, self._columns, self._peers


def node_arrays(nodes: Sequence[Node], memory: Memory) -> NodeArrays:
    """Return the arrays of *nodes*, which come in the order of their numbers."""
    fixed, figures, columns, peers = memory.nodes(nodes)
    values = [memory.values(node) for node in nodes]
    whole = figures[:9].astype(np.int64)
    first, first_at, second = _tops(peers)
    least = np.minimum(whole[4], whole[5])
    return NodeArrays(
        fixed.position,
        fixed.online,
        _centred(columns, fixed.online),
        fixed.t_mem,
        whole[0],
        whole[1],
        whole[2].astype(np.bool_),
        whole[3],
        whole[4] - 1,
        np.minimum(least - 1, least - fixed.lo_disk),
        whole[4],
        fixed.hi_spindles - figures[9],
        fixed.most_cpus - figures[10],
        whole[6],
        fixed.exclusive,
        whole[7],
        whole[8],
        fixed.t_spindles,
        fixed.slopes,
        peers,
        first,
        first_at,
        second,
        fixed.migration,
        fixed.shared,
        statistics(nodes, values),
    )


def rows(arrays: InstanceArrays, pick: Any) -> InstanceArrays:
    """Return the entries of *arrays* that *pick* (a slice or an index array) selects."""
    picked: list[Any] = [field[:, pick] if field.ndim == 2 else field[pick] for field in arrays]
    return InstanceArrays(*picked)
