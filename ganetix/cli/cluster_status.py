"""gnt-cluster status: one screen, what is degraded first."""

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from ganetix.cli import output
from ganetix.cli.context import Context
from ganetix.cli.table import timestamp
from ganetix.cli.units import format_size

_NODE: Final = (
    "name", "offline", "drained", "master_candidate", "vm_capable", "pinst_cnt", "sinst_cnt",
    "mtotal", "mfree", "dtotal", "dfree",
)  # fmt: skip
_INSTANCE: Final = ("name", "status", "pnode")
_VALUES: Final = ("drain_flag", "watcher_pause")
_NODATA: Final = 2
_BAR: Final = 30
"""Characters of a bar that means everything."""
_GOOD, _BAD, _PLAIN = "\033[32m", "\033[31m", "\033[0m"
_REMEDIES: Final = {
    "ERROR_down": "gnt-instance start {name}",
    "ERROR_up": "gnt-instance shutdown {name}",
    "ERROR_wrongnode": "gnt-cluster verify",
    "ERROR_nodedown": "gnt-instance failover {name}",
    "ERROR_nodeoffline": "gnt-instance failover {name}",
}

Row = Mapping[str, Any]


class Facts(NamedTuple):
    """What the status is made of: rows of queries, and moments in seconds since the epoch."""

    cluster: Row
    nodes: list[Row]
    instances: list[Row]
    jobs: list[Row]
    drained: bool
    paused_until: float | None
    now: float


def status(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show how the cluster is; return 1 when something is degraded."""
    facts = _facts(context)
    problems = list(problems_of(facts))
    told = {"name": facts.cluster["name"], "master": facts.cluster["master"], **counts(facts)}
    output.show(
        context,
        options,
        {**told, "problems": problems},
        lambda: _screen(facts, problems, context.world.stdout.isatty()),
    )
    return int(bool(problems))


def _facts(context: Context) -> Facts:
    drained, paused = context.call("QueryConfigValues", list(_VALUES))
    unfinished = ["|", *(["==", "status", state] for state in ("queued", "waiting", "running"))]
    return Facts(
        context.call("QueryClusterInfo"),
        _rows(context, "node", _NODE),
        _rows(context, "instance", _INSTANCE),
        _rows(context, "job", ("id", "status"), unfinished),
        bool(drained),
        paused,
        context.world.nanoseconds() / 1e9,
    )


def _rows(context: Context, what: str, fields: tuple[str, ...], chosen: Any = None) -> list[Row]:
    """Return the rows of a query; the names of fields without data are in ``""``."""
    data = context.call("Query", what, list(fields), chosen)["data"]
    found: list[Row] = []
    for row in data:
        missing = {name for name, (state, _) in zip(fields, row, strict=True) if state == _NODATA}
        values = {name: value for name, (_, value) in zip(fields, row, strict=True)}
        found.append({**values, "": missing})
    return found


def _instances(count: object) -> str:
    return f"{count} instance" if count == 1 else f"{count} instances"


def problems_of(facts: Facts) -> Iterator[str]:
    """Yield a sentence for each thing that is degraded, the gravest first, with its remedy."""
    for node in facts.nodes:
        if "mfree" in node[""] and not node["offline"] and node["vm_capable"]:
            yield (
                f"Node {node['name']} does not answer; it is primary of "
                f"{_instances(node['pinst_cnt'])}. Start ganeti-noded on it, or: "
                f"gnt-node failover {node['name']}"
            )
    for instance in facts.instances:
        state = str(instance["status"])
        if state.startswith("ERROR_"):
            remedy = _REMEDIES.get(state, "gnt-cluster verify").format(name=instance["name"])
            yield f"Instance {instance['name']} is {state} on {instance['pnode']}. {remedy}"
    for node in facts.nodes:
        if node["offline"] and node["pinst_cnt"]:
            yield (
                f"Node {node['name']} is offline and is primary of "
                f"{_instances(node['pinst_cnt'])}. gnt-node failover {node['name']}"
            )
    yield from _behind(facts.cluster)
    if facts.drained:
        yield "The job queue is drained and takes no new jobs. gnt-cluster queue undrain"
    if facts.paused_until is not None and facts.paused_until > facts.now:
        until = timestamp(facts.paused_until)
        yield f"The watcher is paused until {until}. gnt-cluster watcher continue"


def _behind(cluster: Row) -> Iterator[str]:
    copies = cluster.get("candidates_behind") or {"in_sync": [], "behind": []}
    for name in copies["behind"]:
        yield f"Master candidate {name} is behind: it lacks the newest changes, and is sent them."


def counts(facts: Facts) -> dict[str, Any]:
    """Return how many there are of everything, and how full the nodes are, in MiB."""
    nodes = Counter(_role(node) for node in facts.nodes)
    return {
        "nodes": {"all": len(facts.nodes), **nodes},
        "instances": {
            "all": len(facts.instances),
            **Counter(str(instance["status"]) for instance in facts.instances),
        },
        "jobs": dict(Counter(str(job["status"]) for job in facts.jobs)),
        "memory": _used(facts.nodes, "mtotal", "mfree"),
        "disk": _used(facts.nodes, "dtotal", "dfree"),
    }


def _role(node: Row) -> str:
    if node["offline"]:
        return "offline"
    return "drained" if node["drained"] else "online"


def _used(nodes: list[Row], total: str, free: str) -> dict[str, int]:
    known = [node for node in nodes if node[total] is not None and node[free] is not None]
    whole = sum(node[total] for node in known)
    return {"total": whole, "used": whole - sum(node[free] for node in known)}


def _screen(facts: Facts, problems: list[str], terminal: bool) -> Iterator[str]:
    number = len(problems)
    word = f"degraded, {number} problem{'s'[: number != 1]}" if problems else "healthy"
    if terminal:
        word = f"{_BAD if problems else _GOOD}{word}{_PLAIN}"
    yield f"{facts.cluster['name']}: {word}; the master is {facts.cluster['master']}"
    yield from (f"  {problem}" for problem in problems)
    found = counts(facts)
    for what in ("nodes", "instances"):
        rest = ", ".join(
            f"{n} {state}" for state, n in sorted(found[what].items()) if state != "all"
        )
        yield f"{what.capitalize():<10}{found[what]['all']:>5}{f': {rest}' if rest else ''}"
    for what in ("memory", "disk"):
        yield f"{what.capitalize():<10}{_fill(**found[what], terminal=terminal)}"
    states = ", ".join(f"{n} {state}" for state, n in sorted(found["jobs"].items()))
    yield f"{'Jobs':<10}{len(facts.jobs):>5}{f': {states}' if states else ' unfinished'}"


def _fill(total: int, used: int, *, terminal: bool) -> str:
    if not total:
        return "    0"
    share = used / total
    bar = f" {'#' * round(share * _BAR):.<{_BAR}}" if terminal else ""
    return f"{share:>5.0%}{bar} {format_size(used, 'h')} of {format_size(total, 'h')} in use"
