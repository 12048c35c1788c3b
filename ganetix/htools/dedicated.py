"""Allocation where every node has exclusive storage.

There the best place is the one that costs the fewest of the smallest instances that could still be
placed, the biggest disks first; then the one that leaves the least free disk.
"""

from collections.abc import Sequence

from ganetix.htools.allocate import Wanted, best_of_groups, find_group, has_networks
from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.finder import targets
from ganetix.htools.model import Cluster, Group, Instance, Node, Policy
from ganetix.htools.options import Options
from ganetix.htools.placement import add_primary, add_secondary
from ganetix.htools.policy import policy_fault
from ganetix.htools.score import in_order
from ganetix.htools.solution import Place, Solution, annotated, group_log, merge


def is_dedicated(cluster: Cluster, group: str | None) -> bool:
    """Whether all nodes that may take instances (of *group*, if given) have exclusive storage."""
    chosen = {
        idx
        for idx, found in cluster.groups.items()
        if (found.allocable if group is None else found.name == group)
    }
    return all(node.spec.exclusive for node in cluster.nodes.values() if node.spec.group in chosen)


def _smallest(policy: Policy) -> list[Instance]:
    """Return an instance of each minimum of *policy*, the biggest disks first."""
    specs = sorted((low for low, _high in policy.minmax), key=lambda spec: -spec.disk)
    return [
        Instance(
            -1, "smallest", "smallest", spec.memory, spec.disk, (), spec.cpus, "running", -1, -1,
            "plain", spindle_use=spec.spindle_use, auto_balance=False, movable=False,
        )
        for spec in specs
    ]  # fmt: skip


def _room(node: Node, samples: Sequence[Instance]) -> list[int]:
    """Count how many of each sample fit on *node*."""
    counts = []
    for inst in samples:
        count, now = 0, node
        while True:
            new = add_primary(now, inst)
            if isinstance(new, FailMode):
                break
            count, now = count + 1, new
        counts.append(count)
    return counts


def _place(options: Options, node: Node, other: Node | None, inst: Instance) -> Place | FailMode:
    """Put *inst* on *node*, and on *other* as secondary."""
    policy = node.spec.policy
    fault = policy_fault(inst, policy, exclusive=node.spec.exclusive)
    if fault is not None:
        return fault
    samples = _smallest(policy)
    placed = inst._replace(primary=node.idx, secondary=other.idx if other else -1)
    new = add_primary(node, placed, force=options.ignore_soft_errors)
    if isinstance(new, FailMode):
        return new
    lost = [a - b for a, b in zip(_room(node, samples), _room(new, samples), strict=True)]
    if other is None:
        return Place(placed, (new,), (tuple(lost), new.f_disk))
    second = add_secondary(other, placed, node.idx)
    if isinstance(second, FailMode):
        return second
    more = [a - b for a, b in zip(_room(other, samples), _room(second, samples), strict=True)]
    both = tuple(a + b for a, b in zip(lost, more, strict=True))
    return Place(placed, (new, second), (both, new.f_disk + second.f_disk))


def try_dedicated(options: Options, cluster: Cluster, group: Group, wanted: Wanted) -> Solution:
    """Find the best place in *group*; of equals the last. Raises `PlanError` without any."""
    if not has_networks(group, wanted.inst):
        raise PlanError(
            f"The group {group.name} is not connected to a network required by instance"
            f" {wanted.inst.name}"
        )
    nodes = cluster.nodes
    members = [node for node in in_order(nodes) if node.spec.group == group.idx]
    where = targets(options, members, wanted.needed)
    tries: list[tuple[Node, Node | None]] = []
    if where.singles is not None:
        tries = [(nodes[idx], None) for idx in where.singles]
    elif where.pairs is not None:
        tries = [(nodes[one], nodes[two]) for one, others in where.pairs for two in others]
    if not tries:
        raise PlanError("No online nodes" if wanted.needed == 1 else "Not enough online nodes")
    best: Place | None = None
    good = 0
    failures: dict[FailMode, int] = {}
    for node, other in tries:
        found = _place(options, node, other, wanted.inst)
        if isinstance(found, FailMode):
            merge(failures, found)
            continue
        good += 1
        if best is None or not best.metric < found.metric:  # type: ignore[operator] # both are tuples
            best = found
    return annotated(Solution(best, good, failures))


def allocate(options: Options, cluster: Cluster, wanted: Wanted) -> Solution:
    """Find the best place in the cluster, or in the group that is asked for."""
    if wanted.group is not None:
        group = find_group(cluster, wanted.group)
        found = try_dedicated(options, cluster, group, wanted)
        return found._replace(log=tuple(group_log(group, found)))
    present = sorted({node.spec.group for node in cluster.nodes.values()})
    groups = [cluster.groups[idx] for idx in present]
    best = best_of_groups(options, cluster, groups, wanted, try_dedicated)
    if isinstance(best, list):
        raise PlanError(", ".join(best))
    group, found = best
    return found._replace(log=(f"Selected group: {group.name}", *found.log))
