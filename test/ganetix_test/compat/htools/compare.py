"""Runs the planner and the reference on one generated cluster and says where they differ.

Where they differ on purpose, docs/htools.md gives the reason; `EXPLAINED` names those cases.
"""

import contextlib
import io
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ganetix.cli.htools import hail, hbal, hcheck, hinfo, hroller, hspace, hsqueeze
from ganetix_test.compat.htools.defects import defect
from ganetix_test.compat.htools.generate import Generated
from ganetix_test.compat.htools.reference import Reference, Result

MAINS: dict[str, Callable[[Sequence[str]], int]] = {
    "hail": hail.main,
    "hbal": hbal.main,
    "hcheck": hcheck.main,
    "hinfo": hinfo.main,
    "hroller": hroller.main,
    "hspace": hspace.main,
    "hsqueeze": hsqueeze.main,
}
# Seconds that the reference needs for one move, for one instance and the square of the nodes.
MOVE_COST = 18.0 / (1000 * 80**2)
# Clusters of more nodes are compared without global N+1, which takes the reference minutes.
BIG = 30
# Seconds that one run of the reference may take.
LONGEST = 60.0
VARIANTS: tuple[list[str], ...] = (
    [], ["-E"], ["--no-disk-moves"], ["--restricted-migration"], ["--no-instance-moves"],
    ["--ignore-soft-errors"], ["--ignore-dynu"],
)  # fmt: skip
EXPLAINED = {
    "crash": "the reference ends with an internal error on instances between groups",
    "no-group": "change-group without a target is told in a sentence",
    "dedicated": "multi-allocate on exclusive storage loses the other groups in the reference",
    "number": "allocate in one group: the reference's N+1 takes the new instance for another one",
    "forthcoming": "hspace counts forthcoming instances twice in the reference and gives up",
}


class Difference(NamedTuple):
    """Where the two disagree."""

    program: str
    args: tuple[str, ...]
    reference: str
    ours: str

    def __str__(self) -> str:
        return (
            f"{self.program} {' '.join(self.args)}\n  reference: {self.reference}\n"
            f"  ganetix:   {self.ours}"
        )


class Tally:
    """What was compared."""

    def __init__(self) -> None:
        self.runs: dict[str, int] = {}
        self.explained: dict[str, int] = {}
        self.differences: list[Difference] = []
        self.unfinished: list[str] = []

    def explain(self, reason: str) -> None:
        """Count a difference on purpose."""
        self.explained[reason] = self.explained.get(reason, 0) + 1

    def add(self, other: "Tally") -> None:
        """Add what was compared elsewhere."""
        for mine, theirs in ((self.runs, other.runs), (self.explained, other.explained)):
            for key, number in theirs.items():
                mine[key] = mine.get(key, 0) + number
        self.differences += other.differences
        self.unfinished += other.unfinished


def ours(main: Callable[[Sequence[str]], int], args: Sequence[str]) -> Result:
    """Run a program of ours in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(args))
    return Result(code, out.getvalue(), err.getvalue())


def first_difference(one: str, two: str) -> tuple[str, str]:
    """Return the first lines that differ, or how many lines there are."""
    lines, others = one.splitlines(), two.splitlines()
    for a, b in zip(lines, others, strict=False):
        if a != b:
            return a, b
    return f"{len(lines)} lines", f"{len(others)} lines"


class Comparison:
    """One cluster, both programs."""

    def __init__(
        self, reference: Reference, folder: Path, cluster: Generated, tally: Tally
    ) -> None:
        self._reference = reference
        self._cluster = cluster
        self._tally = tally
        self._data = folder / "cluster.data"
        self._request = folder / "request.json"
        self._data.write_text(cluster.text(), encoding="utf-8")

    def _both(self, program: str, args: Sequence[str]) -> tuple[Result, Result] | None:
        """Run both; None when the reference fell over and we did not, or takes too long."""
        self._tally.runs[program] = self._tally.runs.get(program, 0) + 1
        try:
            theirs = self._reference.run(program, args, LONGEST)
        except subprocess.TimeoutExpired:
            words = f"{program} {' '.join(args)} (cluster {self._cluster.number})"
            self._tally.unfinished.append(f"{words}: the reference did not end in time")
            return None
        mine = ours(MAINS[program], args)
        if "IntMap.!: key" in theirs.err and self._cluster.split():
            self._tally.explain("crash")
            return None
        return theirs, mine

    def _differ(self, program: str, args: Sequence[str], one: str, two: str) -> None:
        named = [*args, f"(cluster {self._cluster.number})"]
        self._tally.differences.append(Difference(program, tuple(named), one, two))

    def text(self, program: str, *more: str) -> None:
        """Compare what *program* prints about the cluster, and its exit code."""
        args = ["-t", str(self._data), *more]
        both = self._both(program, args)
        if both is None:
            return
        theirs, mine = both
        twice = "internal inconsistency" in theirs.err and mine.code == 0
        if program == "hspace" and twice and self._cluster.features.forthcoming:
            self._tally.explain("forthcoming")
        elif theirs.out != mine.out:
            self._differ(program, args, *first_difference(theirs.out, mine.out))
        elif theirs.code != mine.code:
            self._differ(program, args, f"exit {theirs.code}", f"exit {mine.code}")

    def balance(self) -> None:
        """Compare the moves of hbal in one group."""
        groups = sorted({node["group"] for node in self._cluster.nodes})
        more: list[str] = []
        if len(groups) > 1:
            chosen = groups[self._cluster.number % len(groups)]
            more = ["-G", self._cluster.groups[chosen]["name"]]
        size = len(self._cluster.nodes) ** 2 * max(1, len(self._cluster.instances))
        rounds = max(1, min(400, int(2.0 / (size * MOVE_COST))))
        more += VARIANTS[self._cluster.number % len(VARIANTS)]
        self.text("hbal", "-C", "-l", str(rounds), *more)

    def requests(self, every: int = 1) -> None:
        """Compare the answers of hail."""
        for at, request in enumerate(self._cluster.requests()):
            if (at + self._cluster.number) % every == 0:
                self._answer(request)

    def _answer(self, request: dict[str, Any]) -> None:
        message = self._cluster.request(request)
        self._request.write_text(message, encoding="utf-8")
        big = len(self._cluster.nodes) > BIG
        both = self._both("hail", [*(["--no-capacity-checks"] if big else []), str(self._request)])
        if both is None:
            return
        try:
            theirs, mine = (json.loads(result.out) for result in both)
        except ValueError:
            theirs, mine = both
        if theirs == mine:
            return
        reason = _explained(request, json.loads(message), theirs, mine)
        if reason is not None:
            self._tally.explain(reason)
        else:
            self._differ("hail", [request["type"]], str(theirs)[:600], str(mine)[:600])

    def everything(self) -> None:
        """Compare all programs, the slow ones only where the reference ends in time."""
        self.balance()
        self.requests(1 if len(self._cluster.nodes) <= 12 else 4)
        self.text("hcheck", "--machine-readable", "--no-simulation")
        self.text("hinfo", "-v")
        self.text("hroller", *(["--offline-maintenance"] if self._cluster.number % 2 else []))
        if len(self._cluster.nodes) <= 10:
            self.text("hsqueeze", "-C")
        if len(self._cluster.nodes) <= 6:
            self.capacity()

    def capacity(self) -> None:
        """Compare what hspace says that still fits."""
        template = ("drbd", "plain", "sharedfile")[self._cluster.number % 3]
        sizes = ["--standard-alloc", "20480,2048,2", "--tiered-alloc", "51200,4096,4"]
        more = ["--independent-groups"] if self._cluster.number % 2 else []
        self.text("hspace", "--machine-readable", "--disk-template", template, *sizes, *more)


def _groups_failed(answer: dict[str, Any]) -> Iterator[str]:
    yield from (message for _name, message in answer["result"][1])


def _explained(
    request: dict[str, Any], message: dict[str, Any], theirs: Any, mine: Any
) -> str | None:
    """Return the reason for a difference on purpose."""
    if not isinstance(theirs, dict) or not isinstance(mine, dict):
        return None
    if request["type"] == "change-group" and theirs["success"] and mine["success"]:
        texts = [*_groups_failed(theirs), *_groups_failed(mine)]
        if texts and all(text.startswith(("no groups for", "there is no group")) for text in texts):
            return "no-group"
    return defect(message, theirs)
