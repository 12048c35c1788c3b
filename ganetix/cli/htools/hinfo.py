"""hinfo: show the model of a cluster."""

import sys
from collections.abc import Sequence
from typing import Final

from ganetix.cli.htools import output, sources
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import say, tell
from ganetix.htools import balance, tables
from ganetix.htools.fixed import fixed
from ganetix.htools.model import Cluster, Nodes, split
from ganetix.htools.names import common_suffix
from ganetix.htools.score import cluster_score, in_order, statistics, weigh
from ganetix.htools.totals import split_instances

OPTIONS: Final = (
    "print-nodes", "print-instances", "text-data", "master", "luxi", "ialloc-src", "verbose",
    "quiet", "offline", "ignore-dynu", "mond", "mond-data", "static-kvm-node-memory",
)  # fmt: skip
HEADER: Final = ("Group", "Nodes", "Instances", "Bad_Nodes", "Bad_Instances", "N+1", "Score")


def _groups(cluster: Cluster, nodes: Nodes) -> None:
    """Print what each group has and lacks."""
    rows: list[Sequence[str]] = [HEADER]
    for idx, (members, instances) in split(nodes, cluster.instances).items():
        bad = balance.unhappy_nodes(members)
        touched = {i for node in bad for i in (*node.primaries, *node.secondaries)}
        rows.append(
            [
                cluster.groups[idx].name, str(len(members)), str(len(instances)), str(len(bad)),
                str(len(touched)), str(not bad), fixed(cluster_score(members), 8),
            ]
        )  # fmt: skip
    say("Node group information:")
    for line in tables.table("  ", rows, [False, *[True] * 4, False, True]):
        say(line)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _loaded(values: Values, cluster: Cluster, nodes: Nodes) -> None:
    """Say how much there is, and what is split between groups."""
    if not cluster.instances:
        say("Cluster is empty.")
    say(
        f"Loaded {_counted(len(nodes), 'node')},"
        f" {_counted(len(cluster.instances), 'instance')},"
        f" {_counted(len(cluster.groups), 'node group')}"
    )
    names = [node.name for node in nodes.values()]
    names += [inst.name for inst in cluster.instances.values()]
    suffix = common_suffix(names)
    if suffix and values.verbose > 2:
        say(f"Note: Stripping common suffix of '{suffix}' from names")
    apart = split_instances(nodes, cluster.instances)
    if not apart:
        if values.verbose > 1:
            say("No split instances found")
        return
    say("Found instances belonging to multiple node groups:")
    for inst in apart:
        tell(f"  {inst.name}")


def body(values: Values) -> int:
    """Do what the command line asks for."""
    cluster = sources.load(values)
    say(f"Loaded cluster tags: {','.join(cluster.tags)}")
    if values.verbose > 2:
        say(f"Loaded cluster ipolicy: {output.policy_text(cluster)}")
    nodes = sources.with_status(cluster.nodes, values)
    _loaded(values, cluster, nodes)
    if values.verbose > 1:
        _groups(cluster, nodes)
    happy = not balance.unhappy_nodes(nodes)
    say(f"Cluster is N+1 {'' if happy else 'un'}happy")
    output.show_instances(values, "Instances", nodes, cluster.instances)
    output.show_nodes(values, "Cluster", nodes)
    stats = statistics(in_order(nodes))
    say("Cluster coefficients:")
    for line in tables.score_table("  ", stats):
        say(line)
    say(f"Cluster score: {fixed(weigh(stats.values), 8)}")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run hinfo and return its exit code."""
    return output.run("hinfo", OPTIONS, argv, body)


if __name__ == "__main__":
    sys.exit(main())
