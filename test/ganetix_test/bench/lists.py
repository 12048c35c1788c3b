"""The list commands, as a user waits for them: through a pipe and on a terminal."""

import os
import pty
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ganetix_test.bench.report import Measure, median_ms
from ganetix_test.bench.target import Target

COMMANDS: Final = (
    ("gnt-instance", "list"),
    ("gnt-node", "list"),
    ("gnt-group", "list"),
    ("gnt-os", "list"),
    ("gnt-job", "list"),
    ("gnt-cluster", "info"),
)
LIMIT: Final = 80
"""Milliseconds within which a list of 100 instances is to be there."""


def lists(target: Target, share: int) -> list[Measure]:
    """Each list command through a pipe, that of the instances on a terminal as well."""
    times = max(3, 20 // share)
    size = len(target.names("instance"))
    limit = LIMIT if size <= 100 else None
    rows = []
    for program, command in COMMANDS:
        first = program == "gnt-instance"
        what = f"{program} {command}" + (f", {size} instances" if first else "")
        for run, how in ((piped, "piped"), (on_terminal, "terminal"))[: 1 + first]:
            taken = [_timed(run, target, program, command) for _ in range(times + 1)][1:]
            rows.append(median_ms(f"{what}, {how}", taken, limit if first else None))
    return rows


VERIFY_LIMIT: Final = 500
"""Milliseconds within which a cluster of 100 instances is to be verified; the reference takes 4.4
seconds."""


def verify(target: Target, share: int) -> list[Measure]:
    """``gnt-cluster verify`` as a user waits for it; findings do not matter here."""
    times = max(3, 10 // share)
    size = len(target.names("instance"))
    line = [os.path.join(target.programs, "gnt-cluster"), "verify"]
    taken = []
    for _ in range(times + 1):
        began = time.perf_counter()
        piped(target, line)
        taken.append(time.perf_counter() - began)
    what = f"gnt-cluster verify, {size} instances, {len(target.names('node'))} nodes"
    return [median_ms(what, taken[1:], VERIFY_LIMIT if size <= 100 else None)]


Run = Callable[[Target, list[str]], int]


def _timed(run: Run, target: Target, program: str, command: str) -> float:
    began = time.perf_counter()
    code = run(target, [os.path.join(target.programs, program), command])
    if code:
        raise RuntimeError(f"{program} {command} ended with exit code {code}.")
    return time.perf_counter() - began


def piped(target: Target, line: list[str]) -> int:
    """Run *line* with its output in a pipe; return the exit code."""
    return subprocess.run(
        line, env=target.environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
    ).returncode


def on_terminal(target: Target, line: list[str]) -> int:
    """Run *line* on a terminal of its own; return the exit code."""
    ours, its = pty.openpty()
    environment = {**target.environment(), "TERM": "xterm"}
    with subprocess.Popen(line, env=environment, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        # A terminal whose programs have all ended answers with an error, not with an end.
        with suppress(OSError):
            while os.read(ours, 65536):
                pass
        os.close(ours)
        return process.wait()
