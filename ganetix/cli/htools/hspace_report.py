"""What hspace says, for people and for programs."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from ganetix.cli.htools import output, sources
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import say, tell
from ganetix.htools import capacity, tables
from ganetix.htools.capacity import Filler, Size
from ganetix.htools.faults import FailMode
from ganetix.htools.filling import Filled
from ganetix.htools.fixed import fixed
from ganetix.htools.model import NO_NODE, Cluster, Nodes, required_nodes
from ganetix.htools.placement import ratio
from ganetix.htools.score import cluster_score
from ganetix.htools.totals import Totals, totals

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


def show_cluster(run: Run) -> None:
    """Say how big the cluster is."""
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


def finish(run: Run, phase: Phase, filled: Filled) -> None:
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


def show_tiered(run: Run, filled: Filled) -> None:
    """Say how many instances of which sizes fitted."""
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
    _show_scores(run, filled, _reasons(filled)[0][0].name)


def show_standard(run: Run, filled: Filled) -> None:
    """Say how many instances of one size fitted, and why no more."""
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
