"""Finding a place for a new instance: on one node, on a pair, in the best group."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ganetix.htools.faults import PlanError
from ganetix.htools.finder import targets, try_alloc
from ganetix.htools.model import ALLOC_POLICIES, Cluster, Group, Instance
from ganetix.htools.options import Options
from ganetix.htools.score import in_order
from ganetix.htools.solution import (
    Solution,
    group_log,
    settle,
)


class Wanted(NamedTuple):
    """A new instance and what it asks for."""

    inst: Instance
    needed: int
    group: str | None = None


def has_networks(group: Group, inst: Instance) -> bool:
    """Whether *group* is connected to all networks of *inst*."""
    return all(network is None or network in group.networks for network in inst.networks)


def in_group(options: Options, cluster: Cluster, group: Group, wanted: Wanted) -> Solution:
    """Find the best place in one group; raises `PlanError` when the group cannot take it."""
    if not has_networks(group, wanted.inst):
        raise PlanError(
            f"The group {group.name} is not connected to a network required by instance"
            f" {wanted.inst.name}"
        )
    nodes = {i: node for i, node in cluster.nodes.items() if node.spec.group == group.idx}
    instances = {i: x for i, x in cluster.instances.items() if x.primary in nodes}
    where = targets(options, in_order(nodes), wanted.needed)
    found = try_alloc(options, nodes, instances, wanted.inst, where)
    return found._replace(log=tuple(group_log(group, found)))


def _groups_of(cluster: Cluster, allowed: Iterable[int] | None) -> list[Group]:
    present = sorted({node.spec.group for node in cluster.nodes.values()})
    chosen = None if allowed is None else set(allowed)
    return [cluster.groups[idx] for idx in present if chosen is None or idx in chosen]


Attempt = Callable[[Options, Cluster, Group, Wanted], Solution]


def try_group(options: Options, cluster: Cluster, group: Group, wanted: Wanted) -> Solution:
    """Find the best place in *group* for the score of the whole cluster; raises `PlanError`."""
    members = [node for node in in_order(cluster.nodes) if node.spec.group == group.idx]
    where = targets(options, members, wanted.needed)
    return try_alloc(options, cluster.nodes, cluster.instances, wanted.inst, where)


def best_of_groups(
    options: Options, cluster: Cluster, groups: Iterable[Group], wanted: Wanted, attempt: Attempt
) -> tuple[Group, Solution] | list[str]:
    """Take the best of *groups*: by allocation policy, then by metric; of equals the last.

    Returns the messages of all groups when none takes the instance.
    """
    log: list[str] = []
    found: list[tuple[Group, Solution]] = []
    for group in groups:
        try:
            part = attempt(options, cluster, group, wanted)
        except PlanError as err:
            log += group_log(group, str(err))
            continue
        log += group_log(group, part)
        if part.place is not None and group.allocable:
            found.append((group, part))
    if not found:
        return log
    group, part = min(found[::-1], key=_rank)
    return group, part._replace(log=tuple(log))


def best_group(
    options: Options, cluster: Cluster, wanted: Wanted, allowed: Iterable[int] | None = None
) -> tuple[Group, Solution]:
    """Find the best group for *wanted*; raises `PlanError` when no group takes it."""
    groups = _groups_of(cluster, allowed)
    if not groups:
        raise PlanError("there is no group that the instance could go to")
    log = [
        f"group {group.name} is not connected to a network required by instance {wanted.inst.name}"
        for group in groups
        if not has_networks(group, wanted.inst)
    ]
    fitting = [group for group in groups if has_networks(group, wanted.inst)]
    found = best_of_groups(options, cluster, fitting, wanted, try_group)
    if isinstance(found, list):
        raise PlanError(", ".join(log + found))
    group, part = found
    return group, part._replace(log=(*log, *part.log))


def _rank(found: tuple[Group, Solution]) -> tuple[int, object]:
    group, part = found
    metric = part.place.metric if part.place is not None else None
    return ALLOC_POLICIES.index(group.alloc_policy), metric


def find_group(cluster: Cluster, name: str) -> Group:
    """Return the group called *name*; raises `PlanError`."""
    for group in cluster.groups.values():
        if group.name == name:
            return group
    raise PlanError(f"Cannot find group {name!r}")


def allocate(options: Options, cluster: Cluster, wanted: Wanted) -> Solution:
    """Find the best place in the whole cluster, or in the group that is asked for."""
    if wanted.group is not None:
        return in_group(options, cluster, find_group(cluster, wanted.group), wanted)
    group, found = best_group(options, cluster, wanted)
    return found._replace(log=(f"Selected group: {group.name}", *found.log))


Placer = Callable[[Options, Cluster, Wanted], Solution]


def allocate_all(
    options: Options, cluster: Cluster, wanted: Iterable[Wanted], place: Placer
) -> tuple[Cluster, list[tuple[Instance, Solution]]]:
    """Place instances one after the other; raises `PlanError` when one cannot be tried at all."""
    results = []
    for one in wanted:
        found = place(options, cluster, one)
        results.append((one.inst, found))
        if found.place is not None:
            nodes, instances = settle(cluster.nodes, cluster.instances, found.place)
            cluster = cluster._replace(nodes=nodes, instances=instances)
    return cluster, results
