"""Global N+1: whether each node could be emptied with what the others have.

Note. A node is emptied in three steps: mirrored instances fail over, instances on shared storage
move to the best other node, the rest is created anew on the best other node, biggest first. Soft
limits do not count. The first step is a sum for each secondary. For the other two it is enough that
one node could take everything that is left: then every choice on the way leaves that one free. Only
where no such node exists are the choices played through as the reference plays them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ganetix.htools.evacuate import evacuate_primary
from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.model import DRBD, Instance, Instances, Node, Nodes
from ganetix.htools.moves import FAILOVER, Move, apply_move
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.placement import add_primary, may_migrate
from ganetix.htools.policy import policy_fault
from ganetix.htools.score import cluster_score

# What moves in the second step; the reference leaves blockdev to the third.
EVACUATED = frozenset({"diskless", "sharedfile", "rbd", "ext", "gluster"})
FORCED = DEFAULT_OPTIONS._replace(ignore_soft_errors=True, evac_mode=True)


class Burden(NamedTuple):
    """What must leave a node when it is emptied."""

    mirrored: tuple[Instance, ...]
    shared: tuple[Instance, ...]
    fixed: tuple[Instance, ...]

    def plus(self, inst: Instance) -> "Burden":
        """Return the burden with one instance more, which is the newest."""
        if inst.template == DRBD:
            return self._replace(mirrored=(inst, *self.mirrored))
        if inst.template in EVACUATED:
            return self._replace(shared=(inst, *self.shared))
        return self._replace(fixed=(inst, *self.fixed))


def burden(node: Node, instances: Instances) -> Burden:
    """Sort the primaries of *node* by how they would leave it."""
    mirrored, shared, fixed = [], [], []
    for idx in node.primaries:
        inst = instances[idx]
        if inst.template == DRBD:
            mirrored.append(inst)
        elif inst.template in EVACUATED:
            shared.append(inst)
        else:
            fixed.append(inst)
    return Burden(tuple(mirrored), tuple(shared), tuple(fixed))


def _lands(node: Node, nodes: Nodes, mirrored: Iterable[Instance]) -> dict[int, int] | None:
    """Return the memory that failovers bring to each node; None if one of them cannot be."""
    landing: dict[int, int] = {}
    exclusive, migration = node.spec.exclusive, node.spec.migration
    full = node.f_disk <= 0 and not node.offline
    for inst in mirrored:
        target = nodes.get(inst.secondary)
        if target is None:  # in another group, which is not looked at
            continue
        spec = target.spec
        if exclusive or spec.exclusive:
            known = inst.spindles is not None
            for place in (node, target):
                if place.spec.exclusive and (not known or place.f_spindles < 0):
                    return None
        if full or target.f_disk <= 0 or not migration <= spec.receives:
            return None
        idx = inst.secondary
        landing[idx] = landing.get(idx, 0) + (inst.mem if inst.uses_memory else 0)
        if landing[idx] >= spec.pool_mem - target.i_mem:
            return None
    return landing


def _takes_all(
    source: Node,
    target: Node,
    landed: int,
    shared: tuple[Instance, ...],
    fixed: tuple[Instance, ...],
) -> bool:
    """Whether *target* alone could take all of *shared* and *fixed*."""
    if shared and not may_migrate(source, target):
        return False
    spec = target.spec
    memory = landed + sum(inst.mem for inst in (*shared, *fixed) if inst.uses_memory)
    disk = sum(inst.disk for inst in fixed if inst.local_storage)
    if memory >= target.u_mem or (fixed and disk >= target.f_disk):
        return False
    if spec.exclusive and (shared or fixed):
        return False
    return all(policy_fault(inst, spec.policy, exclusive=spec.exclusive) is None for inst in fixed)


def _played_through(node: Node, nodes: Nodes, instances: Instances, leaving: Burden) -> bool:
    """Play the evacuation of *node* through, choice by choice."""
    for inst in leaving.mirrored:
        if inst.secondary not in nodes:
            continue
        applied = apply_move(nodes, inst, Move(FAILOVER), force=True)
        if isinstance(applied, FailMode):
            return False
        nodes = {**nodes, **applied.changed}
        instances = {**instances, inst.idx: applied.inst}
    group = node.spec.group
    targets = [i for i in sorted(nodes) if i != node.idx and nodes[i].spec.group == group]
    for inst in leaving.shared:
        try:
            nodes, instances, _jobs = evacuate_primary(
                FORCED, nodes, instances, inst, group, targets
            )
        except PlanError:
            return False
    for inst in sorted(leaving.fixed, key=lambda inst: -inst.mem):
        recreated = _recreate(nodes, inst, targets)
        if recreated is None:
            return False
        nodes = recreated
    return True


def _recreate(nodes: Nodes, inst: Instance, targets: Iterable[int]) -> Nodes | None:
    """Create *inst* anew on the best of *targets*; of equals the last."""
    best: tuple[float, Nodes] | None = None
    for idx in targets:
        spec = nodes[idx].spec
        if policy_fault(inst, spec.policy, exclusive=spec.exclusive) is not None:
            continue
        new = add_primary(nodes[idx], inst, force=True)
        if isinstance(new, FailMode):
            continue
        after = {**nodes, idx: new}
        reached = cluster_score(after)
        if best is None or reached <= best[0]:
            best = reached, after
    return best[1] if best is not None else None


def can_empty(
    node: Node, nodes: Nodes, instances: Instances, leaving: Burden | None = None
) -> bool:
    """Whether *node* can be emptied."""
    if leaving is None:
        leaving = burden(node, instances)
    landing = _lands(node, nodes, leaving.mirrored)
    if landing is None:
        return False
    if not leaving.shared and not leaving.fixed:
        return True
    for target in nodes.values():
        if target.idx == node.idx or target.spec.group != node.spec.group:
            continue
        landed = landing.get(target.idx, 0)
        if _takes_all(node, target, landed, leaving.shared, leaving.fixed):
            return True
    return _played_through(node, nodes, instances, leaving)


def _watched(nodes: Nodes, options: Options) -> list[Node]:
    """Return the nodes that must be possible to empty."""
    return [
        node
        for node in nodes.values()
        if node.spec.group not in options.ignored_groups
        and not (options.accept_existing and node.spec.offline)
    ]


def redundant(nodes: Nodes, instances: Instances, options: Options) -> bool:
    """Whether the cluster survives the loss of any one node."""
    return all(can_empty(node, nodes, instances) for node in _watched(nodes, options))


class Outlook:
    """Global N+1 of one cluster, asked again and again for one instance more.

    A new instance makes emptying harder for its own nodes and for those that would move something
    there; only these are looked at again.
    """

    def __init__(self, nodes: Nodes, instances: Instances, options: Options) -> None:
        self._nodes = nodes
        self._instances = instances
        self._watched = {node.idx: node for node in _watched(nodes, options)}
        self._burdens: dict[int, Burden] = {}
        self._biggest: dict[int, int] = {}  # the most that one node would bring to each
        # Watched nodes that mirrored instances alone live on, with the memory that they would
        # bring to each other node, and the other watched nodes.
        self._plain: dict[int, dict[int, int]] = {}
        self._mixed: list[int] = []
        self._fine: bool | None = None

    def _prepare(self) -> bool:
        """Look at each watched node once; whether all is well before the new instance."""
        fine = True
        for idx, node in self._watched.items():
            leaving = self._burdens[idx] = burden(node, self._instances)
            landing = _lands(node, self._nodes, leaving.mirrored)
            if landing is None:
                return False
            for target, memory in landing.items():
                self._biggest[target] = max(self._biggest.get(target, 0), memory)
            if leaving.shared or leaving.fixed:
                fine = fine and can_empty(node, self._nodes, self._instances, leaving)
                self._mixed.append(idx)
            else:
                self._plain[idx] = landing
        return fine

    def allows(self, inst: Instance, changed: tuple[Node, ...]) -> bool:
        """Whether the cluster is redundant with *inst* on the *changed* nodes, primary first."""
        if self._fine is None:
            self._fine = self._prepare()
        if not self._fine:
            return False
        for node in changed:
            if node.u_mem <= self._biggest.get(node.idx, -1):
                return False
        return self._looked_at(inst, changed)

    def allows_pair(self, inst: Instance, one: Node, two: Node) -> bool | None:
        """Whether the cluster is redundant with a new mirrored *inst* on *one* and *two*.

        They do not have it yet. None where more than memory has to be looked at.
        """
        if self._fine is None:
            self._fine = self._prepare()
        if not self._fine:
            return False
        if self._mixed or not _ordinary(inst, (one, two)):
            return None
        used = inst.mem if inst.uses_memory else 0
        if one.u_mem - used <= self._biggest.get(one.idx, -1):
            return False
        if two.u_mem <= self._biggest.get(two.idx, -1):
            return False
        if one.idx not in self._plain:
            return True
        landed = self._plain[one.idx].get(two.idx, 0) + used
        return landed < two.u_mem and may_migrate(one, two)

    def _looked_at(self, inst: Instance, changed: tuple[Node, ...]) -> bool:
        """Whether all nodes can be emptied that the instance makes it harder for."""
        own = changed[0].idx
        # An instance that exists already is moved as it is recorded, not as it would be.
        known = self._instances.get(inst.idx, inst)
        after = {**self._nodes, **{node.idx: node for node in changed}}
        for idx in [*self._mixed, *((own,) if own in self._plain else ())]:
            leaving = self._burdens[idx]
            if idx == own and not inst.forthcoming:
                leaving = leaving.plus(known)
            if not can_empty(after[idx], after, {inst.idx: inst, **self._instances}, leaving):
                return False
        return True


def _ordinary(inst: Instance, nodes: tuple[Node, ...]) -> bool:
    """Whether nothing but memory can keep a new *inst* from failing over between *nodes*."""
    new = inst.template == DRBD and inst.idx < 0 and not inst.forthcoming
    return new and all(node.f_disk > inst.disk and not node.spec.exclusive for node in nodes)
