"""hcheck: whether a cluster is healthy, and what balancing would mend."""

import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from ganetix.cli.htools import output, sources
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import say
from ganetix.htools import balance
from ganetix.htools.fixed import fixed
from ganetix.htools.model import Group, Instances, Nodes, split
from ganetix.htools.redundancy import can_empty
from ganetix.htools.score import cluster_score, optimum

OPTIONS: Final = (
    "text-data", "no-disk-moves", "dynu-file", "ignore-dynu", "evac-mode", "exclude-instances",
    "exclusion-tags", "ialloc-src", "no-instance-moves", "luxi", "machine-readable", "max-cpu",
    "max-length", "min-disk", "min-gain", "min-gain-limit", "min-score", "ignore-soft-errors",
    "no-simulation", "offline", "quiet", "master", "select-instances", "no-capacity-checks",
    "verbose",
)  # fmt: skip
COUNTERS: Final = (
    ("N1_FAIL", "Nodes not N+1 happy"),
    ("CONFLICT_TAGS", "Nodes with conflicting instances"),
    ("OFFLINE_PRI", "Instances having the primary node offline"),
    ("OFFLINE_SEC", "Instances having a secondary node offline"),
    ("GN1_FAIL", "Nodes not directly evacuateable"),
)
SCORE: Final = ("SCORE", "Group score")
NEED: Final = ("NEED_REBALANCE", "Cluster is not healthy")
Parts = dict[int, tuple[Nodes, Instances]]


class Health(NamedTuple):
    """The counters of a group and its score."""

    group: Group
    counters: tuple[int, ...]
    score: float


def _check(values: Values, group: Group, nodes: Nodes, instances: Instances) -> Health:
    """Count what is wrong in a group."""
    away = [node for node in nodes.values() if node.spec.offline]
    counters = [
        len(balance.unhappy_nodes(nodes)),
        sum(node.conflicts > 0 for node in nodes.values()),
        sum(len(node.primaries) for node in away),
        # One for each offline node, whatever it is secondary for: scripts rely on it.
        len(away),
    ]
    if values.capacity:
        stuck = [node for node in nodes.values() if not can_empty(node, nodes, instances)]
        counters.append(len(stuck))
    return Health(group, tuple(counters), cluster_score(nodes))


def _print(
    values: Values, phase: str, level: str, names: Sequence[tuple[str, str]], shown: Sequence[str]
) -> None:
    """Print one set of counters; *level* is a group's name or number, empty for the cluster."""
    machine = values.machine_readable
    if machine:
        where = f"GROUP_{level}" if level else "CLUSTER"
        pairs = zip(names, shown, strict=True)
        output.show_keys("HCHECK", [(f"{phase}_{where}_{key}", text) for (key, _d), text in pairs])
    elif values.verbose >= 1:
        when = "initially" if phase == "INIT" else "after rebalancing"
        title = f"Statistics for group {level} {when}" if level else f"Cluster statistics {when}"
        say()
        say(title)
        for (_key, text), value in zip(names, shown, strict=True):
            say(f"    {text}: {value}")


def _report(values: Values, phase: str, health: Sequence[Health], *, need: bool | None) -> bool:
    """Print all counters; return whether something is wrong."""
    known = COUNTERS if values.capacity else COUNTERS[:-1]
    sums = [sum(column) for column in zip(*(one.counters for one in health), strict=True)]
    sums = sums or [0] * len(known)
    wrong = bool(sum(sums))
    for one in health:
        level = str(one.group.idx) if values.machine_readable else one.group.name
        shown = [*map(str, one.counters), fixed(one.score, 8)]
        _print(values, phase, level, (*known, SCORE), shown)
    verdict = wrong if need is None else need
    text = str(int(verdict)) if values.machine_readable else str(verdict)
    _print(values, phase, "", (*known, NEED), [*map(str, sums), text])
    return wrong


def _balanced(values: Values, nodes: Nodes, instances: Instances) -> tuple[Nodes, Instances]:
    """Return the group as hbal would leave it."""
    from ganetix.htools.search import Searcher

    state = balance.start(nodes, instances)
    until = values.min_score + optimum(nodes)
    if state.score < until:
        return nodes, instances
    options = output.algorithm(values)
    for after, _step in balance.steps(
        state, options, Searcher(), rounds=values.max_length, until=until
    ):
        state = after
    return state.nodes, state.instances


def body(values: Values) -> int:
    """Do what the command line asks for."""
    cluster = sources.load(values)
    nodes = sources.with_status(cluster.nodes, values)
    parts: Parts = split(nodes, cluster.instances)
    machine = values.machine_readable
    if machine:
        groups = [cluster.groups[idx] for idx in sorted(cluster.groups)]
        output.show_keys("HCHECK", [(f"GROUP_UUID_{g.idx}", g.uuid) for g in groups])
    health = [_check(values, cluster.groups[idx], *part) for idx, part in parts.items()]
    need = any(sum(one.counters) > 0 for one in health)
    if values.verbose >= 1 and not machine:
        if values.no_simulation:
            say("Running in no-simulation mode.")
        elif need:
            say("Cluster needs rebalancing.")
        else:
            say("No need to rebalance cluster, no problems found.")
    _report(values, "INIT", health, need=None)
    simulate = need and not values.no_simulation
    if simulate:
        parts = {idx: _balanced(values, *part) for idx, part in parts.items()}
    if simulate or machine:
        health = [_check(values, cluster.groups[idx], *part) for idx, part in parts.items()]
        _report(values, "FINAL", health, need=need)
    if machine:
        output.show_keys("HCHECK", [("OK", "1")])
    return 1 if simulate else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run hcheck and return its exit code."""
    return output.run("hcheck", OPTIONS, argv, body)


if __name__ == "__main__":
    sys.exit(main())
