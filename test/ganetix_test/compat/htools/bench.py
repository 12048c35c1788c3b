"""Time the planner, and the reference on the same files.

    python -m ganetix_test.compat.htools.bench [--against DIR] [--sizes 20x200,80x1000]

DIR holds the reference's programs by their names. The table has seconds of wall time and of
processor time; the fastest of the runs counts, since other work on the machine only adds to it.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ganetix_test.compat.htools.generate import Generated

MEMORY, OWN, DISK, CPUS = 131072, 1024, 4194304, 32
LONGEST = 300.0


class Timing(NamedTuple):
    """The fastest run of one command."""

    wall: float
    cpu: float


class Sized(Generated):
    """A cluster of mirrored instances of a given size, fuller at some nodes than at others."""

    def __init__(self, nodes: int, instances: int, seed: int) -> None:
        super().__init__(1, smallest=3, biggest=3)
        rng = random.Random(seed)
        self.tags = []
        self.groups = [self.groups[0] | {"policy": self.policy, "alloc_policy": "preferred"}]
        self.nodes = [self._plain(at) for at in range(nodes)]
        order = rng.sample(self.nodes, nodes)
        weights = [3.0 - 2.0 * at / max(1, nodes - 1) for at in range(nodes)]
        self.instances = []
        for at in range(instances):
            self._add(at, rng, order, weights)

    def _plain(self, at: int) -> dict[str, Any]:
        return {
            "name": f"node-{at:04d}", "group": 0, "t_mem": MEMORY, "n_mem": OWN,
            "f_mem": MEMORY - OWN, "t_disk": DISK, "f_disk": DISK, "t_cpu": CPUS, "n_cpu": 1,
            "speed": 1.0, "offline": False, "drained": False, "spindles": 12, "exclusive": False,
            "f_spindles": 0, "tags": [],
        }  # fmt: skip

    def _add(
        self, at: int, rng: random.Random, order: list[dict[str, Any]], weights: list[float]
    ) -> None:
        memory, disk = rng.choice((1024, 2048, 4096, 8192)), rng.choice((10240, 20480, 51200))
        while True:
            one, two = rng.choices(order, weights, k=2)
            if one is not two and one["f_mem"] - memory > MEMORY * 0.15:
                break
        state = "running" if rng.random() > 0.05 else "ADMIN_down"
        one["f_mem"] -= memory if state == "running" else 0
        one["f_disk"] -= disk
        two["f_disk"] -= disk
        self.instances.append(
            {"name": f"inst-{at:05d}", "mem": memory, "disk": disk, "cpus": rng.choice((1, 2, 4)),
             "state": state, "auto": True, "primary": one, "secondary": two, "template": "drbd",
             "tags": [], "use": 1, "spindles": None, "forthcoming": False}
        )  # fmt: skip

    def wish(self) -> str:
        """Return a request for one mirrored instance."""
        return self.request(
            {"type": "allocate", "name": "new", "memory": 4096, "vcpus": 2, "spindle_use": 1,
             "os": "noop", "tags": [], "disks": [{"size": 20480, "mode": "rw", "spindles": 1}],
             "disk_space_total": 20608, "disk_template": "drbd", "required_nodes": 2, "nics": [],
             "hypervisor": "fake"}
        )  # fmt: skip


def timed(command: Sequence[str], runs: int) -> Timing | None:
    """Run *command* some times; None when it does not end in time."""
    best: Timing | None = None
    for _run in range(runs):
        before, started = os.times(), time.perf_counter()
        try:
            subprocess.run(command, capture_output=True, timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired:
            return None
        wall, after = time.perf_counter() - started, os.times()
        cpu = after.children_user + after.children_system
        cpu -= before.children_user + before.children_system
        if best is None or wall < best.wall:
            best = Timing(wall, cpu)
        if wall > 10:
            break
    return best


def in_master(request: str, runs: int) -> Timing:
    """Time hail as the master calls it."""
    import numpy  # noqa: F401, PLC0415 # the master has it

    from ganetix.htools.hail import hail  # noqa: PLC0415

    message = json.loads(request)
    found = []
    for _run in range(runs + 1):
        cpu, wall = time.process_time(), time.perf_counter()
        hail(message)
        found.append(Timing(time.perf_counter() - wall, time.process_time() - cpu))
    return min(found)


def _cases(data: str, request: str) -> dict[str, list[str]]:
    sizes = ["--disk-template", "drbd", "--standard-alloc", "20480,4096,2", "--tiered-alloc"]
    return {
        "hail": [request],
        "hbal, one move": ["-t", data, "-l", "1"],
        "hbal to the end": ["-t", data],
        "hspace": ["-t", data, "--machine-readable", *sizes, "20480,8192,4"],
    }


def _cell(found: Timing | None) -> str:
    return f"{found.wall:8.3f} {found.cpu:8.3f}" if found else f"> {LONGEST:.0f} s".rjust(17)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="bench htools", description=__doc__)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--sizes", default="20x200,80x1000,150x3000")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args(argv)
    sys.stdout.write(f"{'size':>10} {'program':18} {'wall':>8} {'cpu':>8}   reference\n")
    with tempfile.TemporaryDirectory() as folder:
        for size in args.sizes.split(","):
            nodes, instances = map(int, size.split("x"))
            cluster = Sized(nodes, instances, 20261121)
            data, request = Path(folder) / "c.data", Path(folder) / "c.json"
            data.write_text(cluster.text(), encoding="utf-8")
            request.write_text(cluster.wish(), encoding="utf-8")
            found: Timing | None = in_master(request.read_text(encoding="utf-8"), args.runs)
            sys.stdout.write(f"{size:>10} {'hail in master':18} {_cell(found)}\n")
            for name, words in _cases(str(data), str(request)).items():
                program = name.split(",", 1)[0].split(" ", 1)[0]
                module = f"ganetix.cli.htools.{program}"
                found = timed([sys.executable, "-m", module, *words], args.runs)
                line = f"{size:>10} {name:18} {_cell(found)}"
                if args.against is not None:
                    theirs = timed([str(args.against / program), *words], args.runs)
                    line += f"   {_cell(theirs)}"
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
