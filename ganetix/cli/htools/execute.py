"""Running a plan as jobs, set after set."""

import signal
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, Final

from ganetix.cli.htools import luxi
from ganetix.cli.htools.options import VERSION, Values
from ganetix.cli.htools.output import say
from ganetix.htools.faults import PlanError
from ganetix.htools.jobs import Job, opcodes
from ganetix.htools.model import NO_NODE, Nodes

FINAL: Final = frozenset({"canceled", "success", "error"})
PRIORITIES: Final = {"low": 10, "normal": 0, "high": -10}
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 15.0
Jobs = list[list[dict[str, Any]]]


class _Stop:
    """Whether the operator wants to stop after this set."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGINT, self._gently)
        signal.signal(signal.SIGTERM, self._now)

    def _gently(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        sys.stderr.write("Cancel request registered, will exit at the end of the current job set\n")

    def _now(self, _number: int, _frame: FrameType | None) -> None:
        sys.stderr.write("Double cancel request, exiting now...\n")
        raise SystemExit(2)


def annotated(
    values: Values, tool: str, ops: list[dict[str, Any]], comment: str
) -> list[dict[str, Any]]:
    """Add comment, reason and priority to the opcodes of one job."""
    reason = values.reason or f"{tool} {VERSION} called"
    extra: dict[str, Any] = {
        "comment": f"{comment} {VERSION}",
        "reason": [[tool, reason, time.time_ns()]],
    }
    if values.priority is not None:
        extra["priority"] = PRIORITIES[values.priority]
    return [{**op, **extra} for op in ops]


def submit(call: Callable[..., Any], jobs: Jobs) -> list[int]:
    """Submit *jobs* and return their numbers; raises `PlanError` when one is refused."""
    numbers = []
    for good, answer in call("SubmitManyJobs", jobs):
        if not good:
            raise PlanError(f"a job was refused: {answer}")
        numbers.append(int(answer))
    return numbers


def wait(call: Callable[..., Any], numbers: Sequence[int]) -> None:
    """Wait until all jobs have ended; raises `PlanError` if one did not succeed."""
    pause = FIRST_WAIT
    while True:
        states = [row[0] for row in call("QueryJobs", list(numbers), ["status"])]
        if all(state in FINAL for state in states):
            break
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_WAIT)
    failed = [
        f"{number} ({state})"
        for number, state in zip(numbers, states, strict=True)
        if state != "success"
    ]
    if failed:
        raise PlanError(f"jobs did not succeed: {', '.join(failed)}; see gnt-job info")


def run_jobs(values: Values, batches: Sequence[tuple[Jobs, str]]) -> int:
    """Run the batches one after the other; each is jobs and a sentence about them."""
    stop = _Stop()
    with luxi.connected(values.luxi or "") as call:
        for jobs, what in batches:
            if stop.asked:
                say("Stopped as asked, before: " + what)
                return 0
            say(what)
            numbers = submit(call, jobs)
            say(f"Got job IDs {', '.join(str(number) for number in numbers)}")
            wait(call, numbers)
    return 0


def move_ops(job: Job, nodes: Nodes) -> list[dict[str, Any]]:
    """Return the opcodes of one move."""
    target = job.step.move.target
    return opcodes(job.step.before, job.step.move, nodes[target].name if target != NO_NODE else "")


def run_sets(values: Values, tool: str, nodes: Nodes, sets: Sequence[Sequence[Job]]) -> int:
    """Run the job sets of a plan."""
    batches = []
    for members in sets:
        jobs = [
            annotated(values, tool, move_ops(job, nodes), f"rebalancing via {tool}")
            for job in members
        ]
        names = ", ".join(job.step.before.name for job in members)
        batches.append((jobs, f"Executing jobset for instances {names}"))
    return run_jobs(values, batches)
