"""Moves of an instance and what the nodes look like after them."""

from typing import Final, NamedTuple

from ganetix.htools.faults import FailMode
from ganetix.htools.model import Instance, Node, Nodes
from ganetix.htools.placement import (
    add_primary,
    add_secondary,
    may_migrate,
    remove_primary,
    remove_secondary,
)

FAILOVER: Final = "failover"
FAILOVER_TO_ANY: Final = "failover-to-any"
REPLACE_PRIMARY: Final = "replace-primary"
REPLACE_SECONDARY: Final = "replace-secondary"
REPLACE_AND_FAILOVER: Final = "replace-and-failover"
FAILOVER_AND_REPLACE: Final = "failover-and-replace"


class Move(NamedTuple):
    """A kind of move and the number of the node that newly gets the instance (-1 for failover)."""

    kind: str
    target: int = -1


class Applied(NamedTuple):
    """What a move leads to: the nodes that it changed and the instance in its new place."""

    changed: dict[int, Node]
    inst: Instance


Outcome = Applied | FailMode


def shared_locations(one: Node, other: Node) -> int:
    """Count the location tags that two nodes share."""
    return len(one.spec.locations & other.spec.locations)


def _with(inst: Instance, one: Node, other: Node) -> Instance:
    """Return *inst* with the location score of living on *one* and *other*."""
    if not (one.spec.locations or other.spec.locations or inst.location_score):
        return inst
    return inst._replace(location_score=shared_locations(one, other))


def _failover(nodes: Nodes, inst: Instance, _target: int, force: bool) -> Outcome:
    old_p, old_s = nodes[inst.primary], nodes[inst.secondary]
    if not may_migrate(old_p, old_s):
        return FailMode.FailMig
    forced = old_p.offline or force
    new_p = add_primary(remove_secondary(old_s, inst), inst, force=forced)
    if isinstance(new_p, FailMode):
        return new_p
    new_s = add_secondary(
        remove_primary(old_p, inst), inst, old_s.idx, force=forced, ignore_disks=old_p.offline
    )
    if isinstance(new_s, FailMode):
        return new_s
    moved = inst._replace(primary=old_s.idx, secondary=old_p.idx)
    return Applied({old_p.idx: new_s, old_s.idx: new_p}, moved)


def _failover_to_any(nodes: Nodes, inst: Instance, target: int, force: bool) -> Outcome:
    old_p, new_p = nodes[inst.primary], nodes[target]
    if not may_migrate(old_p, new_p):
        return FailMode.FailMig
    added = add_primary(new_p, inst, force=old_p.offline or force)
    if isinstance(added, FailMode):
        return added
    moved = inst._replace(primary=target)
    return Applied({old_p.idx: remove_primary(old_p, inst), target: added}, moved)


def _replace_primary(nodes: Nodes, inst: Instance, target: int, force: bool) -> Outcome:
    old_p, old_s, new = nodes[inst.primary], nodes[inst.secondary], nodes[target]
    left_s = remove_secondary(old_s, inst)
    moved = _with(inst, new, left_s)._replace(primary=target)
    forced = old_p.offline or force
    if not (may_migrate(old_p, old_s) and may_migrate(old_s, new)):
        return FailMode.FailMig
    # The secondary hosts the instance for a while.
    visited = add_primary(left_s, moved, force=forced)
    if isinstance(visited, FailMode):
        return visited
    new_p = add_primary(new, moved, force=forced)
    if isinstance(new_p, FailMode):
        return new_p
    new_s = add_secondary(remove_primary(visited, moved), moved, target, force=forced)
    if isinstance(new_s, FailMode):
        return new_s
    return Applied({target: new_p, old_p.idx: remove_primary(old_p, inst), old_s.idx: new_s}, moved)


def _replace_secondary(nodes: Nodes, inst: Instance, target: int, force: bool) -> Outcome:
    old_p, old_s, new = nodes[inst.primary], nodes[inst.secondary], nodes[target]
    moved = _with(inst, old_p, new)._replace(secondary=target)
    new_s = add_secondary(new, moved, old_p.idx, force=old_s.offline or force)
    if isinstance(new_s, FailMode):
        return new_s
    new_p = add_primary(remove_primary(old_p, inst), moved, force=True)
    if isinstance(new_p, FailMode):
        return new_p
    return Applied(
        {old_p.idx: new_p, old_s.idx: remove_secondary(old_s, inst), target: new_s}, moved
    )


def _replace_and_failover(nodes: Nodes, inst: Instance, target: int, force: bool) -> Outcome:
    old_p, old_s, new = nodes[inst.primary], nodes[inst.secondary], nodes[target]
    moved = _with(inst, new, old_p)._replace(primary=target, secondary=old_p.idx)
    if not may_migrate(old_p, new):
        return FailMode.FailMig
    new_p = add_primary(new, moved, force=force)
    if isinstance(new_p, FailMode):
        return new_p
    left_p = remove_primary(old_p, inst)
    new_s = add_secondary(left_p, moved, target, force=old_s.offline or force)
    if isinstance(new_s, FailMode):
        return new_s
    return Applied(
        {target: new_p, old_p.idx: new_s, old_s.idx: remove_secondary(old_s, inst)}, moved
    )


def _failover_and_replace(nodes: Nodes, inst: Instance, target: int, force: bool) -> Outcome:
    old_p, old_s, new = nodes[inst.primary], nodes[inst.secondary], nodes[target]
    moved = _with(inst, old_s, new)._replace(primary=old_s.idx, secondary=target)
    if not may_migrate(old_p, old_s):
        return FailMode.FailMig
    forced = old_p.offline or force
    new_p = add_primary(remove_secondary(old_s, inst), moved, force=forced)
    if isinstance(new_p, FailMode):
        return new_p
    new_s = add_secondary(new, moved, old_s.idx, force=forced)
    if isinstance(new_s, FailMode):
        return new_s
    return Applied({target: new_s, old_s.idx: new_p, old_p.idx: remove_primary(old_p, inst)}, moved)


_STEPS = {
    FAILOVER: _failover,
    FAILOVER_TO_ANY: _failover_to_any,
    REPLACE_PRIMARY: _replace_primary,
    REPLACE_SECONDARY: _replace_secondary,
    REPLACE_AND_FAILOVER: _replace_and_failover,
    FAILOVER_AND_REPLACE: _failover_and_replace,
}


def apply_move(nodes: Nodes, inst: Instance, move: Move, *, force: bool = False) -> Outcome:
    """Return what *move* of *inst* leads to, or why it cannot be done."""
    return _STEPS[move.kind](nodes, inst, move.target, force)
