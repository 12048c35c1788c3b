"""The figures of one node, in the order of the rows of the arrays that `limits` keeps."""

from math import inf

from ganetix.htools.model import Node


def room(node: Node) -> tuple[float, ...]:
    """Return what is left on *node* for each condition."""
    spec = node.spec
    if spec.exclusive:
        spindles, spindles_forth = float(node.f_spindles), float(node.f_spindles_forth)
        busy = busy_forth = inf if spec.hi_spindles >= 0 else -inf
    else:
        spindles = spindles_forth = inf
        busy, busy_forth = -node.inst_spindles, -node.inst_spindles_forth
    return (
        node.u_mem, node.f_disk, node.f_disk, spindles, busy, node.u_mem, -node.u_cpu, 0.0,
        node.f_mem_forth, node.f_disk_forth, node.f_disk_forth, spindles_forth, busy_forth,
        -node.u_cpu_forth,
    )  # fmt: skip


def bounds(node: Node) -> tuple[float, ...]:
    """Return for each condition what must not be gone below."""
    spec = node.spec
    limit = spec.policy.vcpu_ratio
    cpu = -limit if limit >= 0 else -inf
    calm = -inf if node.fail_n1 else node.r_mem + 1
    busy = -spec.hi_spindles
    return (1, 1, spec.lo_disk, 0, busy, calm, cpu, 0, 1, 1, spec.lo_disk, 0, busy, cpu)


def amounts(node: Node) -> tuple[float, ...]:
    """Return what a new instance changes by adding to it; see `wholes`.

    Memory, disk, virtual CPUs, four loads, spindles, and again those that count forthcoming
    instances.
    """
    load = node.load
    whole = node.spec.t_disk
    return (
        node.u_mem, node.f_disk if whole else 1.0, node.u_cpu, *load, node.inst_spindles,
        node.f_mem_forth, node.f_disk_forth if whole else 1.0, node.u_cpu_forth,
        node.inst_spindles_forth,
    )  # fmt: skip


def wholes(node: Node) -> tuple[float, ...]:
    """Return what the `amounts` are parts of."""
    spec = node.spec
    disk = spec.t_disk or 1.0
    spindles = spec.hi_spindles
    return (
        spec.t_mem, disk, spec.t_cpu, 1.0, 1.0, 1.0, 1.0, spindles,
        spec.t_mem, disk, spec.t_cpu, spindles,
    )  # fmt: skip
