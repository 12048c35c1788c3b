"""hroller: groups of nodes that may be rebooted together."""

import sys
from collections.abc import Sequence
from typing import Final

from ganetix.cli.htools import output, sources
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import say, tell
from ganetix.htools import roll
from ganetix.htools.faults import PlanError
from ganetix.htools.model import Cluster, Node, Nodes

OPTIONS: Final = (
    "luxi", "master", "text-data", "ialloc-src", "offline", "offline-maintenance", "verbose",
    "quiet", "no-headers", "node-tags", "save", "group", "print-moves", "full-evacuation",
    "skip-non-redundant", "ignore-non-redundant", "force", "one-step-only",
    "static-kvm-node-memory",
)  # fmt: skip


def _check_master(values: Values, nodes: Nodes) -> None:
    """There must be one master, so that it can be the last."""
    masters = [node.name for _i, node in sorted(nodes.items()) if node.spec.master]
    if len(masters) > 1:
        raise PlanError(f"Found more than one master node: {', '.join(masters)}")
    if not masters:
        problem = "No master node found (maybe not supported by backend)."
        if not values.force:
            raise PlanError(problem)
        tell(f"Warning: {problem}")


def _group(values: Values, cluster: Cluster) -> int | None:
    if values.group is None:
        return None
    for idx, group in cluster.groups.items():
        if values.group in (group.name, group.uuid):
            return idx
    known = ", ".join(group.name for group in cluster.groups.values())
    raise PlanError(f"there is no node group '{values.group}'; there are: {known}")


def _chosen(values: Values, conf: roll.Conf, group: int | None) -> list[int]:
    """Return the nodes to roll over."""

    def wanted(node: Node) -> bool:
        return (
            not node.spec.offline
            and not (values.skip_non_redundant and roll.unmirrored(conf, node.idx))
            and (values.node_tags is None or not set(values.node_tags).isdisjoint(node.spec.tags))
            and (group is None or node.spec.group == group)
        )

    return [idx for idx, node in sorted(conf.nodes.items()) if wanted(node)]


def _batches(values: Values, conf: roll.Conf, groups: list[list[int]]) -> list[roll.Batch]:
    """Cut the groups further so that what must move fits."""
    targets = [idx for idx, node in sorted(conf.nodes.items()) if not node.spec.offline]
    if values.ignore_non_redundant:
        batches = [(group, conf) for group in groups]
    else:
        batches = roll.split_unmirrored(groups, targets, conf)
    if values.full_evacuation:
        moved = [roll.migrate_off(batch) for batch in batches]
        batches = [part for batch in moved for part in roll.split_secondaries(batch, targets)]
    return batches


def _master_last(batches: list[roll.Batch], nodes: Nodes) -> list[roll.Batch]:
    """Sort by size, the biggest first; the master is the last node of the last batch."""
    ordered = sorted(batches, key=lambda batch: -len(batch[0]))
    ours: list[roll.Batch] = []
    others: list[roll.Batch] = []
    for wanted, conf in ordered:
        masters = [idx for idx in wanted if nodes[idx].spec.master]
        rest = [idx for idx in wanted if not nodes[idx].spec.master]
        (ours if masters else others).append((rest + masters, conf))
    return others + ours


def _show(values: Values, conf: roll.Conf, batches: list[roll.Batch]) -> None:
    if values.one_step_only:
        title, batches = "'First Reboot Group'", batches[:1]
    else:
        title = "'Node Reboot Groups'"
    if not values.no_headers:
        say(title)
    for wanted, after in batches:
        names = [conf.nodes[idx].name for idx in wanted]
        for line in names if values.one_step_only else [",".join(names)]:
            say(line)
        if values.print_moves:
            for name, primary, secondary in roll.moves(conf, after):
                say(f"  {name} {primary}" + (f" {secondary}" if secondary else ""))


def _compared(found: list[tuple[str, list[list[int]]]]) -> str:
    """Compare the algorithms, the best first."""
    text, best = "", 0
    for name, groups in sorted(found, key=lambda entry: -len(entry[1]))[::-1]:
        shown = f"{name}: {len(groups)} ({','.join(str(len(group)) for group in groups)})"
        if text:
            shown = f"{text} {'TIE' if len(groups) == best else 'LOOSE'} {shown}"
        text, best = shown, len(groups)
    return text


def body(values: Values) -> int:
    """Do what the command line asks for."""
    cluster = sources.load(values)
    _check_master(values, cluster.nodes)
    conf = roll.Conf(sources.with_status(cluster.nodes, values), cluster.instances)
    sources.save(values, "original", "before hroller run", cluster)
    chosen = _chosen(values, conf, _group(values, cluster))
    if not chosen:
        raise PlanError("Cannot create node graph")
    graph = roll.reboot_graph(conf, chosen, offline=values.offline_maintenance)
    found = roll.colourings(graph)
    smallest = min(found, key=lambda entry: len(entry[1]))
    if values.verbose > 1:
        say(_compared(found))
    batches = _batches(values, conf, smallest[1])
    known = set(chosen)
    batches = [([idx for idx in wanted if idx in known], after) for wanted, after in batches]
    _show(values, conf, _master_last(batches, conf.nodes))
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run hroller and return its exit code."""
    return output.run("hroller", OPTIONS, argv, body)


if __name__ == "__main__":
    sys.exit(main())
