"""hspace: how many more instances fit."""

import sys
from collections.abc import Sequence
from typing import Final

from ganetix.cli.htools import output, sources
from ganetix.cli.htools.beside import beside
from ganetix.cli.htools.hspace_report import (
    Phase,
    Run,
    finish,
    show_cluster,
    show_standard,
    show_tiered,
)
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import tell
from ganetix.htools import capacity, tables
from ganetix.htools.capacity import Filler, Size
from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.filling import Filled
from ganetix.htools.finder import targets
from ganetix.htools.fixed import fixed
from ganetix.htools.model import Cluster, Nodes, required_nodes
from ganetix.htools.names import common_suffix
from ganetix.htools.options import Options
from ganetix.htools.redundancy import redundant
from ganetix.htools.score import in_order, statistics, weigh

OPTIONS: Final = (
    "print-nodes", "text-data", "disk-template", "spindle-use", "simulate", "master", "luxi",
    "ialloc-src", "verbose", "quiet", "independent-groups", "accept-existing-errors", "offline",
    "no-capacity-checks", "machine-readable", "max-cpu", "max-length", "min-disk",
    "standard-alloc", "tiered-alloc", "save", "static-kvm-node-memory",
)  # fmt: skip


def _limit(values: Values) -> int | None:
    return None if values.max_length == -1 else values.max_length


def _first_sizes(run: Run) -> list[Size]:
    """Return the sizes from which tiered allocation starts."""
    if run.values.tiered_alloc is not None:
        return [Size(*run.values.tiered_alloc)]
    sizes = [
        Size(high.disk, high.memory, high.cpus, high.spindle_use)
        for _low, high in run.cluster.policy.minmax
    ]
    if not sizes:
        raise PlanError("the cluster's instance policy has no sizes")
    return sizes


def _start(run: Run) -> Filled:
    failures = {FailMode.FailN1: 1} if run.stopped else {}
    return Filled(run.nodes, run.cluster.instances, (), failures)


def _fill_tiered(run: Run, sizes: Sequence[Size], use: int) -> Filled:
    filled = _start(run)
    limit = _limit(run.values)
    for size in () if run.stopped else sizes:
        if limit is not None and limit <= len(filled.new):
            break
        left = None if limit is None else limit - len(filled.new)
        inst = capacity.new_instance(size, run.template, use)
        filled = run.filler.fill_tiered(filled, inst, left)
    return filled


def _fill_standard(run: Run, size: Size, use: int) -> Filled:
    if run.stopped:
        return _start(run)
    inst = capacity.new_instance(size, run.template, use)
    return run.filler.fill(_start(run), inst, _limit(run.values))


def _allocate(run: Run, use: int) -> None:
    """Fill the cluster both ways, and say what came of it."""
    std = run.cluster.policy.std
    size = Size(std.disk, std.memory, std.cpus, std.spindle_use)
    if run.values.standard_alloc is not None:
        size = Size(*run.values.standard_alloc)
    sizes = _first_sizes(run)
    standard = beside(lambda: _fill_standard(run, size, use))
    tiered = _fill_tiered(run, sizes, use)
    finish(run, Phase("TSPEC_INI", "Tiered", "Tiered (initial size)", sizes[0]), tiered)
    show_tiered(run, tiered)
    filled = standard()
    finish(run, Phase("SPEC", "Standard", "Standard (fixed-size)", size), filled)
    show_standard(run, filled)


def _bad_groups(cluster: Cluster, nodes: Nodes, options: Options) -> list[int]:
    """Return the groups that are not redundant for themselves."""
    bad = []
    for idx in sorted(cluster.groups):
        members = {i: node for i, node in nodes.items() if node.spec.group == idx}
        if not redundant(members, cluster.instances, options):
            bad.append(idx)
    return bad


def _prepare(values: Values, cluster: Cluster, nodes: Nodes, template: str) -> Run:
    """Find out where instances may go at all."""
    options = output.algorithm(values)
    groups = dict(cluster.groups)
    unhappy = capacity.unhappy(nodes)
    closed = set() if values.accept_existing else {node.spec.group for node in unhappy}
    if values.independent_groups:
        bad = _bad_groups(cluster, nodes, options)
        closed.update(bad)
        options = options._replace(ignored_groups=frozenset(bad))
    for idx in closed:
        groups[idx] = groups[idx]._replace(alloc_policy="unallocable")
    open_groups = any(group.allocable for group in groups.values())
    stopped = bool(unhappy) and not values.accept_existing
    if values.independent_groups and open_groups:
        stopped = False
    where = targets(options, in_order(nodes), required_nodes(template), groups)
    exclusive = any(node.spec.exclusive for node in nodes.values())
    return Run(values, cluster, nodes, template, exclusive, Filler(options, where), stopped)


def _say_first(values: Values, cluster: Cluster, nodes: Nodes) -> None:
    known = [node.name for node in nodes.values()]
    known += [inst.name for inst in cluster.instances.values()]
    suffix = common_suffix(known)
    if suffix and values.verbose > 1:
        tell(f"Note: Stripping common suffix of '{suffix}' from names")
    output.show_nodes(values, "Initial cluster", nodes)
    if values.verbose > 2:
        stats = statistics(in_order(nodes))
        tell(f"Initial coefficients: overall {fixed(weigh(stats.values), 8)}")
        for line in tables.score_table("  ", stats):
            tell(line)


def body(values: Values) -> int:
    """Do what the command line asks for."""
    cluster = sources.load(values)
    nodes = sources.with_status(cluster.nodes, values)
    if not cluster.policy.templates:
        raise PlanError("the cluster's instance policy has no disk templates")
    template = values.disk_template or cluster.policy.templates[0]
    use = cluster.policy.std.spindle_use if values.spindle_use is None else values.spindle_use
    _say_first(values, cluster, nodes)
    run = _prepare(values, cluster, nodes, template)
    show_cluster(run)
    _allocate(run, use)
    if values.machine_readable:
        output.show_keys("HTS", [("OK", "1")])
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run hspace and return its exit code."""
    return output.run("hspace", OPTIONS, argv, body)


if __name__ == "__main__":
    sys.exit(main())
