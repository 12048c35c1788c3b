"""gnt-cluster balance: plan moves, show them, run them as jobs, cancel those not begun."""

from argparse import Namespace
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from ganetix import errors
from ganetix.cli import output
from ganetix.cli.context import Context
from ganetix.cli.follow import results, wait
from ganetix.cli.planner import model, text
from ganetix.cli.submit import Opcode, prepare
from ganetix.cli.table import Column, Style, render
from ganetix.htools import jobs as moves
from ganetix.htools.balance import Step
from ganetix.htools.fixed import fixed
from ganetix.htools.jobs import Job
from ganetix.htools.model import NO_NODE, Cluster, Node, by_group
from ganetix.htools.options import DEFAULT_OPTIONS
from ganetix.htools.plans import Plan, balance_plan
from ganetix.htools.search import search

MARK: Final = "gnt-cluster balance"
"""The beginning of the comment of every opcode of a balancing."""
_NOT_BEGUN: Final = frozenset({"queued", "waiting"})
_COLUMNS: Final = (
    Column("Step", right=True),
    Column("Instance"),
    Column("From"),
    Column("To"),
    Column("Score", right=True),
    Column("By"),
)


class Balance(NamedTuple):
    """The plan of one group, and its moves cut into sets that run one after the other."""

    group: str
    plan: Plan
    sets: list[list[Job]]


class Move(NamedTuple):
    """One job to submit: the instance that it moves, its opcodes."""

    instance: str
    ops: list[Opcode]


def balance(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Plan, show, ask, run; or cancel what a balancing has not begun."""
    if options.abort:
        return abort(context)
    cluster = model.load(context)
    plans = _plans(context, options, _held(context, cluster))
    output.show(context, options, [_values(one) for one in plans], lambda: _lines(plans))
    jobs = _jobs(context, options, plans, cluster)
    if options.plan or not jobs:
        return 0
    if not options.force:
        context.confirm(f"Submit {len(jobs)} jobs for these moves?")
    return run(context, options, jobs)


def _held(context: Context, cluster: Cluster) -> Cluster:
    """Return the cluster with those instances fixed that a job holds a lock on now."""
    answer = context.call("Query", "lock", ["name", "mode", "owner"], None)
    busy = {
        str(name).removeprefix("instance/")
        for (_, name), (_, mode), (_, owner) in answer["data"]
        if str(name).startswith("instance/") and mode == "exclusive" and owner
    }
    instances = dict(cluster.instances)
    for idx, inst in cluster.instances.items():
        if inst.name in busy and inst.movable:
            instances[idx] = inst._replace(movable=False)
            context.tell(f"Instance {inst.name} is not moved: a job works on it.")
    return cluster._replace(instances=instances)


def _plans(context: Context, options: Namespace, cluster: Cluster) -> list[Balance]:
    chosen = DEFAULT_OPTIONS._replace(
        disk_moves=options.disk_moves, instance_moves=options.instance_moves
    )
    found = []
    for idx in _groups(cluster, options.nodegroup):
        most = options.max_length
        plan = model.planned(partial(balance_plan, cluster, idx, search, chosen, rounds=most))
        steps = [moves.plan_job(step, cluster.nodes, step.before.name) for step in plan.steps]
        found.append(Balance(cluster.groups[idx].name, plan, moves.job_sets(steps)))
    return found


def _groups(cluster: Cluster, name: str | None) -> list[int]:
    """Return the groups to balance: the one called *name*, or all that have nodes."""
    present = by_group(cluster.nodes)
    found = [
        idx
        for idx, group in cluster.groups.items()
        if (idx in present if name is None else name in (group.name, group.uuid))
    ]
    if not found:
        raise errors.OpPrereqError(f"There is no group {name}. See: gnt-group list", errors.NOENT)
    return sorted(found)


def _lines(plans: Sequence[Balance]) -> Iterable[str]:
    for one in plans:
        plan = one.plan
        yield f"Group {one.group}: score {fixed(plan.before.score, 8)}; lower is better."
        if not plan.steps:
            yield "  No move would make it better."
            continue
        rows = [
            [str(number), step.before.name, *_homes(step, plan), fixed(step.score, 8), _way(step)]
            for number, step in enumerate(plan.steps, 1)
        ]
        yield from render(_COLUMNS, rows, Style())
        yield f"  Score afterwards: {fixed(plan.after.score, 8)}; {len(one.sets)} sets of moves."
        yield f"  {text.survival(plan.before, plan.after)}"


def _homes(step: Step, plan: Plan) -> tuple[str, str]:
    old, new = (
        ":".join(plan.nodes[idx].name for idx in inst.nodes) for inst in (step.before, step.after)
    )
    return old, new


def _way(step: Step) -> str:
    return step.move.kind.replace("-", " ")


def _values(one: Balance) -> dict[str, Any]:
    plan = one.plan
    number = {id(job.step): at for at, members in enumerate(one.sets, 1) for job in members}
    return {
        "group": one.group,
        **text.outcome_values(plan.before, plan.after),
        "moves": [
            {
                "instance": step.before.name,
                "from": [plan.nodes[idx].name for idx in step.before.nodes],
                "to": [plan.nodes[idx].name for idx in step.after.nodes],
                "kind": step.move.kind,
                "score": step.score,
                "set": number[id(step)],
            }
            for step in plan.steps
        ],
    }


def _jobs(
    context: Context, options: Namespace, plans: Sequence[Balance], cluster: Cluster
) -> list[Move]:
    """Return the jobs of all groups; each job of a set waits for all of the set before it."""
    found: list[Move] = []
    for one in plans:
        last: list[int] = []
        for members in one.sets:
            first = len(found)
            for job in members:
                after = [[before - len(found), ["success"]] for before in last]
                ops = [prepare(context, options, op) for op in _opcodes(job, cluster.nodes)]
                ops[0] = {**ops[0], **({"depends": after} if after else {})}
                found.append(Move(job.step.before.name, ops))
            last = list(range(first, len(found)))
    return found


def _opcodes(job: Job, nodes: dict[int, Node]) -> list[Opcode]:
    target = job.step.move.target
    name = nodes[target].name if target != NO_NODE else ""
    ops = moves.opcodes(job.step.before, job.step.move, name)
    return [{**op, "comment": f"{MARK}: {job.step.before.name}"} for op in ops]


def run(context: Context, options: Namespace, jobs: Sequence[Move]) -> int:
    """Submit *jobs* and follow them; an interrupt cancels those that have not begun."""
    answers = context.call("SubmitManyJobs", [job.ops for job in jobs])
    rows = [(job.instance, int(n)) for job, (good, n) in zip(jobs, answers, strict=True) if good]
    for job, (good, reason) in zip(jobs, answers, strict=True):
        if not good:
            context.tell(f"No job for {job.instance}: {reason}")
    if options.print_jobid:
        context.print(",".join(str(number) for _, number in rows))
        context.flush()
    if options.submit_only:
        for _, number in rows:
            context.tell(f"JobID: {number}")
        return int(len(rows) < len(jobs))
    done: list[str] = []
    try:
        for name, number in rows:
            if _followed(context, name, number):
                done.append(name)
    except KeyboardInterrupt:
        context.tell("Interrupted: the moves that have not begun are cancelled.")
        abort(context)
        return 1
    return _end(context, [job.instance for job in jobs], done)


def _followed(context: Context, name: str, number: int) -> bool:
    """Follow one job to its end; whether it succeeded."""
    context.print(f"Waiting for job {number} for {name} ...")
    context.flush()
    wait(context, number)
    try:
        results(context, number)
    except errors.GanetiError as error:
        context.tell(f"Job {number} for {name} failed: {error.message}")
        return False
    return True


def _end(context: Context, wanted: Sequence[str], done: Sequence[str]) -> int:
    """Say how it ended; return 1 if something remains."""
    if len(done) == len(wanted):
        context.print(f"All {len(done)} moves were made.")
        return 0
    left = list(wanted)
    for name in done:
        left.remove(name)
    context.tell(
        f"{len(done)} of {len(wanted)} moves were made. Not moved: {', '.join(left)}. "
        f"'{MARK}' plans anew."
    )
    return 1


def abort(context: Context) -> int:
    """Cancel the jobs of a balancing that have not begun; say which remain."""
    waiting = ["|", *(["==", "status", state] for state in ("queued", "waiting", "running"))]
    answer = context.call("Query", "job", ["id", "ops", "opstatus"], waiting)
    found = {int(job): states for (_, job), (_, ops), (_, states) in answer["data"] if _ours(ops)}
    if not found:
        context.print("No balancing is under way.")
        return 0
    # The last first: a job whose dependency is cancelled would end as failed.
    left = []
    for number in sorted(found, reverse=True):
        # A move of several steps that is cut short would leave its instance between two places.
        begun = not _NOT_BEGUN.issuperset(found[number])
        done, told = (False, "") if begun else context.call("CancelJob", number)
        if done:
            context.print(told)
        else:
            left.append(number)
    if left:
        listed = ", ".join(map(str, sorted(left)))
        context.print(f"Under way and not cancelled: job(s) {listed}. Follow: gnt-job watch N")
    return 0


def _ours(ops: Sequence[dict[str, Any]]) -> bool:
    return any(str(op.get("comment") or "").startswith(f"{MARK}:") for op in ops)
