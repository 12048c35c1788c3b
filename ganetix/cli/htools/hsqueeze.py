"""hsqueeze: switch nodes off that are not needed, or on that are."""

import sys
from collections.abc import Sequence
from typing import Any, Final

from ganetix.cli.htools import output, sources
from ganetix.cli.htools.options import Values
from ganetix.cli.htools.output import say
from ganetix.htools import jobs, squeeze
from ganetix.htools.faults import PlanError
from ganetix.htools.model import Cluster, Node
from ganetix.htools.search import Searcher

OPTIONS: Final = (
    "luxi", "text-data", "exec", "minimal-resources", "target-resources", "save",
    "print-commands", "verbose", "no-headers", "static-kvm-node-memory",
)  # fmt: skip
STANDBY: Final = "htools:standby:auto"
OOB_TIMEOUT: Final = 60
POWER_DELAY: Final = 2.0


def _sets(cluster: Cluster, result: squeeze.Squeezed) -> list[list[jobs.Job]]:
    return jobs.job_sets(
        [jobs.plan_job(step, cluster.nodes, step.before.name) for step in result.steps]
    )


def _power(nodes: Sequence[Node], *, on: bool) -> list[dict[str, Any]]:
    """Return the opcodes of one job that switches *nodes*."""
    ops: list[dict[str, Any]] = [
        {"OP_ID": "OP_NODE_SET_PARAMS", "node_name": node.name, "offline": not on} for node in nodes
    ]
    ops.append(
        {
            "OP_ID": "OP_OOB_COMMAND", "node_names": [node.name for node in nodes],
            "command": "power-on" if on else "power-off", "timeout": OOB_TIMEOUT,
            "ignore_status": False, "power_delay": POWER_DELAY,
        }
    )  # fmt: skip
    return ops


def _tagging(node: Node) -> dict[str, Any]:
    return {"OP_ID": "OP_TAGS_SET", "kind": "node", "name": node.name, "tags": [STANDBY]}


def _execute(
    values: Values, cluster: Cluster, nodes: Sequence[Node], sets: list[list[jobs.Job]], *, on: bool
) -> None:
    """Run the plan when ``-X`` asks for it."""
    if not values.exec_jobs:
        return
    if values.luxi is None:
        raise PlanError(
            "hsqueeze: jobs can only be run with -L, on the cluster that the data are from"
        )
    from ganetix.cli.htools import execute

    comment = f"{'expanding' if on else 'condensing'} by {len(nodes)} nodes"

    def job(ops: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return execute.annotated(values, "hsqueeze", ops, comment)

    moves = []
    for members in sets:
        names = ", ".join(one.step.before.name for one in members)
        ops = [job(execute.move_ops(one, cluster.nodes)) for one in members]
        moves.append((ops, f"Moving instances {names}"))
    if on:
        batches = [([job(_power(nodes, on=True))], "Powering on nodes"), *moves]
    else:
        tagging = [
            ([job([_tagging(node)])], f"Tagging node {node.name} with standby")
            for node in nodes
        ]  # fmt: skip
        batches = [*moves, *tagging, ([job(_power(nodes, on=False))], "Powering off nodes")]
    execute.run_jobs(values, batches)


def _finish(values: Values, cluster: Cluster, result: squeeze.Squeezed, what: str) -> None:
    after = cluster._replace(nodes=result.nodes, instances=result.instances)
    sources.save(values, "squeezed", f"after hsqueeze {what}", after)


def _expand(values: Values, cluster: Cluster, nodes: Sequence[Node], *, enough: bool) -> None:
    which = [node.idx for node in nodes]
    result = squeeze.switched(cluster.nodes, cluster.instances, which, Searcher(), offline=False)
    if not values.no_headers:
        say("'Nodes to online'")
    for node in nodes:
        say(node.name)
    if values.verbose > 1 and not enough:
        say("Onlining all nodes will not yield enough capacity")
    sets = _sets(cluster, result)
    lines = ["echo Power Commands"]
    lines += [f"  gnt-node power -f on {node.spec.alias}" for node in nodes]
    output.show_commands(values, "Commands to run:", lines + jobs.command_lines(sets))
    _execute(values, cluster, nodes, sets, on=True)
    _finish(values, cluster, result, "expansion")


def _condense(values: Values, cluster: Cluster, nodes: Sequence[Node]) -> None:
    which = [node.idx for node in nodes]
    result = squeeze.switched(cluster.nodes, cluster.instances, which, Searcher(), offline=True)
    if not values.no_headers:
        say("'Nodes to offline'")
    for node in nodes:
        say(node.name)
    sets = _sets(cluster, result)
    lines = [*jobs.command_lines(sets), "", "echo Tagging Commands"]
    lines += [f"  gnt-node add-tags {node.spec.alias} {STANDBY}" for node in nodes]
    lines += ["", "echo Power Commands"]
    lines += [f"  gnt-node power -f off {node.spec.alias}" for node in nodes]
    output.show_commands(values, "Commands to run:", lines)
    _execute(values, cluster, nodes, sets, on=False)
    _finish(values, cluster, result, "run")


def _candidates(values: Values, title: str, nodes: Sequence[Node]) -> None:
    if values.verbose > 1:
        say(f"{title} candidates: {','.join(node.name for node in nodes)}")


def body(values: Values) -> int:
    """Do what the command line asks for."""
    cluster = sources.load(values)
    sources.save(values, "original", "before hsqueeze run", cluster)
    nodes, instances = cluster.nodes, cluster.instances
    _candidates(values, "Offline", squeeze.may_go(nodes, instances))
    _candidates(values, "Online", squeeze.may_come(nodes))
    least = squeeze.sample(values.minimal_resources, cluster.policy.std)
    if not squeeze.room_everywhere(least, nodes):
        found = squeeze.to_switch_on(least, nodes, instances, Searcher())
        chosen = squeeze.may_come(nodes) if found is None else found
        _expand(values, cluster, chosen, enough=found is not None)
        return 0
    target = squeeze.sample(values.target_resources, cluster.policy.std)
    off = squeeze.to_switch_off(target, nodes, instances, Searcher())
    if off:
        _condense(values, cluster, off)
        return 0
    if not values.no_headers:
        say("'No action'")
    output.show_commands(values, "Commands to run:", ["echo Nothing to do"])
    _finish(values, cluster, squeeze.Squeezed(nodes, instances, ()), "doing nothing")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run hsqueeze and return its exit code."""
    return output.run("hsqueeze", OPTIONS, argv, body)


if __name__ == "__main__":
    sys.exit(main())
