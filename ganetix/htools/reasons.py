"""hail with its reasons: why an instance goes where it goes, and what the other places lack."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ganetix.htools import build, hail, iallocator
from ganetix.htools.allocate import Wanted, has_networks
from ganetix.htools.evacuate import evacuated_nodes
from ganetix.htools.faults import PlanError
from ganetix.htools.finder import targets
from ganetix.htools.fixed import fixed
from ganetix.htools.hail import Answer
from ganetix.htools.model import DRBD, MIRROR_EXTERNAL, Cluster, Node
from ganetix.htools.moves import FAILOVER_TO_ANY, REPLACE_SECONDARY
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.plans import Candidate, explain, explain_moves
from ganetix.htools.redundancy import redundant
from ganetix.htools.score import cluster_score, in_order

Json = Mapping[str, Any]
MOST_PLACES: Final = 8_000
"""So many places are explained; where there are more, looking at all of them again takes long."""
SHOWN: Final = 4
"""Places beside the best one that are told."""


def answer_with_reasons(message: Json, given: Json) -> dict[str, Any]:
    """Answer a parsed iallocator request, and give reasons (a list of sentences) with it.

    *given* are hail's options by their long names, as ``default_iallocator_params`` has them.
    Raises `PlanError` when request or options can't be understood.
    """
    options, wishes = options_of(given)
    cluster, _warnings = build.assemble(iallocator.cluster(message), wishes)
    request = iallocator.request(message, cluster, build.marks(cluster.tags))
    if isinstance(request, iallocator.AllocateMany):
        rows = message["request"]["instances"]
        limits = [row.get("restrict-to-nodes") for row in rows]
        return _placed_one_by_one(options, cluster, request, limits)
    answer = hail.answer(options, cluster, request)
    return {**answer.to_wire(), "reasons": reasons(options, cluster, request, answer)}


def _placed_one_by_one(
    options: Options,
    cluster: Cluster,
    request: iallocator.AllocateMany,
    limits: Sequence[Sequence[str] | None],
) -> dict[str, Any]:
    """Place instances one after the other, each on the cluster with those before it.

    The program gives up when one of them fits nowhere; here the others are placed all the same.
    """
    good: list[list[Any]] = []
    bad: list[list[str]] = []
    told: list[str] = []
    for wanted, limit in zip(request.wanted, limits, strict=True):
        here = options if limit is None else options._replace(restrict_to_nodes=tuple(limit))
        answer = hail.answer(here, cluster, iallocator.Allocate(wanted, None))
        why = sentences(places(here, cluster, wanted), cluster_score(cluster.nodes))
        told += [f"{wanted.inst.name}: {line}" for line in why]
        if answer.success:
            good.append([wanted.inst.name, answer.result])
        else:
            bad.append([wanted.inst.name, answer.info])
        cluster = answer.after
    info = f"{len(bad)} instances failed to allocate and {len(good)} were allocated successfully"
    return {"success": True, "info": info, "result": [good, bad], "reasons": told}


def options_of(given: Json) -> tuple[Options, build.Wishes]:
    """Return hail's options *given* by name; raises `PlanError` for others."""
    options, wishes = DEFAULT_OPTIONS, build.NO_WISHES
    for name, value in given.items():
        if name == "ignore-soft-errors":
            options = options._replace(ignore_soft_errors=True)
        elif name == "no-capacity-checks":
            options = options._replace(capacity=False)
        elif name == "restrict-allocation-to":
            options = options._replace(restrict_to_nodes=tuple(str(value).split(",")))
        elif name == "ignore-dynu":
            wishes = wishes._replace(ignore_loads=True)
        elif name == "static-kvm-node-memory" and str(value).isdecimal():
            wishes = wishes._replace(kvm_memory=int(value))
        else:
            raise PlanError(f"hail inside the master has no option {name}={value}")
    return options, wishes


def reasons(
    options: Options, cluster: Cluster, request: iallocator.Request, answer: Answer
) -> list[str]:
    """Return why *answer* is what it is, a sentence each."""
    if isinstance(request, iallocator.Allocate):
        if request.restrict is not None and options.restrict_to_nodes is None:
            options = options._replace(restrict_to_nodes=request.restrict)
        found = places(options, cluster, request.wanted)
        return [*sentences(found, cluster_score(cluster.nodes)), *_left_out(cluster)]
    if isinstance(request, iallocator.Relocate) and answer.success:
        return [*_relocated(options, cluster, request), *_effect(options, cluster, answer.after)]
    return _effect(options, cluster, answer.after) if answer.success else []


def places(options: Options, cluster: Cluster, wanted: Wanted) -> list[Candidate]:
    """Return the places for a new instance, the best first; none where there are too many."""
    nodes = [node for node in in_order(cluster.nodes) if _open(cluster, node, wanted)]
    if len(nodes) ** wanted.needed > MOST_PLACES:
        return []
    where = targets(options, nodes, wanted.needed)
    return explain(options, cluster.nodes, cluster.instances, wanted.inst, where)


def _open(cluster: Cluster, node: Node, wanted: Wanted) -> bool:
    """Whether the group of *node* takes the instance."""
    group = cluster.groups[node.spec.group]
    named = group.allocable if wanted.group is None else group.name == wanted.group
    return named and has_networks(group, wanted.inst)


def sentences(found: Sequence[Candidate], before: float) -> list[str]:
    """Say why the first of *found* is the best; *before* is the score without the instance."""
    good = [one for one in found if one.score is not None]
    told = []
    if good and good[0].score is not None:
        best = good[0].score
        told.append(
            f"{_names(good[0])}: score {fixed(best, 8)} (now {fixed(before, 8)}), the best of "
            f"{len(good)} possible of {len(found)} places."
        )
        told += [
            f"{_names(one)}: score {fixed(one.score or 0.0, 8)}, "
            + ("just as good." if one.score == best else f"worse by {_more(one, best)}.")
            for one in good[1 : SHOWN + 1]
        ]
    return told + lacking([one for one in found if one.lacks is not None])


def _more(one: Candidate, best: float) -> str:
    return fixed((one.score or 0.0) - best, 8)


def lacking(bad: Sequence[Candidate]) -> list[str]:
    """Return sentences on places that are impossible; many with one reason are counted."""
    by_reason: dict[str, list[Candidate]] = {}
    for one in bad:
        by_reason.setdefault(one.lacks or "", []).append(one)
    told = []
    for lacks, ones in by_reason.items():
        shown = ", ".join(_names(one) for one in ones[:SHOWN])
        more = f" and {len(ones) - SHOWN} more" if len(ones) > SHOWN else ""
        told.append(f"{shown}{more}: not enough {lacks}.")
    return told


def _names(one: Candidate) -> str:
    return "/".join(one.nodes)


def _left_out(cluster: Cluster) -> list[str]:
    """Name the nodes that no new instance may go to."""
    names = [node.name for node in in_order(cluster.nodes) if node.spec.offline]
    return [f"{', '.join(names)}: offline, drained or silent."] if names else []


def _relocated(options: Options, cluster: Cluster, request: iallocator.Relocate) -> list[str]:
    inst = cluster.instances[request.instance]
    if inst.template != DRBD and inst.template not in MIRROR_EXTERNAL:
        return []
    kind = REPLACE_SECONDARY if inst.template == DRBD else FAILOVER_TO_ANY
    mode = "secondary-only" if inst.template == DRBD else "primary-only"
    barred = {inst.primary, *evacuated_nodes(cluster.instances, mode, [inst.idx])}
    group = cluster.nodes[inst.primary].spec.group
    fitting = [
        node.idx
        for node in in_order(cluster.nodes)
        if node.spec.group == group and not node.spec.offline and node.idx not in barred
    ]
    if len(fitting) * len(cluster.nodes) > MOST_PLACES:
        return []
    found = explain_moves(options, cluster.nodes, cluster.instances, inst, kind, fitting)
    return sentences(found, cluster_score(cluster.nodes)) + _left_out(cluster)


def _effect(options: Options, before: Cluster, after: Cluster) -> list[str]:
    """Say what becomes of the cluster."""
    old, new = (cluster_score(one.nodes) for one in (before, after))
    was, will = (redundant(one.nodes, one.instances, options) for one in (before, after))
    safe = "survives" if will else "does not survive"
    still = "" if was == will else (" again" if will else " any more")
    return [
        f"The cluster's score goes from {fixed(old, 8)} to {fixed(new, 8)}; it {safe} the loss of "
        f"any one node{still}."
    ]
