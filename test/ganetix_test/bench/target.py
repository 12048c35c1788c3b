"""One cluster that is measured: where it listens, where its programs are, what it costs."""

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from ganetix.luxi.client import Client, Door
from ganetix_test.bench import processes

SOCKET: Final = "var/run/ganeti/socket/ganeti-query"
MASTERS: Final = ("ganeti-masterd", "ganeti-luxid", "ganeti-wconfd")
"""Daemons of which one or another implementation makes its master."""
FINAL: Final = ("success", "error", "canceled")
DELAY: Final = {"OP_ID": "OP_TEST_DELAY", "on_master": False, "on_nodes": [], "reason": []}

Op = dict[str, Any]


class Target(NamedTuple):
    """A cluster, by the root directory of its master node."""

    name: str
    root: str
    programs: str
    """The directory of the gnt-* programs."""
    pids: tuple[int, ...]
    """The master daemons."""

    def client(self) -> Client:
        """Return a new connection."""
        path = os.path.join(self.root, SOCKET)
        return Client(Door(path, "this node", lambda: "this node", 5.0, 3600.0))

    def run(self, program: str, *args: str) -> str:
        """Return what a gnt-* program prints; raise CalledProcessError when it fails."""
        line = [os.path.join(self.programs, program), *args]
        done = subprocess.run(line, env=self.environment(), capture_output=True, check=True)
        return done.stdout.decode()

    def environment(self) -> dict[str, str]:
        """Return the environment in which the gnt-* programs find this cluster."""
        name = os.path.basename(os.path.normpath(self.root))
        return {**os.environ, "GANETI_ROOTDIR": self.root, "GANETI_HOSTNAME": name}

    def names(self, what: str) -> list[str]:
        """Return the names of all instances or nodes."""
        rows = self.client().call("Query", what, ["name"], None)["data"]
        return [row[0][1] for row in rows]

    def cpu(self) -> float:
        """Return the CPU seconds that the master has used so far."""
        return processes.cpu_seconds(self.pids)

    def memory(self) -> int:
        """Return the bytes of memory that the master node's daemons and job processes use."""
        return processes.memory({*self.pids, *processes.of_root(self.root)})


def target(name: str, root: str, programs: str, pids: Iterable[int] = ()) -> Target:
    """Return the cluster whose master has the root directory *root*.

    The daemons are found by their pid files unless *pids* names them.
    """
    return Target(name, os.path.abspath(root), programs, tuple(pids) or _daemons(root))


def root_of(socket: str) -> str:
    """Return the root directory of the node whose master daemon listens on *socket*.

    Raise `ValueError` when the path is not one of Ganeti's.
    """
    root, found, rest = os.path.abspath(socket).rpartition("/" + SOCKET)
    if not found or rest:
        raise ValueError(f"{socket} is not the socket of a cluster: it must end in {SOCKET}.")
    return root


def _daemons(root: str) -> tuple[int, ...]:
    files = (Path(root, "var/run/ganeti", f"{name}.pid") for name in MASTERS)
    return tuple(int(file.read_text().split()[0]) for file in files if file.exists())


def wait(client: Client, job: int) -> str:
    """Return the final status of *job*."""
    known, serial = None, None
    while True:
        answer = client.call("WaitForJobChange", job, ["status"], known, serial, 60)
        if answer == "nochange":
            continue
        known, entries = answer
        serial = max((entry[0] for entry in entries), default=serial)
        if known[0] in FINAL:
            return str(known[0])


def timed(client: Client, op: Op) -> float:
    """Return how many seconds the job of *op* took, from its submission to its success.

    Raise `RuntimeError` when it did not succeed.
    """
    began = time.perf_counter()
    job = client.call("SubmitJob", [op])
    status = wait(client, job)
    took = time.perf_counter() - began
    if status != "success":
        [[result]] = client.call("QueryJobs", [job], ["opresult"])
        raise RuntimeError(f"Job {job}, {op['OP_ID']}, ended as {status}: {result}")
    return took
