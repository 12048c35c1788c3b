"""Known defects of the reference, done again: a difference is one of them only if this agrees."""

from collections.abc import Callable, Mapping
from typing import Any

from ganetix.htools import build, dedicated, iallocator
from ganetix.htools.allocate import Wanted, find_group
from ganetix.htools.faults import PlanError
from ganetix.htools.finder import Finder, targets
from ganetix.htools.model import Cluster
from ganetix.htools.options import DEFAULT_OPTIONS
from ganetix.htools.redundancy import redundant
from ganetix.htools.score import in_order
from ganetix.htools.solution import Place, annotated, group_log, settle

Json = Mapping[str, Any]


def _asked(message: Json) -> tuple[Cluster, iallocator.Request]:
    cluster, _warnings = build.assemble(iallocator.cluster(message))
    return cluster, iallocator.request(message, cluster, build.marks(cluster.tags))


def _answered(info: str, result: Any) -> dict[str, Any]:
    return {"success": True, "info": f"Request successful: {info}", "result": result}


def forgotten_groups(message: Json) -> dict[str, Any] | None:
    """Answer multi-allocate on dedicated nodes: after an instance only its group is left."""
    cluster, request = _asked(message)
    if not isinstance(request, iallocator.AllocateMany):
        return None
    good, bad = [], []
    for wanted in request.wanted:
        found = dedicated.allocate(DEFAULT_OPTIONS, cluster, wanted)
        if found.place is None:
            bad.append([wanted.inst.name, ", ".join(found.log)])
            continue
        good.append([wanted.inst.name, [node.name for node in found.place.nodes]])
        nodes, instances = settle(cluster.nodes, cluster.instances, found.place)
        group = found.place.nodes[0].spec.group
        nodes = {idx: node for idx, node in nodes.items() if node.spec.group == group}
        cluster = cluster._replace(nodes=nodes, instances=instances)
    info = f"{len(bad)} instances failed to allocate and {len(good)} were allocated successfully"
    return _answered(info, [good, bad])


def _taken_number(cluster: Cluster, wanted: Wanted) -> dict[str, Any] | None:
    group = find_group(cluster, wanted.group or "")
    nodes = {i: node for i, node in cluster.nodes.items() if node.spec.group == group.idx}
    instances = {i: inst for i, inst in cluster.instances.items() if inst.primary in nodes}
    if len(instances) not in instances:
        return None

    def accept(place: Place) -> bool:
        return redundant(*settle(nodes, instances, place), DEFAULT_OPTIONS)

    where = targets(DEFAULT_OPTIONS, in_order(nodes), wanted.needed)
    found = annotated(Finder(DEFAULT_OPTIONS, wanted.inst).find(nodes, where, accept))
    info = ", ".join(group_log(group, found))
    if found.place is None:
        raise PlanError(info)
    return _answered(info, [node.name for node in found.place.nodes])


def taken_number(message: Json) -> dict[str, Any] | None:
    """Answer allocate in one group: N+1 takes the new instance for one that has its number.

    The number is that of the instances in the group, which one of them may have already.
    """
    cluster, request = _asked(message)
    if not isinstance(request, iallocator.Allocate) or request.wanted.group is None:
        return None
    return _taken_number(cluster, request.wanted)


DEFECTS: dict[str, Callable[[Json], dict[str, Any] | None]] = {
    "dedicated": forgotten_groups,
    "number": taken_number,
}


def defect(message: Json, theirs: Any) -> str | None:
    """Return the name of the defect that leads to *theirs*, None if none does."""
    for name, answer in DEFECTS.items():
        try:
            mine = answer(message)
        except PlanError as err:
            mine = {"success": False, "info": f"Request failed: {err}", "result": []}
        except KeyError:  # the number of an instance that is not of this group
            continue
        if mine == theirs:
            return name
    return None
