"""What an operation would move where, before it runs: the same answers that hail would give."""

from collections.abc import Sequence
from typing import NamedTuple

from ganetix.htools import hail, iallocator
from ganetix.htools.allocate import Wanted
from ganetix.htools.evacuate import PRIMARY, SECONDARY, evacuate, node_evacuate
from ganetix.htools.faults import PlanError
from ganetix.htools.finder import Targets, try_alloc
from ganetix.htools.model import DRBD, Cluster, Instance, Instances, Nodes, required_nodes
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.plans import Outcome, outcome
from ganetix.htools.solution import settle


class Shift(NamedTuple):
    """An instance and the names of its nodes before and after; a new one has none before."""

    instance: str
    old: tuple[str, ...]
    new: tuple[str, ...]


class Proposal(NamedTuple):
    """What would move, what can't, and what becomes of the cluster."""

    shifts: tuple[Shift, ...]
    failed: tuple[tuple[str, str], ...]
    before: Outcome
    after: Outcome


def proposal(
    old: Cluster,
    new: Cluster,
    failed: Sequence[tuple[str, str]] = (),
    options: Options = DEFAULT_OPTIONS,
) -> Proposal:
    """Say what is different in *new*."""
    return Proposal(
        _shifts(old, new),
        tuple(failed),
        outcome(old.nodes, old.instances, options),
        outcome(new.nodes, new.instances, options),
    )


def _shifts(old: Cluster, new: Cluster) -> tuple[Shift, ...]:
    found = []
    for idx, inst in new.instances.items():
        before = old.instances.get(idx)
        if before is None or before.nodes != inst.nodes:
            homes = () if before is None else _names(old, before)
            found.append(Shift(inst.name, homes, _names(new, inst)))
    return tuple(sorted(found))


def _names(cluster: Cluster, inst: Instance) -> tuple[str, ...]:
    return tuple(cluster.nodes[idx].name for idx in inst.nodes)


def find_node(cluster: Cluster, name: str) -> int:
    """Return the number of the node called *name*, in full or up to a dot; raises `PlanError`."""
    for exact in (True, False):
        for idx, node in cluster.nodes.items():
            if node.name == name or (not exact and node.name.startswith(f"{name}.")):
                return idx
    raise PlanError(f"There is no node {name}")


def evacuation(
    cluster: Cluster, node: int, mode: str, options: Options = DEFAULT_OPTIONS
) -> Proposal:
    """Plan the evacuation of *node*: primary-only, secondary-only or all, as the master does."""
    failed: list[tuple[str, str]] = []
    after = cluster
    if mode in (PRIMARY, "all"):
        wanted = [idx for idx, one in sorted(cluster.instances.items()) if one.primary == node]
        after = _evacuated(after, PRIMARY, wanted, failed, options)
    if mode in (SECONDARY, "all"):
        # Those that have just failed over have their mirror here now.
        wanted = [
            idx
            for idx, one in sorted(after.instances.items())
            if one.secondary == node and one.template == DRBD
        ]
        after = _evacuated(after, SECONDARY, wanted, failed, options)
    return proposal(cluster, after, failed, options)


def _evacuated(
    cluster: Cluster,
    mode: str,
    wanted: Sequence[int],
    failed: list[tuple[str, str]],
    options: Options,
) -> Cluster:
    found = node_evacuate(options, cluster.nodes, cluster.instances, mode, wanted)
    failed += [(cluster.instances[idx].name, why) for idx, why in found.failed]
    return cluster._replace(nodes=found.nodes, instances=found.instances)


def mirrors_to(
    cluster: Cluster, node: int, target: int, options: Options = DEFAULT_OPTIONS
) -> Proposal:
    """Plan that all mirrors of *node* go to *target*."""
    wanted = [
        idx
        for idx, one in sorted(cluster.instances.items())
        if one.secondary == node and one.template == DRBD
    ]

    def choose(now: Nodes, _instances: Instances, inst: Instance) -> tuple[int, list[int]]:
        return now[inst.primary].spec.group, [target] if target != inst.primary else []

    found = evacuate(options, cluster.nodes, cluster.instances, SECONDARY, wanted, choose)
    failed = [(cluster.instances[idx].name, why) for idx, why in found.failed]
    after = cluster._replace(nodes=found.nodes, instances=found.instances)
    return proposal(cluster, after, failed, options)


def group_evacuation(
    cluster: Cluster,
    group: int,
    goals: Sequence[int] = (),
    options: Options = DEFAULT_OPTIONS,
) -> Proposal:
    """Plan the evacuation of *group* to *goals*, or to any other group; raises `PlanError`."""
    wanted = tuple(
        idx
        for idx, one in sorted(cluster.instances.items())
        if any(cluster.nodes[home].spec.group == group for home in one.nodes)
    )
    answer = hail.answer(options, cluster, iallocator.ChangeGroup(wanted, tuple(goals)))
    if not answer.success:
        raise PlanError(answer.info)
    failed = [(str(name), str(why)) for name, why in answer.result[1]]
    return proposal(cluster, answer.after, failed, options)


def creation(cluster: Cluster, wanted: Wanted, options: Options = DEFAULT_OPTIONS) -> Proposal:
    """Plan a new instance; raises `PlanError` when it fits nowhere."""
    answer = hail.answer(options, cluster, iallocator.Allocate(wanted, None))
    if not answer.success:
        raise PlanError(answer.info)
    return proposal(cluster, answer.after, (), options)


def creation_at(
    cluster: Cluster, inst: Instance, homes: Sequence[int], options: Options = DEFAULT_OPTIONS
) -> Proposal:
    """Plan a new instance on the nodes *homes*, primary first; raises `PlanError`."""
    if len(homes) != required_nodes(inst.template):
        raise PlanError(f"Disk template {inst.template} does not go with {len(homes)} nodes")
    first, *others = homes
    where = Targets(None, [(first, others)]) if others else Targets([first], None)
    found = try_alloc(options, cluster.nodes, cluster.instances, inst, where)
    if found.place is None:
        raise PlanError(", ".join(found.log))
    nodes, instances = settle(cluster.nodes, cluster.instances, found.place)
    return proposal(cluster, cluster._replace(nodes=nodes, instances=instances), (), options)
