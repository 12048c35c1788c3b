"""Why an instance is where it is: its place compared with all others."""

from typing import Final, NamedTuple

from ganetix.htools.faults import PlanError
from ganetix.htools.finder import Targets, targets, try_alloc
from ganetix.htools.model import NO_NODE, Cluster, Instance, Nodes, required_nodes
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.placement import remove_primary, remove_secondary
from ganetix.htools.plans import Candidate, explain, explain_around
from ganetix.htools.score import cluster_score, in_order

MANY_PLACES: Final = 10_000
"""Up to so many places all are looked at."""


class Elsewhere(NamedTuple):
    """The places in one group, the best first."""

    group: str
    places: tuple[Candidate, ...]


class Why(NamedTuple):
    """Where an instance is, how good that is, and the other places of its group and of others.

    *score* is the cluster's now. *lacks* says what the present place would not have if the
    instance came there anew.
    """

    inst: Instance
    group: str
    nodes: tuple[str, ...]
    score: float
    lacks: str | None
    others: tuple[Candidate, ...]
    elsewhere: tuple[Elsewhere, ...]

    @property
    def better(self) -> list[Candidate]:
        """The places that would make the cluster's score lower."""
        return [one for one in self.others if one.score is not None and one.score < self.score]


def find_instance(cluster: Cluster, name: str) -> Instance:
    """Return the instance called *name*, or whose name begins so; raises `PlanError`."""
    found = [inst for inst in cluster.instances.values() if inst.name == name]
    found = found or [i for i in cluster.instances.values() if i.name.startswith(f"{name}.")]
    if len(found) != 1:
        raise PlanError(f"There is no instance {name}" if not found else f"{name} is ambiguous")
    return found[0]


def why(cluster: Cluster, inst: Instance, options: Options = DEFAULT_OPTIONS) -> Why:
    """Compare the place of *inst* with all others."""
    now = cluster_score(cluster.nodes)
    home = tuple(cluster.nodes[idx].name for idx in inst.nodes)
    group = cluster.nodes[inst.primary].spec.group
    without = _without(cluster, inst)
    others = tuple(one for one in _places(without, inst, group, options) if one.nodes != home)
    lacks = _lacks(without, inst, options)
    away = tuple(
        Elsewhere(one.name, tuple(_places(without, inst, idx, options)))
        for idx, one in sorted(cluster.groups.items())
        if idx != group
    )
    return Why(inst, cluster.groups[group].name, home, now, lacks, others, away)


def _without(cluster: Cluster, inst: Instance) -> Cluster:
    """Return the cluster as if *inst* were not there."""
    nodes: Nodes = dict(cluster.nodes)
    nodes[inst.primary] = remove_primary(nodes[inst.primary], inst)
    if inst.secondary != NO_NODE:
        nodes[inst.secondary] = remove_secondary(nodes[inst.secondary], inst)
    instances = {idx: one for idx, one in cluster.instances.items() if idx != inst.idx}
    return cluster._replace(nodes=nodes, instances=instances)


def _lacks(cluster: Cluster, inst: Instance, options: Options) -> str | None:
    """Say what the place that *inst* had would lack for it."""
    if any(cluster.nodes[idx].offline for idx in inst.nodes):
        return "nodes that are online"
    first, *others = inst.nodes
    where = Targets(None, [(first, others)]) if others else Targets([first], None)
    return explain(options, cluster.nodes, cluster.instances, inst, where)[0].lacks


def _places(cluster: Cluster, inst: Instance, group: int, options: Options) -> list[Candidate]:
    """Return the places in *group*, the best first; of very many those near the best one."""
    members = [node for node in in_order(cluster.nodes) if node.spec.group == group]
    needed = required_nodes(inst.template)
    where = targets(options, members, needed)
    if not (where.singles or where.pairs):
        return []
    if len(members) ** needed <= MANY_PLACES:
        return explain(options, cluster.nodes, cluster.instances, inst, where)
    best = try_alloc(options, cluster.nodes, cluster.instances, inst, where).place
    if best is None:
        return []
    chosen = [node.idx for node in best.nodes]
    usable = [node.idx for node in members if not node.offline]
    return explain_around(options, cluster.nodes, inst, chosen, usable)
