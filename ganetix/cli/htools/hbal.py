"""hbal: balance one node group."""

import sys
from collections.abc import Sequence
from typing import Final

from ganetix.cli.htools import output, sources
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import say, tell
from ganetix.htools import balance, jobs, tables
from ganetix.htools.faults import PlanError
from ganetix.htools.fixed import fixed, general
from ganetix.htools.model import Cluster, Instances, Node, Nodes, split
from ganetix.htools.names import common_suffix
from ganetix.htools.placement import ratio
from ganetix.htools.score import in_order, optimum, statistics, weigh
from ganetix.htools.totals import split_instances, totals

OPTIONS: Final = (
    "print-nodes", "print-instances", "print-commands", "text-data", "evac-mode",
    "restricted-migration", "master", "luxi", "ialloc-src", "exec", "first-job-group", "reason",
    "group", "max-length", "verbose", "quiet", "offline", "static-kvm-node-memory", "min-score",
    "max-cpu", "min-disk", "min-gain", "min-gain-limit", "no-disk-moves", "select-instances",
    "no-instance-moves", "ignore-soft-errors", "dynu-file", "ignore-dynu", "mond", "mond-data",
    "exit-on-missing-mond-data", "mond-xen", "exclusion-tags", "exclude-instances", "save",
    "priority",
)  # fmt: skip


def _check_cluster(values: Values, nodes: Nodes, instances: Instances) -> None:
    """Say how big the cluster is; there is nothing to do on an empty one."""
    if not instances:
        say("Cluster is empty, exiting.")
        raise output.Stop(0)
    apart = split_instances(nodes, instances)
    if apart and values.verbose > 1:
        tell("Found instances belonging to multiple node groups:")
        for inst in apart:
            tell(f"  {inst.name}")
        tell("These instances will not be moved.")
    say(f"Loaded {len(nodes)} nodes, {len(instances)} instances")
    names = [node.name for node in nodes.values()] + [inst.name for inst in instances.values()]
    suffix = common_suffix(names)
    if suffix and values.verbose > 1:
        say(f"Note: Stripping common suffix of '{suffix}' from names")


def _select_group(values: Values, cluster: Cluster, nodes: Nodes) -> tuple[str, Nodes, Instances]:
    """Return the name and the content of the group to balance."""
    parts = split(nodes, cluster.instances)
    if values.group is None:
        if len(parts) > 1:
            tell("Found multiple node groups:")
            for idx in parts:
                tell(f"  {cluster.groups[idx].name}")
            raise PlanError("Choose one of these groups with -G.")
        idx = next(iter(parts))
        return cluster.groups[idx].name, *parts[idx]
    for idx, group in cluster.groups.items():
        if values.group in (group.name, group.uuid):
            return group.name, *parts.get(idx, ({}, {}))
    tell(f"Node group {values.group} not found. Node group list is:")
    for group in cluster.groups.values():
        tell(f"  {group.name}")
    raise PlanError("Choose one of these groups with -G.")


def _violates_policy(node: Node) -> bool:
    return node.inst_spindles > node.spec.hi_spindles or (
        ratio(node.u_cpu, node.spec.t_cpu) > node.spec.policy.vcpu_ratio
    )


def _check_group(values: Values, name: str, nodes: Nodes, instances: Instances) -> None:
    """Say what state the group is in."""
    say(f"Group size {len(nodes)} nodes, {len(instances)} instances")
    say(f"Selected node group: {name}")
    bad = balance.unhappy_nodes(nodes)
    touched = {idx for node in bad for idx in (*node.primaries, *node.secondaries)}
    if values.verbose >= 1:
        say(f"Initial check done: {len(bad)} bad nodes, {len(touched)} bad instances.")
    if bad:
        say(
            "Cluster is not N+1 happy, continuing but no guarantee that the cluster will end"
            " N+1 happy."
        )
    numbers = {node.idx for node in bad}
    violating = [n for n in in_order(nodes) if n.idx not in numbers and _violates_policy(n)]
    if violating:
        say(f"The cluster contains {len(violating)} policy-violating nodes.")
        if values.ignore_soft_errors:
            say("Continuing, ignoring soft errors.")
        else:
            say(
                "Continuing, but the set of moves might be too restricted; consider using the"
                " --ignore-soft-errors option."
            )


def _show_score(values: Values, nodes: Nodes, long: str, short: str) -> None:
    stats = statistics(in_order(nodes))
    score = fixed(weigh(stats.values), 8)
    if values.verbose > 2:
        say(f"{long} overall {score}")
        for line in tables.score_table("  ", stats):
            say(line)
    else:
        say(f"{short}{score}")


def _plan(
    values: Values, state: balance.State, until: float
) -> list[tuple[balance.State, balance.Step]]:
    """Find the moves and print each as it is found."""
    from ganetix.htools.search import Searcher

    options = output.algorithm(values)
    inst_width = max((len(inst.alias) for inst in state.instances.values()), default=0)
    node_width = max(len(node.spec.alias) for node in state.nodes.values())
    found = []
    for after, step in balance.steps(
        state, options, Searcher(), rounds=values.max_length, until=until
    ):
        found.append((after, step))
        say(jobs.step_line(step, after.nodes, len(found), node_width, inst_width), now=True)
    return found


def _result(values: Values, state: balance.State, final: balance.State, length: int) -> None:
    if not length:
        say("No solution found")
    else:
        improved = f"Cluster score improved from {fixed(state.score, 8)} to "
        _show_score(values, final.nodes, "Final coefficients:  ", improved)
    if values.verbose >= 1:
        say(f"Solution length={length}")


def _balance(
    values: Values, name: str, nodes: Nodes, instances: Instances, cluster: Cluster
) -> int:
    state = balance.start(nodes, instances)
    _show_score(values, nodes, "Initial coefficients:", "Initial score: ")
    best = optimum(nodes)
    if state.score - best < values.min_score:
        say(
            f"Cluster is already well balanced (initial score {general(state.score)},\n"
            f"optimum score due to N+1 reservations {general(best)},\n"
            f"minimum score {general(values.min_score)}).\nNothing to do, exiting"
        )
        return 0
    say("Trying to minimize the CV...")
    found = _plan(values, state, best + values.min_score)
    final = found[-1][0] if found else state
    _result(values, state, final, len(found))
    sets = jobs.job_sets([jobs.plan_job(step, nodes) for _after, step in found])
    title = "Commands to run to reach the above solution:"
    if values.first_job_group:
        sets, title = sets[:1], "First set of jobs:"
    output.show_commands(values, title, jobs.command_lines(sets))
    after = cluster._replace(nodes=final.nodes, instances=final.instances)
    sources.save(values, "balanced", "after balancing", after)
    output.show_instances(values, "Final", final.nodes, final.instances)
    output.show_nodes(values, "Final cluster", final.nodes)
    if values.verbose > 3:
        for word, where in (("Original:", nodes), ("Final:   ", final.nodes)):
            sums = totals(where)
            say(f"{word} mem={sums.f_mem} disk={sums.f_disk}")
    return _execute(values, nodes, sets)


def _execute(values: Values, nodes: Nodes, sets: list[list[jobs.Job]]) -> int:
    """Run the plan when ``-X`` asks for it."""
    if not values.exec_jobs or not sets:
        return 0
    if values.luxi is None:
        raise PlanError("hbal: jobs can only be run with -L, on the cluster that the data are from")
    from ganetix.cli.htools import execute

    return execute.run_sets(values, "hbal", nodes, sets)


def body(values: Values) -> int:
    """Do what the command line asks for."""
    cluster = sources.load(values)
    if values.verbose > 1:
        say(f"Loaded cluster tags: {','.join(cluster.tags)}")
        say(f"Loaded cluster ipolicy: {output.policy_text(cluster)}")
    nodes = sources.with_status(cluster.nodes, values)
    _check_cluster(values, nodes, cluster.instances)
    sources.save(values, "original", "before balancing", cluster)
    name, members, instances = _select_group(values, cluster, nodes)
    _check_group(values, name, members, instances)
    output.show_instances(values, "Initial", members, instances)
    output.show_nodes(values, "Initial cluster", members)
    return _balance(values, name, members, instances, cluster)


def main(argv: Sequence[str] | None = None) -> int:
    """Run hbal and return its exit code."""
    return output.run("hbal", OPTIONS, argv, body)


if __name__ == "__main__":
    sys.exit(main())
