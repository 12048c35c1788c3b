"""Moving instances away from nodes and groups: what the iallocator modes of that kind need."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.jobs import opcodes
from ganetix.htools.model import (
    DRBD,
    MIRROR_EXTERNAL,
    NO_NODE,
    Instance,
    Instances,
    Node,
    Nodes,
    by_group,
)
from ganetix.htools.moves import (
    FAILOVER,
    FAILOVER_TO_ANY,
    REPLACE_SECONDARY,
    Applied,
    Move,
    apply_move,
)
from ganetix.htools.options import Options
from ganetix.htools.score import score

PRIMARY, SECONDARY, ALL = "primary-only", "secondary-only", "all"
Jobs = list[dict[str, Any]]
Evacuated = tuple[Nodes, Instances, Jobs]


class Moved(NamedTuple):
    """An instance that moved: its number, its group, its nodes."""

    instance: int
    group: int
    nodes: tuple[int, ...]


class Evacuation(NamedTuple):
    """What an evacuation came to, with the jobs that do it."""

    nodes: Nodes
    instances: Instances
    moved: tuple[Moved, ...]
    failed: tuple[tuple[int, str], ...]
    jobs: tuple[Jobs, ...]


def group_score(nodes: Nodes, group: int) -> float:
    """Return the score of one group."""
    return score(nodes[idx] for idx in sorted(nodes) if nodes[idx].spec.group == group)


def _best_target(
    options: Options,
    nodes: Nodes,
    inst: Instance,
    group: int,
    kind: str,
    targets: Iterable[int],
) -> tuple[Applied, Move]:
    """Try each of *targets*; the lowest score of the group wins, of equals the last."""
    best: tuple[float, Applied, Move] | None = None
    messages = ""
    for idx in targets:
        move = Move(kind, idx)
        applied = apply_move(nodes, inst, move, force=options.ignore_soft_errors)
        if isinstance(applied, FailMode):
            messages += f" Node {nodes[idx].name} failed: {applied.name};"
            continue
        reached = group_score({**nodes, **applied.changed}, group)
        if best is None or not best[0] < reached:
            best = reached, applied, move
    if best is None:
        raise PlanError(f"Can't find any good node: {messages}")
    return best[1], best[2]


def _one_node(
    options: Options,
    nodes: Nodes,
    instances: Instances,
    inst: Instance,
    group: int,
    targets: Iterable[int],
) -> Evacuated:
    """Change one node of *inst*: the secondary of a mirrored one, the primary on shared storage."""
    if inst.template == DRBD:
        kind = REPLACE_SECONDARY
    elif inst.template in MIRROR_EXTERNAL:
        kind = FAILOVER_TO_ANY
    else:
        raise PlanError("Can't relocate/evacuate non-mirrored instances")
    applied, move = _best_target(options, nodes, inst, group, kind, targets)
    after = {**nodes, **applied.changed}
    jobs = opcodes(inst, move, nodes[move.target].name)
    return after, {**instances, inst.idx: applied.inst}, jobs


def _fail_over(options: Options, nodes: Nodes, instances: Instances, inst: Instance) -> Evacuated:
    applied = apply_move(nodes, inst, Move(FAILOVER), force=options.ignore_soft_errors)
    if isinstance(applied, FailMode):
        raise PlanError(applied.name)
    after = {**nodes, **applied.changed}
    return after, {**instances, inst.idx: applied.inst}, opcodes(inst, Move(FAILOVER), "")


def evacuate_primary(
    options: Options,
    nodes: Nodes,
    instances: Instances,
    inst: Instance,
    group: int,
    targets: Sequence[int],
) -> Evacuated:
    """Move the primary of *inst* away; raises `PlanError` when it cannot be."""
    return evacuate_instance(options, nodes, instances, inst, PRIMARY, group, targets)


class _Path(NamedTuple):
    """An instance on its way to a new pair of nodes."""

    nodes: Nodes
    inst: Instance
    moves: tuple[tuple[Move, str], ...]


def _step(options: Options, path: _Path, move: Move, what: str) -> _Path:
    applied = apply_move(path.nodes, path.inst, move, force=options.ignore_soft_errors)
    if isinstance(applied, FailMode):
        raise PlanError(f"{what}: {applied.name}")
    name = path.nodes[move.target].name if move.target != NO_NODE else ""
    after = {**path.nodes, **applied.changed}
    return _Path(after, applied.inst, (*path.moves, (move, name)))


def _both_nodes(options: Options, start: _Path, primary: int, secondary: int) -> _Path:
    path = _step(
        options, start, Move(REPLACE_SECONDARY, primary), "Changing secondary to new primary"
    )
    path = _step(options, path, Move(FAILOVER), "Failing over to new primary")
    return _step(
        options, path, Move(REPLACE_SECONDARY, secondary), "Changing secondary to final secondary"
    )


def _change_all(
    options: Options,
    nodes: Nodes,
    instances: Instances,
    inst: Instance,
    group: int,
    targets: Sequence[int],
) -> Evacuated:
    """Give a mirrored instance the best new pair of nodes; of equals the last."""
    best: tuple[float, _Path] | None = None
    message = "no nodes available"
    for primary in targets:
        for secondary in targets:
            if primary == secondary:
                continue
            try:
                path = _Path(nodes, inst, ())
                if nodes[inst.primary].offline:
                    path = _step(options, path, Move(FAILOVER), "Failing over to the secondary")
                path = _both_nodes(options, path, primary, secondary)
            except PlanError as err:
                message = f"Allocation failed: {err}"
                continue
            reached = group_score(path.nodes, group)
            if best is None or not best[0] < reached:
                best = reached, path
    if best is None:
        raise PlanError(f"Can't find any good nodes for relocation: {message}")
    path = best[1]
    jobs = [op for move, name in path.moves for op in opcodes(inst, move, name)]
    return path.nodes, {**instances, inst.idx: path.inst}, jobs


def evacuate_instance(
    options: Options,
    nodes: Nodes,
    instances: Instances,
    inst: Instance,
    mode: str,
    group: int,
    targets: Sequence[int],
) -> Evacuated:
    """Move *inst* within or into *group*, to *targets*; raises `PlanError` when it cannot be."""
    if inst.template in ("plain", "file"):
        raise PlanError(f"Instances of type {inst.template} cannot be relocated")
    if inst.template != DRBD:
        if mode == SECONDARY:
            raise PlanError(
                f"Instances with disk template '{inst.template}' can't execute change secondary"
            )
        return _one_node(options, nodes, instances, inst, group, targets)
    if mode == PRIMARY:
        return _fail_over(options, nodes, instances, inst)
    if mode == SECONDARY:
        return _one_node(options, nodes, instances, inst, group, targets)
    return _change_all(options, nodes, instances, inst, group, targets)


Chooser = Callable[[Nodes, Instances, Instance], tuple[int, list[int]]]


def evacuate(
    options: Options,
    nodes: Nodes,
    instances: Instances,
    mode: str,
    wanted: Iterable[int],
    choose: Chooser,
) -> Evacuation:
    """Move the *wanted* instances one after the other to where *choose* says."""
    moved: list[Moved] = []
    failed: list[tuple[int, str]] = []
    jobs: list[Jobs] = []
    initial = instances
    for idx in wanted:
        inst = initial[idx]
        try:
            group, targets = choose(nodes, instances, inst)
            nodes, instances, steps = evacuate_instance(
                options, nodes, instances, inst, mode, group, targets
            )
        except PlanError as err:
            failed.append((idx, str(err)))
            continue
        after = instances[idx]
        moved.append(Moved(idx, nodes[after.primary].spec.group, after.nodes))
        jobs.append(steps)
    return Evacuation(nodes, instances, tuple(moved), tuple(failed), tuple(jobs))


def evacuated_nodes(instances: Instances, mode: str, wanted: Iterable[int]) -> set[int]:
    """Return the nodes that an evacuation in *mode* leaves."""
    leaving: set[int] = set()
    for idx in wanted:
        inst = instances[idx]
        if mode in (PRIMARY, ALL):
            leaving.add(inst.primary)
        if mode in (SECONDARY, ALL) and inst.template == DRBD:
            leaving.add(inst.secondary)
    return leaving - {NO_NODE}


def members(nodes: Nodes) -> dict[int, list[int]]:
    """Return the numbers of the nodes of each group."""
    return {group: [node.idx for node in found] for group, found in by_group(nodes).items()}


def offline(nodes: Nodes) -> set[int]:
    """Return the numbers of the offline nodes."""
    return {node.idx for node in nodes.values() if _away(node)}


def _away(node: Node) -> bool:
    return node.spec.offline


def node_evacuate(
    options: Options, nodes: Nodes, instances: Instances, mode: str, wanted: Sequence[int]
) -> Evacuation:
    """Move instances off their nodes, within their groups."""
    barred = evacuated_nodes(instances, mode, wanted) | offline(nodes)
    groups = members(nodes)

    def choose(now: Nodes, _instances: Instances, inst: Instance) -> tuple[int, list[int]]:
        group = now[inst.primary].spec.group
        return group, [idx for idx in groups[group] if idx not in barred and idx != inst.primary]

    return evacuate(options, nodes, instances, mode, wanted, choose)
