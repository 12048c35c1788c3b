"""hail as a function: an iallocator request in, the response out."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ganetix.htools import build, dedicated, iallocator
from ganetix.htools.allocate import (
    Wanted,
    allocate,
    allocate_all,
    best_group,
)
from ganetix.htools.evacuate import (
    ALL,
    PRIMARY,
    SECONDARY,
    Evacuation,
    evacuate,
    members,
    node_evacuate,
    offline,
)
from ganetix.htools.faults import PlanError
from ganetix.htools.finder import Targets, try_alloc
from ganetix.htools.model import (
    DRBD,
    MIRROR_EXTERNAL,
    NO_NODE,
    Cluster,
    Instance,
    Instances,
    Nodes,
    required_nodes,
)
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.placement import remove_primary
from ganetix.htools.solution import Solution, settle

Json = Mapping[str, Any]


class Answer(NamedTuple):
    """The response to a request, and the cluster after it (the same one if it failed)."""

    success: bool
    info: str
    result: Any
    after: Cluster

    def to_wire(self) -> dict[str, Any]:
        """Return the response as it is sent."""
        return {"success": self.success, "info": self.info, "result": self.result}


class Done(NamedTuple):
    """A request that succeeded."""

    info: str
    result: Any
    after: Cluster


def _with(cluster: Cluster, solution: Solution, name: Callable[[Any], Any]) -> Done:
    """Turn the solution for one instance into an answer."""
    info = ", ".join(solution.log)
    place = solution.place
    if place is None:
        raise PlanError(info)
    if place.inst.idx < 0:
        nodes, instances = settle(cluster.nodes, cluster.instances, place)
    else:
        nodes = {**cluster.nodes, **{node.idx: node for node in place.nodes}}
        instances = {**cluster.instances, place.inst.idx: place.inst}
    after = cluster._replace(nodes=nodes, instances=instances)
    return Done(info, name([node.name for node in place.nodes]), after)


def _allocate(options: Options, cluster: Cluster, request: iallocator.Allocate) -> Done:
    if options.restrict_to_nodes is None:
        options = options._replace(restrict_to_nodes=request.restrict)
    if dedicated.is_dedicated(cluster, request.wanted.group):
        return _with(cluster, dedicated.allocate(options, cluster, request.wanted), list)
    return _with(cluster, allocate(options, cluster, request.wanted), list)


def _allocate_many(options: Options, cluster: Cluster, request: iallocator.AllocateMany) -> Done:
    groups = {wanted.group for wanted in request.wanted} - {None}
    only = next(iter(groups)) if len(groups) == 1 else None
    place = dedicated.allocate if dedicated.is_dedicated(cluster, only) else allocate
    after, results = allocate_all(options, cluster, request.wanted, place)
    good, bad = [], []
    for inst, found in results:
        if found.place is None:
            bad.append([inst.name, ", ".join(found.log)])
        else:
            good.append([inst.name, [node.name for node in found.place.nodes]])
    info = f"{len(bad)} instances failed to allocate and {len(good)} were allocated successfully"
    return Done(info, [good, bad], after)


def _allocate_secondary(
    options: Options, cluster: Cluster, request: iallocator.AllocateSecondary
) -> Done:
    inst = cluster.instances[request.instance]
    if inst.secondary != NO_NODE:
        raise PlanError("Instance already has a secondary")
    old = cluster.nodes[inst.primary]
    nodes = {**cluster.nodes, old.idx: remove_primary(old, inst)}
    group = old.spec.group
    others = [i for i in sorted(nodes) if i != old.idx and nodes[i].spec.group == group]
    mirrored = inst._replace(template=DRBD)
    where = Targets(None, [(old.idx, others)])
    found = try_alloc(options, nodes, cluster.instances, mirrored, where)
    return _with(cluster._replace(nodes=nodes), found, lambda names: names[1])


def _relocate(options: Options, cluster: Cluster, request: iallocator.Relocate) -> Done:
    inst = cluster.instances[request.instance]
    if request.needed != 1:
        raise PlanError(f"Exchange {request.needed} nodes mode is not implemented")
    if inst.template == DRBD:
        mode, expected, role = SECONDARY, inst.secondary, "secondary"
    elif inst.template in MIRROR_EXTERNAL:
        mode, expected, role = PRIMARY, inst.primary, "primary"
    else:
        raise PlanError("Can't relocate non-mirrored instances")
    if request.leaving != (expected,):
        raise PlanError(
            f"Unsupported request: excluded nodes not equal to instance's {role}"
            f"({expected} versus {list(request.leaving)})"
        )
    found = node_evacuate(options, cluster.nodes, cluster.instances, mode, [inst.idx])
    if found.failed:
        raise PlanError(found.failed[0][1])
    after = found.instances[inst.idx]
    node = after.secondary if mode == SECONDARY else after.primary
    done = cluster._replace(nodes=found.nodes, instances=found.instances)
    return Done("success", [cluster.nodes[node].name], done)


def _evacuated(cluster: Cluster, found: Evacuation) -> Done:
    names = {idx: inst.name for idx, inst in cluster.instances.items()}
    moved = [
        [names[one.instance], cluster.groups[one.group].name,
         [cluster.nodes[idx].name for idx in one.nodes]]
        for one in found.moved
    ]  # fmt: skip
    failed = [[names[idx], message] for idx, message in found.failed]
    info = f"{len(failed)} instances failed to move and {len(moved)} were moved successfully"
    after = cluster._replace(nodes=found.nodes, instances=found.instances)
    return Done(info, [moved, failed, [list(jobs) for jobs in found.jobs]], after)


def _evacuate(options: Options, cluster: Cluster, request: iallocator.Evacuate) -> Done:
    found = node_evacuate(
        options, cluster.nodes, cluster.instances, request.mode, request.instances
    )
    return _evacuated(cluster, found)


def _change_group(options: Options, cluster: Cluster, request: iallocator.ChangeGroup) -> Done:
    left = {cluster.nodes[cluster.instances[idx].primary].spec.group for idx in request.instances}
    goal = [idx for idx in request.groups or sorted(cluster.groups) if idx not in left]
    barred = offline(cluster.nodes)
    groups = members(cluster.nodes)

    def choose(nodes: Nodes, instances: Instances, inst: Instance) -> tuple[int, list[int]]:
        now = cluster._replace(nodes=nodes, instances=instances)
        wanted = Wanted(inst, required_nodes(inst.template))
        group, _found = best_group(options, now, wanted, goal)
        return group.idx, [idx for idx in groups[group.idx] if idx not in barred]

    found = evacuate(
        DEFAULT_OPTIONS, cluster.nodes, cluster.instances, ALL, request.instances, choose
    )
    return _evacuated(cluster, found)


_MODES: dict[type, Callable[[Options, Cluster, Any], Done]] = {
    iallocator.Allocate: _allocate,
    iallocator.AllocateMany: _allocate_many,
    iallocator.AllocateSecondary: _allocate_secondary,
    iallocator.Relocate: _relocate,
    iallocator.Evacuate: _evacuate,
    iallocator.ChangeGroup: _change_group,
}


def answer(options: Options, cluster: Cluster, request: iallocator.Request) -> Answer:
    """Do what *request* asks for on *cluster*."""
    try:
        done = _MODES[type(request)](options, cluster, request)
    except PlanError as err:
        return Answer(False, f"Request failed: {err}", [], cluster)
    return Answer(True, f"Request successful: {done.info}", done.result, done.after)


def hail(message: Json, options: Options = DEFAULT_OPTIONS) -> dict[str, Any]:
    """Answer a parsed iallocator request; raises `PlanError` when it cannot be understood."""
    cluster, _warnings = build.assemble(iallocator.cluster(message))
    request = iallocator.request(message, cluster, build.marks(cluster.tags))
    return answer(options, cluster, request).to_wire()
