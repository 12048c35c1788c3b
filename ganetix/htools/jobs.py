"""A plan as job sets, as commands, as opcodes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ganetix.htools.balance import Step
from ganetix.htools.fixed import fixed
from ganetix.htools.model import NO_NODE, RUNNING, Instance, Nodes
from ganetix.htools.moves import (
    FAILOVER,
    FAILOVER_AND_REPLACE,
    FAILOVER_TO_ANY,
    REPLACE_AND_FAILOVER,
    REPLACE_PRIMARY,
    REPLACE_SECONDARY,
    Move,
)

SHUTDOWN_TIMEOUT = 120
SCRIPT = """#!/bin/sh

# Moves planned by ganetix. Create the file /tmp/stop-htools to stop before the next one.

set -e

check() {
  if [ -f /tmp/stop-htools ]; then
    echo 'Stopped, since /tmp/stop-htools exists'
    exit 0
  fi
}

"""


class Job(NamedTuple):
    """One move as a job: the nodes that it touches and the commands that do it."""

    nodes: frozenset[int]
    step: Step
    commands: tuple[str, ...]


def move_code(move: Move, primary: str, secondary: str) -> str:
    """Return the short code of a move, as in the last column of a plan."""
    return {
        FAILOVER: "f",
        FAILOVER_TO_ANY: f"fa:{primary}",
        FAILOVER_AND_REPLACE: f"f r:{secondary}",
        REPLACE_SECONDARY: f"r:{secondary}",
        REPLACE_AND_FAILOVER: f"r:{primary} f",
        REPLACE_PRIMARY: f"f r:{primary} f",
    }[move.kind]


def commands(
    inst: Instance, name: str, move: Move, primary: str, secondary: str
) -> tuple[str, ...]:
    """Return the gnt-instance commands of a move, less their first word."""
    verb = "migrate" if inst.status in (RUNNING, "ERROR_up") else "failover"
    go = f"{verb} -f {name}"
    to_primary = f"replace-disks -n {primary} {name}"
    to_secondary = f"replace-disks -n {secondary} {name}"
    return {
        FAILOVER: (go,),
        FAILOVER_TO_ANY: (f"{verb} -f -n {primary} {name}",),
        FAILOVER_AND_REPLACE: (go, to_secondary),
        REPLACE_SECONDARY: (to_secondary,),
        REPLACE_AND_FAILOVER: (to_primary, go),
        REPLACE_PRIMARY: (go, to_primary, go),
    }[move.kind]


def _aliases(step: Step, nodes: Nodes) -> tuple[str, str]:
    after = step.after
    secondary = nodes[after.secondary].spec.alias if after.secondary != NO_NODE else ""
    return nodes[after.primary].spec.alias, secondary


def step_line(step: Step, nodes: Nodes, number: int, node_width: int, inst_width: int) -> str:
    """Return the line that shows one step of a plan."""
    before = step.before
    new_p, new_s = _aliases(step, nodes)
    old = nodes[before.primary].spec.alias
    new = new_p
    if before.secondary != NO_NODE:
        old += ":" + nodes[before.secondary].spec.alias
    if new_s:
        new += ":" + new_s
    width = 2 * node_width + 1
    code = move_code(step.move, new_p, new_s)
    return (
        f"  {number:3d}. {before.alias:<{inst_width}} {old:<{width}} => {new:<{width}}"
        f" {fixed(step.score, 8):>12} a={code}"
    )


def plan_job(step: Step, nodes: Nodes, name: str | None = None) -> Job:
    """Return the job of one step; its commands call the instance *name*, or by its alias."""
    touched = {*step.before.nodes, step.after.primary, step.after.secondary} - {NO_NODE}
    new_p, new_s = _aliases(step, nodes)
    called = step.before.alias if name is None else name
    return Job(frozenset(touched), step, commands(step.before, called, step.move, new_p, new_s))


def job_sets(jobs: Sequence[Job]) -> list[list[Job]]:
    """Cut a plan into sets: jobs of one set share no node, and sets run one after the other."""
    sets: list[list[Job]] = []
    busy: set[int] = set()
    # From the end to the start, as the reference does: the last set is the fullest.
    for job in reversed(jobs):
        if sets and busy.isdisjoint(job.nodes):
            sets[-1].append(job)
            busy |= job.nodes
        else:
            sets.append([job])
            busy = set(job.nodes)
    return [members[::-1] for members in sets[::-1]]


def command_lines(sets: Sequence[Sequence[Job]]) -> list[str]:
    """Return the lines of a shell script that runs *sets*."""
    lines: list[str] = []
    for number, members in enumerate(sets, 1):
        lines += ["", f"echo jobset {number}, {len(members)} jobs"]
        for at, job in enumerate(members, 1):
            lines += [f"  echo job {number}/{at}", "  check"]
            lines += [f"  gnt-instance {command}" for command in job.commands]
    return lines


def _go(inst: Instance, target: str | None) -> dict[str, Any]:
    common: dict[str, Any] = {"instance_name": inst.name, "ignore_ipolicy": False}
    if target is not None:
        common["target_node"] = target
    if inst.forthcoming:
        return {
            "OP_ID": "OP_INSTANCE_FAILOVER", **common, "ignore_consistency": False,
            "shutdown_timeout": SHUTDOWN_TIMEOUT, "cleanup": False,
        }  # fmt: skip
    return {
        "OP_ID": "OP_INSTANCE_MIGRATE", **common, "allow_failover": True, "cleanup": False,
        "allow_runtime_changes": False, "ignore_hvversions": True,
    }  # fmt: skip


def _replace(inst: Instance, node: str) -> dict[str, Any]:
    return {
        "OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": inst.name, "early_release": False,
        "ignore_ipolicy": False, "mode": "replace_new_secondary", "disks": [], "remote_node": node,
    }  # fmt: skip


def opcodes(inst: Instance, move: Move, target: str) -> list[dict[str, Any]]:
    """Return the opcodes of a move; *target* is the full name of its new node, if it has one."""
    go = _go(inst, None)
    return {
        FAILOVER: lambda: [go],
        FAILOVER_TO_ANY: lambda: [_go(inst, target)],
        REPLACE_PRIMARY: lambda: [go, _replace(inst, target), go],
        REPLACE_SECONDARY: lambda: [_replace(inst, target)],
        REPLACE_AND_FAILOVER: lambda: [_replace(inst, target), go],
        FAILOVER_AND_REPLACE: lambda: [go, _replace(inst, target)],
    }[move.kind]()
