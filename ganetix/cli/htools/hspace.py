"""hspace: how many more instances fit."""

import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from ganetix.cli.htools import output, sources
from ganetix.cli.htools.beside import beside
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import say, tell
from ganetix.htools import capacity, tables
from ganetix.htools.capacity import Filler, Size
from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.filling import Filled
from ganetix.htools.finder import targets
from ganetix.htools.fixed import fixed
from ganetix.htools.model import NO_NODE, Cluster, Nodes, required_nodes
from ganetix.htools.names import common_suffix
from ganetix.htools.options import Options
from ganetix.htools.placement import ratio
from ganetix.htools.redundancy import redundant
from ganetix.htools.score import cluster_score, in_order, statistics, weigh
from ganetix.htools.totals import Totals, totals

OPTIONS: Final = (
    "print-nodes", "text-data", "disk-template", "spindle-use", "simulate", "master", "luxi",
    "ialloc-src", "verbose", "quiet", "independent-groups", "accept-existing-errors", "offline",
    "no-capacity-checks", "machine-readable", "max-cpu", "max-length", "min-disk",
    "standard-alloc", "tiered-alloc", "save", "static-kvm-node-memory",
)  # fmt: skip

STATS: Final[tuple[tuple[str, Callable[[Totals], str]], ...]] = (
    ("SCORE", lambda t: fixed(t.score, 8)),
    ("INST_CNT", lambda t: str(t.instances)),
    ("MEM_FREE", lambda t: str(t.f_mem)),
    ("MEM_AVAIL", lambda t: str(t.a_mem)),
    ("MEM_RESVD", lambda t: str(t.f_mem - t.a_mem)),
    ("MEM_INST", lambda t: str(t.i_mem)),
    ("MEM_OVERHEAD", lambda t: str(t.x_mem + t.n_mem)),
    ("MEM_EFF", lambda t: fixed(ratio(t.i_mem, t.t_mem), 8)),
    ("DSK_FREE", lambda t: str(t.f_disk)),
    ("DSK_AVAIL", lambda t: str(t.a_disk)),
    ("DSK_RESVD", lambda t: str(t.f_disk - t.a_disk)),
    ("DSK_INST", lambda t: str(t.i_disk)),
    ("DSK_EFF", lambda t: fixed(ratio(t.i_disk, t.t_disk), 8)),
    ("SPN_FREE", lambda t: str(t.f_spindles)),
    ("SPN_INST", lambda t: str(t.i_spindles)),
    ("SPN_EFF", lambda t: fixed(ratio(t.i_spindles, t.t_spindles), 8)),
    ("CPU_INST", lambda t: str(t.i_cpu)),
    ("CPU_EFF", lambda t: fixed(ratio(t.i_cpu, t.v_cpu), 8)),
    ("MNODE_MEM_AVAIL", lambda t: str(t.max_mem)),
    ("MNODE_DSK_AVAIL", lambda t: str(t.max_disk)),
)


class Phase(NamedTuple):
    """One kind of allocation: its prefixes, names and first size."""

    prefix: str
    name: str
    title: str
    size: Size


class Run(NamedTuple):
    """What all phases work with."""

    values: Values
    cluster: Cluster
    nodes: Nodes
    template: str
    exclusive: bool
    filler: Filler
    stopped: bool


def _keys(pairs: Sequence[tuple[str, str]]) -> None:
    output.show_keys("HTS", pairs)


def _stats(prefix: str, sums: Totals) -> list[tuple[str, str]]:
    return [(f"{prefix}_{name}", show(sums)) for name, show in STATS]


def _size_pairs(size: Size, *, spindles: bool) -> list[tuple[str, str]]:
    pairs = [("MEM", str(size.memory)), ("DSK", str(size.disk)), ("CPU", str(size.cpus))]
    return [*pairs, ("SPN", str(size.spindles))] if spindles else pairs


def _named(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs)


def _show_cluster(run: Run) -> None:
    sums = totals(run.nodes)
    pairs = [
        ("MEM", fixed(sums.t_mem, 0)), ("DSK", fixed(sums.t_disk, 0)),
        ("CPU", fixed(sums.t_cpu, 0)), ("VCPU", str(sums.v_cpu)),
    ]  # fmt: skip
    if run.exclusive or run.values.machine_readable:
        pairs.append(("SPN", fixed(sums.t_spindles, 0)))
    if run.values.machine_readable:
        _keys([(f"CLUSTER_{name}", value) for name, value in pairs])
        _keys([("CLUSTER_NODES", str(len(run.nodes)))])
        _keys(_stats("INI", sums))
        return
    say(f"The cluster has {len(run.nodes)} nodes and the following resources:\n  {_named(pairs)}.")
    say(f"There are {sums.instances or 'no'} initial instances on the cluster.")


def _show_size(run: Run, phase: Phase) -> None:
    if run.values.machine_readable:
        pairs = _size_pairs(phase.size, spindles=True)
        pairs.append(("RQN", str(required_nodes(run.template))))
        pairs.append(("DISK_TEMPLATE", run.template))
        _keys([(f"{phase.prefix}_{name}", value) for name, value in pairs])
        return
    say(
        f"{phase.title} instance spec is:\n  "
        f"{_named(_size_pairs(phase.size, spindles=run.exclusive))},"
        f" using disk template '{run.template}'."
    )


def _show_map(run: Run, name: str, filled: Filled) -> None:
    if run.values.verbose <= 1:
        return
    tell(f"{name} map")
    if not filled.new:
        return
    rows = []
    for inst in filled.new:
        second = filled.nodes[inst.secondary].name if inst.secondary != NO_NODE else ""
        spindles = str(inst.spindles if inst.spindles is not None else "?") if run.exclusive else ""
        rows.append(
            [inst.name, filled.nodes[inst.primary].name, second, str(inst.mem), str(inst.disk),
             str(inst.vcpus), spindles]
        )  # fmt: skip
    for line in tables.table("", rows, [False] * 3 + [True] * 4):
        tell(line)


def _finish(run: Run, phase: Phase, filled: Filled) -> None:
    """Print and save what every phase does after it."""
    _show_size(run, phase)
    what = f"{phase.name} allocation"
    _show_map(run, what, filled)
    output.show_nodes(run.values, what, filled.nodes)
    after = run.cluster._replace(nodes=filled.nodes, instances=filled.instances)
    sources.save(run.values, phase.name.lower(), f"after {what.lower()}", after)


def _reasons(filled: Filled) -> list[tuple[FailMode, int]]:
    counts = [(fault, filled.failures.get(fault, 0)) for fault in FailMode]
    return sorted(counts, key=lambda pair: -pair[1])


def _show_scores(run: Run, filled: Filled, reason: str) -> None:
    say(f"  - most likely failure reason: {reason}")
    say(f"  - initial cluster score: {fixed(cluster_score(run.nodes), 8)}")
    say(f"  -   final cluster score: {fixed(cluster_score(filled.nodes), 8)}")
    sums = totals(filled.nodes)
    pairs = [
        ("memory", ratio(sums.i_mem, sums.t_mem)), ("disk", ratio(sums.i_disk, sums.t_disk)),
        ("vcpu", ratio(sums.i_cpu, sums.v_cpu)),
    ]  # fmt: skip
    if run.exclusive:
        pairs.append(("spindles", ratio(sums.i_spindles, sums.t_spindles)))
    width = max(len(name) for name, _share in pairs)
    for name, share in pairs:
        say(f"  - {name:>{width}} usage efficiency: {fixed(share * 100, 2):>5}%")


def _show_delta(before: Totals, after: Totals) -> None:
    """Print the key metrics: used before, allocated, left over."""
    rows = (
        ("USED", before.i_cpu, before.n_cpu, before.i_mem, before.i_disk, before.i_spindles),
        ("POOL", after.i_cpu - before.i_cpu, after.n_cpu - before.n_cpu,
         after.i_mem - before.i_mem, after.i_disk - before.i_disk,
         after.i_spindles - before.i_spindles),
        ("UNAV", after.v_cpu - after.i_cpu, after.t_cpu - after.n_cpu,
         int(after.t_mem) - after.i_mem, int(after.t_disk) - after.i_disk,
         int(after.t_spindles) - after.i_spindles),
    )  # fmt: skip
    for name, vcpus, cpus, memory, disk, spindles in rows:
        _keys(
            [(f"KM_{name}_CPU", str(vcpus)), (f"KM_{name}_NPU", repr(float(cpus))),
             (f"KM_{name}_MEM", str(memory)), (f"KM_{name}_DSK", str(disk)),
             (f"KM_{name}_SPN", str(spindles))]
        )  # fmt: skip


def _show_tiered(run: Run, filled: Filled, reason: str) -> None:
    sizes = [(size, len(list(same))) for size, same in groupby(filled.new, key=capacity.size_of)]
    if run.values.machine_readable:
        after = totals(filled.nodes)
        _keys(_stats("TRL", after))
        texts = [f"{s.memory},{s.disk},{s.cpus},{s.spindles}={count}" for s, count in sizes]
        _keys([("TSPEC", " ".join(texts))])
        _show_delta(totals(run.nodes), after)
        return
    say("Tiered allocation results:")
    if not sizes:
        say("  - no instances allocated")
    for size, count in sizes:
        text = _named(_size_pairs(size, spindles=run.exclusive))
        say(f"  - {count:3d} instances of spec {text}")
    _show_scores(run, filled, reason)


def _show_standard(run: Run, filled: Filled) -> None:
    reasons = _reasons(filled)
    if run.stopped:
        reasons = [(FailMode.FailN1, 1)]
    if not run.values.machine_readable:
        say("Normal (fixed-size) allocation results:")
        say(f"  - {len(filled.new):3d} instances allocated")
        _show_scores(run, filled, reasons[0][0].name)
        return
    _keys(_stats("FIN", totals(filled.nodes)))
    before = len(run.cluster.instances)
    usage = ratio(before, before + len(filled.new))
    _keys(
        [("ALLOC_USAGE", fixed(usage, 8)), ("ALLOC_INSTANCES", str(len(filled.new))),
         ("ALLOC_FAIL_REASON", reasons[0][0].name.upper())]
    )  # fmt: skip
    _keys([(f"ALLOC_{fault.name}_CNT", str(count)) for fault, count in reasons])


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
    _finish(run, Phase("TSPEC_INI", "Tiered", "Tiered (initial size)", sizes[0]), tiered)
    _show_tiered(run, tiered, _reasons(tiered)[0][0].name)
    filled = standard()
    _finish(run, Phase("SPEC", "Standard", "Standard (fixed-size)", size), filled)
    _show_standard(run, filled)


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
    _show_cluster(run)
    _allocate(run, use)
    if values.machine_readable:
        _keys([("OK", "1")])
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run hspace and return its exit code."""
    return output.run("hspace", OPTIONS, argv, body)


if __name__ == "__main__":
    sys.exit(main())
