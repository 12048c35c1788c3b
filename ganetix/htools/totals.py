"""Sums over a cluster: what there is, what is used, what is left."""

from typing import NamedTuple

from ganetix.htools.model import NO_NODE, Instance, Instances, Nodes
from ganetix.htools.placement import ratio
from ganetix.htools.score import in_order, score


class Totals(NamedTuple):
    """The resources of a cluster; memory and disk in MiB."""

    f_mem: int
    f_disk: int
    f_spindles: int
    a_mem: int
    a_disk: int
    max_mem: int
    max_disk: int
    i_mem: int
    i_disk: int
    i_spindles: int
    i_cpu: int
    t_mem: float
    t_disk: float
    t_spindles: float
    t_cpu: float
    v_cpu: int
    n_cpu: float
    x_mem: int
    n_mem: int
    score: float
    instances: int


def totals(nodes: Nodes) -> Totals:
    """Add up *nodes*."""
    ordered = in_order(nodes)
    t_mem = t_disk = t_cpu = t_spindles = n_cpu = 0.0
    for node in ordered:
        spec = node.spec
        t_mem += spec.t_mem
        t_disk += spec.t_disk
        t_cpu += spec.t_cpu
        t_spindles += spec.t_spindles
        n_cpu += ratio(node.u_cpu, spec.policy.vcpu_ratio)
    room = [max(0, node.u_mem - node.r_mem) for node in ordered]
    space = [max(0, node.f_disk - node.spec.lo_disk) for node in ordered]
    return Totals(
        sum(node.u_mem for node in ordered),
        sum(node.f_disk for node in ordered),
        sum(node.f_spindles for node in ordered),
        sum(room),
        sum(space),
        max(room, default=0),
        max(space, default=0),
        sum(node.i_mem for node in ordered),
        sum(int(node.spec.t_disk) - node.f_disk for node in ordered),
        sum(node.spec.t_spindles - node.f_spindles for node in ordered),
        sum(node.u_cpu for node in ordered),
        t_mem,
        t_disk,
        t_spindles,
        t_cpu,
        sum(node.spec.hi_cpu for node in ordered),
        n_cpu,
        sum(node.spec.x_mem for node in ordered),
        sum(node.spec.n_mem for node in ordered),
        score(ordered),
        sum(len(node.primaries) for node in ordered),
    )


def split_instances(nodes: Nodes, instances: Instances) -> list[Instance]:
    """Return the instances whose nodes are in two groups."""
    return [
        inst
        for _idx, inst in sorted(instances.items())
        if inst.secondary != NO_NODE
        and nodes[inst.primary].spec.group != nodes[inst.secondary].spec.group
    ]
