"""Putting an instance on a node and taking it away: the node after it, or why it cannot be.

*force* skips the soft limits (free disk margin, spindles, N+1, virtual CPUs, exclusion tags).
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ganetix.htools.faults import FailMode
from ganetix.htools.model import Instance, Load, Node, NodeSpec

K = TypeVar("K")


def ratio(value: float, total: float) -> float:
    """Divide as floating point arithmetic does: by zero gives an infinity or no number."""
    if total:
        return value / total
    return float("nan") if not value else float("inf") if value > 0 else float("-inf")


def counted(counts: Mapping[K, int], keys: Iterable[K]) -> Mapping[K, int]:
    """Return *counts* with one more of each of *keys*."""
    result = dict(counts)
    for key in keys:
        result[key] = result.get(key, 0) + 1
    return result


def uncounted(counts: Mapping[K, int], keys: Iterable[K]) -> Mapping[K, int]:
    """Return *counts* with one less of each of *keys*; what reaches zero goes."""
    result = dict(counts)
    for key in keys:
        left = result.get(key, 0) - 1
        if left > 0:
            result[key] = left
        else:
            result.pop(key, None)
    return result


def tag_pairs(spec: NodeSpec, inst: Instance) -> list[tuple[str, str]]:
    """Return the (location tag, exclusion tag) pairs of *inst* with its primary on *spec*."""
    return [(where, tag) for where in spec.locations for tag in inst.exclusion]


def unmet_wishes(spec: NodeSpec, inst: Instance) -> int:
    """Count the wished locations that a primary on *spec* does not have."""
    return len(inst.wished - spec.locations)


def without(members: tuple[int, ...], idx: int) -> tuple[int, ...]:
    """Return *members* less the first *idx*."""
    if idx not in members:
        return members
    at = members.index(idx)
    return members[:at] + members[at + 1 :]


def _spindles_less(spec: NodeSpec, free: int, inst: Instance) -> int:
    """Free spindles after *inst* came; below zero when its need is not known."""
    if not spec.exclusive:
        return 0
    need = inst.spindles
    return -1 if need is None else free - need


def _spindles_more(spec: NodeSpec, free: int, inst: Instance) -> int:
    """Free spindles after *inst* went."""
    return free + (inst.spindles or 0) if spec.exclusive else 0


def _spindle_load(spec: NodeSpec, used: float, inst: Instance, sign: int) -> float:
    """Spindles used by instances after *inst* came (*sign* 1) or went (-1)."""
    if spec.exclusive:
        return 0.0
    return used + sign * inst.spindle_use if inst.local_storage else used


def _add_load(one: Load, other: Load) -> Load:
    return Load(
        one.cpu + other.cpu, one.mem + other.mem, one.disk + other.disk, one.net + other.net
    )


def _sub_load(one: Load, other: Load) -> Load:
    return Load(
        one.cpu - other.cpu, one.mem - other.mem, one.disk - other.disk, one.net - other.net
    )


def remove_primary(node: Node, inst: Instance) -> Node:
    """Take *inst* away as a primary."""
    spec = node.spec
    disk = inst.disk if inst.local_storage else 0
    cpus = inst.vcpus if inst.online else 0
    later = node._replace(
        exclusion=uncounted(node.exclusion, inst.exclusion) if inst.exclusion else node.exclusion,
        f_mem_forth=node.f_mem_forth + inst.mem,
        f_disk_forth=node.f_disk_forth + disk,
        f_spindles_forth=_spindles_more(spec, node.f_spindles_forth, inst),
        u_cpu_forth=node.u_cpu_forth - cpus,
        inst_spindles_forth=_spindle_load(spec, node.inst_spindles_forth, inst, -1),
    )
    if inst.forthcoming:
        return later
    i_mem = node.i_mem - (inst.mem if inst.uses_memory else 0)
    pairs = tag_pairs(spec, inst) if inst.exclusion else []
    return later._replace(
        primaries=without(node.primaries, inst.idx),
        i_mem=i_mem,
        f_disk=node.f_disk + disk,
        f_spindles=_spindles_more(spec, node.f_spindles, inst),
        fail_n1=spec.pool_mem - i_mem <= node.r_mem,
        u_cpu=node.u_cpu - cpus,
        load=_sub_load(node.load, inst.load),
        inst_spindles=_spindle_load(spec, node.inst_spindles, inst, -1),
        location_score=node.location_score - inst.location_score - unmet_wishes(spec, inst),
        pairs=uncounted(node.pairs, pairs) if pairs else node.pairs,
    )


def remove_secondary(node: Node, inst: Instance) -> Node:
    """Take *inst* away as a secondary."""
    spec = node.spec
    disk = inst.disk if inst.local_storage else 0
    later = node._replace(
        f_disk_forth=node.f_disk_forth + disk,
        f_spindles_forth=_spindles_more(spec, node.f_spindles_forth, inst),
        inst_spindles_forth=_spindle_load(spec, node.inst_spindles_forth, inst, -1),
    )
    if inst.forthcoming:
        return later
    held = node.peers.get(inst.primary, 0)
    left = held - (inst.mem if inst.needs_reserve else 0)
    peers = dict(node.peers)
    if left > 0:
        peers[inst.primary] = left
    else:
        peers.pop(inst.primary, None)
    r_mem = node.r_mem if held < node.r_mem else max(peers.values(), default=0)
    return later._replace(
        secondaries=without(node.secondaries, inst.idx),
        f_disk=node.f_disk + disk,
        f_spindles=_spindles_more(spec, node.f_spindles, inst),
        peers=peers,
        r_mem=r_mem,
        fail_n1=spec.pool_mem - node.i_mem <= r_mem,
        load=node.load._replace(disk=node.load.disk - inst.load.disk),
        inst_spindles=_spindle_load(spec, node.inst_spindles, inst, -1),
    )


def _later_primary(node: Node, inst: Instance) -> Node:
    """The node with *inst* counted in everything that knows of forthcoming instances."""
    spec = node.spec
    return node._replace(
        exclusion=counted(node.exclusion, inst.exclusion) if inst.exclusion else node.exclusion,
        f_mem_forth=node.f_mem_forth - inst.mem,
        f_disk_forth=node.f_disk_forth - (inst.disk if inst.local_storage else 0),
        f_spindles_forth=_spindles_less(spec, node.f_spindles_forth, inst),
        u_cpu_forth=node.u_cpu_forth + (inst.vcpus if inst.online else 0),
        inst_spindles_forth=_spindle_load(spec, node.inst_spindles_forth, inst, 1),
    )


def _disk_fault(
    spec: NodeSpec, free: int, spindles: int, used: float, *, strict: bool
) -> FailMode | None:
    """Say what is wrong with the disks of a node after an instance came."""
    if free <= 0 or (strict and free < spec.lo_disk):
        return FailMode.FailDisk
    if spec.exclusive and spindles < 0:
        return FailMode.FailSpindles
    if strict and used > spec.hi_spindles:
        return FailMode.FailDisk
    return None


def _too_many_cpus(spec: NodeSpec, used: int) -> bool:
    limit = spec.policy.vcpu_ratio
    return 0 <= limit < ratio(used, spec.t_cpu)


def _later_primary_fault(later: Node, inst: Instance) -> FailMode | None:
    """Say what forthcoming instances leave no room for when *inst* comes as a primary."""
    if later.f_mem_forth <= 0:
        return FailMode.FailMem
    if inst.local_storage:
        fault = _disk_fault(
            later.spec,
            later.f_disk_forth,
            later.f_spindles_forth,
            later.inst_spindles_forth,
            strict=True,
        )
        if fault is not None:
            return fault
    return FailMode.FailCPU if _too_many_cpus(later.spec, later.u_cpu_forth) else None


def _primary_fault(node: Node, new: Node, inst: Instance, *, strict: bool) -> FailMode | None:
    """Say why *inst* may not come to *node* as a primary; *new* is the node with it."""
    spec = node.spec
    if new.u_mem <= 0:
        return FailMode.FailMem
    if inst.local_storage:
        fault = _disk_fault(spec, new.f_disk, new.f_spindles, new.inst_spindles, strict=strict)
        if fault is not None:
            return fault
    return _soft_primary_fault(node, new, inst) if strict else None


def _soft_primary_fault(node: Node, new: Node, inst: Instance) -> FailMode | None:
    if new.fail_n1 and not node.fail_n1:
        return FailMode.FailMem
    if _too_many_cpus(node.spec, new.u_cpu):
        return FailMode.FailCPU
    if any(tag in node.exclusion for tag in inst.exclusion):
        return FailMode.FailTags
    return _later_primary_fault(new, inst)


def with_primary(node: Node, inst: Instance) -> Node:
    """Return *node* with *inst* as a primary, without asking whether it fits."""
    spec = node.spec
    later = _later_primary(node, inst)
    if inst.forthcoming:
        return later
    i_mem = node.i_mem + (inst.mem if inst.uses_memory else 0)
    pairs = tag_pairs(spec, inst) if inst.exclusion else []
    return later._replace(
        primaries=(inst.idx, *node.primaries),
        i_mem=i_mem,
        f_disk=node.f_disk - (inst.disk if inst.local_storage else 0),
        f_spindles=_spindles_less(spec, node.f_spindles, inst),
        fail_n1=spec.pool_mem - i_mem <= node.r_mem,
        u_cpu=node.u_cpu + (inst.vcpus if inst.online else 0),
        load=_add_load(node.load, inst.load),
        inst_spindles=_spindle_load(spec, node.inst_spindles, inst, 1),
        location_score=node.location_score + inst.location_score + unmet_wishes(spec, inst),
        pairs=counted(node.pairs, pairs) if pairs else node.pairs,
    )


def add_primary(node: Node, inst: Instance, *, force: bool = False) -> Node | FailMode:
    """Put *inst* on *node* as a primary."""
    new = with_primary(node, inst)
    if inst.forthcoming:
        fault = None if force else _later_primary_fault(new, inst)
    else:
        fault = _primary_fault(node, new, inst, strict=not force)
    return new if fault is None else fault


def _later_secondary(node: Node, inst: Instance) -> Node:
    spec = node.spec
    return node._replace(
        f_disk_forth=node.f_disk_forth - inst.disk,
        f_spindles_forth=_spindles_less(spec, node.f_spindles_forth, inst),
        inst_spindles_forth=_spindle_load(spec, node.inst_spindles_forth, inst, 1),
    )


def _later_secondary_fault(node: Node, later: Node, inst: Instance) -> FailMode | None:
    if inst.template != "drbd":
        return FailMode.FailDisk
    fault = _disk_fault(
        later.spec, later.f_disk_forth, later.f_spindles_forth, later.inst_spindles_forth,
        strict=True,
    )  # fmt: skip
    if fault is not None:
        return fault
    need = inst.mem if inst.auto_balance and inst.online else 0
    return FailMode.FailMem if need >= node.f_mem_forth else None


def with_secondary(node: Node, inst: Instance, primary: int) -> Node:
    """Return *node* with *inst* as a secondary of *primary*, without asking whether it fits."""
    spec = node.spec
    later = _later_secondary(node, inst)
    if inst.forthcoming:
        return later
    need = inst.mem if inst.needs_reserve else 0
    held = node.peers.get(primary, 0) + need
    r_mem = max(node.r_mem, held)
    return later._replace(
        secondaries=(inst.idx, *node.secondaries),
        f_disk=node.f_disk - inst.disk,
        f_spindles=_spindles_less(spec, node.f_spindles, inst),
        peers={**node.peers, primary: held},
        r_mem=r_mem,
        fail_n1=spec.pool_mem - node.i_mem <= r_mem,
        load=node.load._replace(disk=node.load.disk + inst.load.disk),
        inst_spindles=_spindle_load(spec, node.inst_spindles, inst, 1),
    )


def _secondary_fault(
    node: Node, new: Node, inst: Instance, *, strict: bool, ignore_disks: bool
) -> FailMode | None:
    """Say why *inst* may not come to *node* as a secondary; *new* is the node with it."""
    spec = node.spec
    if inst.template != "drbd" or (not ignore_disks and new.f_disk <= 0):
        return FailMode.FailDisk
    if strict and new.f_disk < spec.lo_disk:
        return FailMode.FailDisk
    if spec.exclusive and new.f_spindles < 0:
        return FailMode.FailSpindles
    return _soft_secondary_fault(node, new, inst) if strict else None


def _soft_secondary_fault(node: Node, new: Node, inst: Instance) -> FailMode | None:
    if new.inst_spindles > node.spec.hi_spindles:
        return FailMode.FailDisk
    need = inst.mem if inst.needs_reserve else 0
    if need >= node.u_mem or (new.fail_n1 and not node.fail_n1):
        return FailMode.FailMem
    return _later_secondary_fault(node, new, inst)


def add_secondary(
    node: Node, inst: Instance, primary: int, *, force: bool = False, ignore_disks: bool = False
) -> Node | FailMode:
    """Put *inst* on *node* as a secondary of node *primary*."""
    new = with_secondary(node, inst, primary)
    if inst.forthcoming:
        fault = None if force else _later_secondary_fault(node, new, inst)
    else:
        fault = _secondary_fault(node, new, inst, strict=not force, ignore_disks=ignore_disks)
    return new if fault is None else fault


def may_migrate(source: Node, target: Node) -> bool:
    """Whether the migration tags let an instance go from *source* to *target*."""
    return source.spec.migration <= target.spec.receives
