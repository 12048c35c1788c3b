"""hail with its reasons: why an instance goes where it goes, and what the other places lack."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ganetix.htools import build, hail, iallocator
from ganetix.htools.allocate import Wanted, has_networks
from ganetix.htools.evacuate import PRIMARY, SECONDARY, evacuated_nodes, group_score
from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.finder import targets
from ganetix.htools.fixed import fixed
from ganetix.htools.hail import Answer
from ganetix.htools.model import DRBD, Cluster, Instance, Node, Nodes
from ganetix.htools.moves import FAILOVER_TO_ANY, REPLACE_SECONDARY, Move, apply_move
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.plans import Candidate, explain, explain_around, explain_moves
from ganetix.htools.redundancy import redundant
from ganetix.htools.score import cluster_score, in_order

Json = Mapping[str, Any]
FEW_PLACES: Final = 40
"""So many places are all explained; of more, those that are nearly the chosen one."""
SOME_NODES: Final = 45
"""Up to so many nodes plain Python is fast enough."""
MOST_MOVES: Final = 2_000
"""Instances times nodes squared up to which each move of an evacuation is explained."""
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
    if len(cluster.nodes) > SOME_NODES:
        # Whoever calls this function goes on living: importing NumPy once pays for it.
        importlib.import_module("numpy")
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
        found = places(here, cluster, wanted, answer.result)
        why = sentences(found, cluster_score(cluster.nodes))
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
        found = places(options, cluster, request.wanted, answer.result)
        return [*sentences(found, cluster_score(cluster.nodes)), *_left_out(cluster)]
    if not answer.success:
        return []
    told = _effect(options, cluster, answer.after)
    if isinstance(request, iallocator.Relocate):
        inst = cluster.instances[request.instance]
        mode = SECONDARY if inst.template == DRBD else PRIMARY
        told = [*_moves(options, cluster, answer.after, [inst.idx], mode), *told]
    if isinstance(request, iallocator.Evacuate):
        told = [*_moves(options, cluster, answer.after, request.instances, request.mode), *told]
    if isinstance(request, iallocator.ChangeGroup):
        told = [*_moves(options, cluster, answer.after, request.instances, PRIMARY), *told]
    return [*told, *_left_out(cluster)]


def places(
    options: Options, cluster: Cluster, wanted: Wanted, chosen: Sequence[str]
) -> list[Candidate]:
    """Return the places for a new instance, the best first.

    Where there are many, only those that differ from the one that was *chosen* (names) by one
    node, and none when no place was found.
    """
    usable = [node for node in in_order(cluster.nodes) if _open(cluster, node, wanted)]
    where = targets(options, usable, wanted.needed)
    count = len(where.singles or ()) + sum(len(twos) for _one, twos in where.pairs or ())
    if count <= FEW_PLACES:
        return explain(options, cluster.nodes, cluster.instances, wanted.inst, where)
    if not chosen:
        return []
    by_name = {node.name: node.idx for node in usable}
    fitting = where.singles or [one for one, _twos in where.pairs or ()]
    taken = [by_name[name] for name in chosen]
    return explain_around(options, cluster.nodes, wanted.inst, taken, fitting)


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


def _moves(
    options: Options, cluster: Cluster, after: Cluster, wanted: Sequence[int], mode: str
) -> list[str]:
    """Say of each instance that moves, one after the other, why it goes where it goes."""
    if len(wanted) * len(cluster.nodes) ** 2 > MOST_MOVES:
        return []
    told: list[str] = []
    nodes = cluster.nodes
    for idx in wanted:
        inst, new = cluster.instances[idx], after.instances[idx]
        move = _move_of(inst, new, mode)
        if move is None:
            continue
        found = explain_moves(options, nodes, inst, move.kind, _choice(nodes, inst, new, mode))
        now = group_score(nodes, nodes[new.primary].spec.group)
        prefix = f"{inst.name}: " if len(wanted) > 1 else ""
        told += [f"{prefix}{line}" for line in sentences(found, now)]
        applied = apply_move(nodes, inst, move, force=True)
        if not isinstance(applied, FailMode):
            nodes = {**nodes, **applied.changed}
    return told


def _move_of(inst: Instance, new: Instance, mode: str) -> Move | None:
    """Return the move from *inst* to *new*, where that was a choice among nodes."""
    if inst.nodes == new.nodes:
        return None
    if inst.template != DRBD:
        return Move(FAILOVER_TO_ANY, new.primary)
    return Move(REPLACE_SECONDARY, new.secondary) if mode == SECONDARY else None


def _choice(nodes: Nodes, inst: Instance, new: Instance, mode: str) -> list[int]:
    """Return the nodes among which the new one was chosen."""
    group = nodes[new.primary].spec.group
    barred = {inst.primary, *evacuated_nodes({inst.idx: inst}, mode, [inst.idx])}
    return [
        node.idx
        for node in in_order(nodes)
        if node.spec.group == group and not node.offline and node.idx not in barred
    ]


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
