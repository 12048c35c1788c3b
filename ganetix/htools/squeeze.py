"""Squeezing: which nodes may be switched off, or must be switched on."""

from collections.abc import Sequence
from typing import NamedTuple

from ganetix.htools.balance import Search, Step, start, steps
from ganetix.htools.build import STANDBY_PREFIX
from ganetix.htools.faults import FailMode
from ganetix.htools.model import LOCAL_STORAGE, NO_NODE, Instance, Instances, Node, Nodes, Spec
from ganetix.htools.options import DEFAULT_OPTIONS
from ganetix.htools.placement import add_primary

OPTIONS = DEFAULT_OPTIONS._replace(min_gain=0.0, min_gain_limit=0.0)


class Squeezed(NamedTuple):
    """A cluster with some nodes switched, and the moves that balance it."""

    nodes: Nodes
    instances: Instances
    steps: tuple[Step, ...]


def sample(factor: float, spec: Spec) -> Instance:
    """Return an instance of *factor* times the size of *spec*, without disks."""
    return Instance(
        -1, "sample", "sample", int(factor * spec.memory // 1), 0, (),
        int(factor * spec.cpus // 1), "running", NO_NODE, NO_NODE, "ext",
        spindle_use=int(factor * spec.spindle_use // 1), auto_balance=False,
    )  # fmt: skip


def room_everywhere(inst: Instance, nodes: Nodes) -> bool:
    """Whether each node has room for *inst*."""
    return not any(isinstance(add_primary(node, inst), FailMode) for node in nodes.values())


def switched(
    nodes: Nodes, instances: Instances, which: Sequence[int], search: Search, *, offline: bool
) -> Squeezed:
    """Switch nodes off or on, and balance."""
    changed = {
        idx: nodes[idx]._replace(spec=nodes[idx].spec._replace(offline=offline)) for idx in which
    }
    state = start({**nodes, **changed}, instances)
    found = []
    for after, step in steps(state, OPTIONS, search, until=float("-inf")):
        state = after
        found.append(step)
    return Squeezed(state.nodes, state.instances, tuple(found))


def _suffices(inst: Instance, result: Squeezed) -> bool:
    """Whether all instances are on online nodes and each node has room for *inst*."""
    homeless = any(result.nodes[one.primary].spec.offline for one in result.instances.values())
    return not homeless and room_everywhere(inst, result.nodes)


def may_go(nodes: Nodes, instances: Instances) -> list[Node]:
    """Return the nodes that may be switched off, those with the most primaries first."""
    found = [
        node
        for _idx, node in sorted(nodes.items())
        if not node.spec.offline
        and not node.spec.master
        and not node.secondaries
        and not any(instances[idx].template in LOCAL_STORAGE for idx in node.primaries)
    ]
    return sorted(found, key=lambda node: -len(node.primaries))


def may_come(nodes: Nodes) -> list[Node]:
    """Return the nodes that stand by."""
    return [
        node
        for _idx, node in sorted(nodes.items())
        if node.spec.offline and any(tag.startswith(STANDBY_PREFIX) for tag in node.spec.tags)
    ]


def to_switch_off(inst: Instance, nodes: Nodes, instances: Instances, search: Search) -> list[Node]:
    """Choose nodes to switch off, from the last candidate to the first."""
    chosen: list[Node] = []
    for node in reversed(may_go(nodes, instances)):
        which = [node.idx, *(one.idx for one in chosen)]
        if _suffices(inst, switched(nodes, instances, which, search, offline=True)):
            chosen.insert(0, node)
    return chosen


def to_switch_on(
    inst: Instance, nodes: Nodes, instances: Instances, search: Search
) -> list[Node] | None:
    """Return the fewest of the first candidates that are enough; None if all are not."""
    candidates = may_come(nodes)
    for count in range(len(candidates) + 1):
        which = [node.idx for node in candidates[:count]]
        if _suffices(inst, switched(nodes, instances, which, search, offline=False)):
            return candidates[:count]
    return None
