"""harep: repair instances as their tags allow."""

import json
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from ganetix.cli.htools import luxi, output
from ganetix.cli.htools.options import VERSION, Values
from ganetix.cli.htools.output import say
from ganetix.htools import build, queried, repair
from ganetix.htools.model import Cluster, Instance

OPTIONS: Final = ("luxi", "job-delay", "reason", "dry-run")
HEALTHY, PENDING, NEEDS, FAILED = "Healthy", "Pending repair", "Needs repair", "Failure"
Call = Callable[..., Any]


class Harep:
    """One run over all instances."""

    def __init__(self, values: Values, cluster: Cluster, call: Call) -> None:
        self._values = values
        self._cluster = cluster
        self._call = call
        self._now = time.time()
        self.counts: dict[str, int] = {}

    def _send(self, ops: list[dict[str, Any]], what: str) -> int | None:
        """Submit one job, or print it on a dry run."""
        reason = self._values.reason or f"harep {VERSION} called"
        trail = [["harep", reason, time.time_ns()]]
        job = [{**op, "comment": f"{what} by harep {VERSION}", "reason": trail} for op in ops]
        if self._values.dry_run:
            say(json.dumps(job))
            return None
        return int(self._call("SubmitJob", job))

    def _tag(self, inst: Instance, new: str, old: str | None = None) -> None:
        """Add a tag, and take the one away that it follows."""
        ops = [{"OP_ID": "OP_TAGS_SET", "kind": "instance", "name": inst.name, "tags": [new]}]
        if old is not None:
            ops.append(
                {"OP_ID": "OP_TAGS_DEL", "kind": "instance", "name": inst.name, "tags": [old]}
            )
        self._send(ops, "tagging")

    def _finished(self, inst: Instance, running: repair.Repair) -> bool:
        """Write the result of a repair that has ended; whether it has."""
        rows = self._call("QueryJobs", list(running.jobs), ["id", "status"])
        states = {int(number): state for number, state in rows if number is not None}
        result = repair.outcome(states, running)
        if result is None:
            return False
        tag = repair.tag_of(running.kind, running.uuid, int(self._now), running.jobs, result)
        self._tag(inst, tag, running.tag)
        return result == repair.SUCCESS

    def state(self, inst: Instance) -> str:
        """Return what state *inst* is in; takes note of repairs that have ended."""
        known = repair.repairs(inst)
        if any(one.result == repair.FAILURE for one in known):
            return FAILED
        for one in known:
            if one.result is None and not self._finished(inst, one):
                return PENDING
        return HEALTHY

    def repair(self, inst: Instance) -> str:
        """Repair *inst* if it is damaged and its tags allow it; return its state."""
        state = self.state(inst)
        allowed = repair.allowed(inst, self._cluster, self._now)
        found = repair.damage(inst, self._cluster)
        if state != HEALTHY or found is None or allowed is None:
            return state
        number = str(uuid.uuid4())
        if not repair.permitted(found, allowed):
            denied = any(
                one.result == repair.ENOPERM and one.kind == found.kind
                for one in repair.repairs(inst)
            )
            if not denied:
                when = int(self._now)
                self._tag(inst, repair.tag_of(found.kind, number, when, (), repair.ENOPERM))
            return NEEDS
        say(f"{inst.name}: {found.why}; starting {found.kind}")
        ops = list(found.ops)
        if self._values.job_delay > 0:
            ops.insert(0, {"OP_ID": "OP_TEST_DELAY", "duration": self._values.job_delay,
                           "on_master": True, "on_nodes": []})  # fmt: skip
        job = self._send(ops, "repair")
        if job is not None:
            self._tag(inst, repair.tag_of(found.kind, number, int(self._now), (job,)))
        return PENDING

    def run(self) -> None:
        """Go over all instances and count their states."""
        for _idx, inst in sorted(self._cluster.instances.items()):
            state = self.repair(inst)
            self.counts[state] = self.counts.get(state, 0) + 1


def body(values: Values) -> int:
    """Do what the command line asks for."""
    with luxi.connected(values.luxi or "") as call:
        cluster, _warnings = build.assemble(queried.from_luxi(call))
        harep = Harep(values, cluster, call)
        harep.run()
    say("---------------------")
    say("Instance status count")
    for state in (HEALTHY, PENDING, NEEDS, FAILED):
        say(f"{state}: {harep.counts.get(state, 0)}")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run harep and return its exit code."""
    return output.run("harep", OPTIONS, argv, body)


if __name__ == "__main__":
    sys.exit(main())
