"""Rolling maintenance: which nodes may be rebooted at the same time."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ganetix.htools.colouring import ALGORITHMS, Graph, classes, graph
from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.model import DRBD, Instance, Instances, Node, Nodes
from ganetix.htools.placement import (
    add_primary,
    add_secondary,
    remove_primary,
    remove_secondary,
)


class Conf(NamedTuple):
    """Where everything is."""

    nodes: Nodes
    instances: Instances


Batch = tuple[list[int], Conf]
Relocate = Callable[[list[int], list[int], Conf], Conf | None]


def reboot_graph(conf: Conf, chosen: Iterable[int], *, offline: bool) -> Graph:
    """Return the graph of nodes that must not go down together.

    With *offline*, instances are down anyway and only mirrors count; without, nodes whose
    instances share a secondary conflict too.
    """
    edges: list[tuple[int, int]] = []
    for _idx, inst in sorted(conf.instances.items()):
        if inst.template == DRBD:
            edges += [(inst.primary, inst.secondary), (inst.secondary, inst.primary)]
    if not offline:
        shared: dict[tuple[int, int], None] = {}
        for _idx, node in sorted(conf.nodes.items()):
            homes = [conf.instances[i].primary for i in node.secondaries]
            shared |= {(one, two): None for one in homes for two in homes}
        mirrors = set(edges)
        edges += [edge for edge in shared if edge not in mirrors]
    return graph(chosen, edges)


def colourings(of: Graph) -> list[tuple[str, list[list[int]]]]:
    """Return the groups that each algorithm finds."""
    return [(name, classes(colour(of))) for name, colour in ALGORITHMS]


def _put(conf: Conf, inst: Instance, changed: dict[int, Node]) -> Conf:
    return Conf({**conf.nodes, **changed}, {**conf.instances, inst.idx: inst})


def _move_primary(idx: int, target: int, conf: Conf) -> Conf | None:
    inst = conf.instances[idx]
    new = add_primary(conf.nodes[target], inst, force=True)
    if isinstance(new, FailMode):
        return None
    old = remove_primary(conf.nodes[inst.primary], inst)
    return _put(conf, inst._replace(primary=target), {inst.primary: old, target: new})


def _move_secondary(idx: int, target: int, conf: Conf) -> Conf | None:
    inst = conf.instances[idx]
    if target == inst.primary:
        return None
    new = add_secondary(conf.nodes[target], inst, inst.primary, force=True)
    if isinstance(new, FailMode):
        return None
    old = remove_secondary(conf.nodes[inst.secondary], inst)
    return _put(conf, inst._replace(secondary=target), {inst.secondary: old, target: new})


def _each(
    step: Callable[[int, int, Conf], Conf | None], wanted: list[int], targets: list[int], conf: Conf
) -> Conf | None:
    """Move each of *wanted* to the first of *targets* that takes it."""
    now: Conf | None = conf
    for idx in wanted:
        here = now
        if here is None:
            return None
        now = next(
            (found for target in targets if (found := step(idx, target, here)) is not None), None
        )
    return now


def _relocate_primaries(wanted: list[int], targets: list[int], conf: Conf) -> Conf | None:
    return _each(_move_primary, wanted, targets, conf)


def _relocate_secondaries(wanted: list[int], targets: list[int], conf: Conf) -> Conf | None:
    return _each(_move_secondary, wanted, targets, conf)


def unmirrored(conf: Conf, idx: int) -> list[int]:
    """Return the primaries of a node that have no mirror."""
    return [i for i in conf.nodes[idx].primaries if conf.instances[i].template != DRBD]


def _secondaries(conf: Conf, idx: int) -> list[int]:
    return list(conf.nodes[idx].secondaries)


def _clear(
    of: Callable[[Conf, int], list[int]],
    relocate: Relocate,
    wanted: Sequence[int],
    targets: list[int],
    conf: Conf,
) -> Batch:
    """Take as many of *wanted* as can be cleared together, each as early as it can be."""
    cleared: list[int] = []
    for idx in wanted:
        others = [target for target in targets if target != idx]
        group = conf.nodes[idx].spec.group
        near = [target for target in others if conf.nodes[target].spec.group == group]
        found = relocate(of(conf, idx), near, conf)
        if found is not None:
            cleared.append(idx)
            targets, conf = others, found
    return cleared, conf


def _partition(
    of: Callable[[Conf, int], list[int]],
    relocate: Relocate,
    wanted: list[int],
    targets: list[int],
    conf: Conf,
    problem: str,
) -> list[Batch]:
    """Cut *wanted* into batches that can each be cleared from the start."""
    batches = []
    while wanted:
        cleared, after = _clear(of, relocate, wanted, targets, conf)
        if not cleared:
            raise PlanError(problem)
        batches.append((cleared, after))
        wanted = [idx for idx in wanted if idx not in cleared]
    return batches


def split_unmirrored(groups: list[list[int]], targets: list[int], conf: Conf) -> list[Batch]:
    """Cut groups so that instances without a mirror fit elsewhere; raises `PlanError`."""
    problem = "Not enough capacity to move non-redundant instances"
    return [
        batch
        for group in groups
        for batch in _partition(unmirrored, _relocate_primaries, group, targets, conf, problem)
    ]


def _migrate(idx: int, conf: Conf) -> Conf:
    inst = conf.instances[idx]
    one, two = conf.nodes[inst.primary], conf.nodes[inst.secondary]
    new_p = add_primary(remove_secondary(two, inst), inst, force=True)
    new_s = add_secondary(remove_primary(one, inst), inst, two.idx, force=True)
    if isinstance(new_p, FailMode) or isinstance(new_s, FailMode):
        raise PlanError("Failed to migrate instances off nodes")
    moved = inst._replace(primary=two.idx, secondary=one.idx)
    return _put(conf, moved, {one.idx: new_s, two.idx: new_p})


def migrate_off(batch: Batch) -> Batch:
    """Migrate the mirrored primaries of a batch to their secondaries; raises `PlanError`."""
    wanted, conf = batch
    moving = [
        i for idx in wanted for i in conf.nodes[idx].primaries if conf.instances[i].template == DRBD
    ]
    for idx in moving:
        conf = _migrate(idx, conf)
    return wanted, conf


def split_secondaries(batch: Batch, targets: list[int]) -> list[Batch]:
    """Cut a batch so that its secondaries fit elsewhere; raises `PlanError`."""
    wanted, conf = batch
    problem = "Not enough capacity to move secondaries"
    return _partition(_secondaries, _relocate_secondaries, wanted, targets, conf, problem)


def moves(before: Conf, after: Conf) -> list[tuple[str, str, str | None]]:
    """Return instance, new primary and new secondary of what moved; swaps are no moves."""
    found = []
    for idx, old in sorted(before.instances.items()):
        new = after.instances[idx]
        mirrored = old.template == DRBD
        changed = old.primary != new.primary or (mirrored and old.secondary != new.secondary)
        swapped = new.primary == old.secondary and new.secondary == old.primary
        if changed and not swapped:
            second = after.nodes[new.secondary].name if mirrored else None
            found.append((new.name, after.nodes[new.primary].name, second))
    return found
