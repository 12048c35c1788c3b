"""A virtual cluster for tests: real daemons in a temporary directory."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, Final, Self

import attrs

from ganetix.daemons.pidfile import running_pid
from ganetix.luxi.client import Client, Door

PATIENCE: Final = 60.0
"""Seconds after which something that should have happened has not."""

PROGRAMS: Final = os.path.dirname(sys.executable)

INIT: Final = (
    "gnt-cluster", "init", "--enabled-hypervisors=fake",
    "--enabled-disk-templates=file,sharedfile,diskless",
    "--file-storage-dir=/srv/ganeti/file-storage",
    "--shared-file-storage-dir=/srv/ganeti/shared-file-storage",
    "--ipolicy-bounds-specs=min:disk-size=1,disk-count=0/max:disk-size=1024",
    "--no-etc-hosts", "--no-ssh-init", "cluster.example.com",
)  # fmt: skip


class CommandFailed(AssertionError):
    """A command of a test did not succeed; the message has its output."""


@attrs.define(eq=False)
class VirtualCluster:
    """A cluster in *directory*; `make` one and `remove` it."""

    directory: pathlib.Path

    @classmethod
    def make(cls, nodes: int) -> Self:
        """Set up the directory of a cluster with *nodes* nodes, none of them in a cluster yet."""
        # A short path: socket names below it must fit where foreign clients can reach them.
        made = cls(pathlib.Path(tempfile.mkdtemp(prefix="gvc-", dir="/tmp")).resolve())
        made.more_nodes(nodes)
        return made

    def more_nodes(self, nodes: int) -> None:
        """Set up so many nodes in all."""
        program = f"{PROGRAMS}/vcluster-setup"
        subprocess.run([program, "-c", str(nodes), self.directory], check=True, stdout=-3)

    def begin(self, nodes: int) -> None:
        """Initialise the cluster on node 1 and add the others up to *nodes*."""
        self.run(1, *INIT)
        for number in range(2, nodes + 1):
            self.run(1, "gnt-node", "add", self.name(number))

    def remove(self) -> None:
        """Stop all daemons and remove the directory."""
        self.all("stop")
        shutil.rmtree(self.directory)

    def name(self, node: int) -> str:
        """Return the name of node number *node*."""
        return f"node{node}.example.com"

    def root(self, node: int) -> pathlib.Path:
        """Return the root directory of node number *node*."""
        return self.directory / self.name(node)

    def attempt(self, node: int, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run *command* as *node* with *text* on its standard input, whatever comes of it."""
        return subprocess.run(
            [str(self.root(node) / "cmd"), *command],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE * 2,
        )

    def run(self, node: int, *command: str, text: str = "") -> str:
        """Run *command* as *node* and return its output; raise `CommandFailed`."""
        done = self.attempt(node, *command, text=text)
        if done.returncode:
            raise CommandFailed(
                f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done.stdout

    def all(self, action: str) -> None:
        """Run the script ``start-all``, ``stop-all`` or ``restart-all``; raise `CommandFailed`."""
        done = subprocess.run(
            [str(self.directory / f"{action}-all")], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CommandFailed(f"{action}-all: {done.stdout}\n{done.stderr}")

    def rows(self, *command: str) -> list[list[str]]:
        """Return the rows of a list command, run on node 1."""
        text = self.run(1, *command, "--no-headers", "--separator=|")
        return [line.split("|") for line in text.splitlines()]

    def pid(self, node: int, daemon: str) -> int | None:
        """Return the pid of *daemon* on *node*, None when it does not run."""
        return running_pid(str(self.root(node) / f"var/run/ganeti/{daemon}.pid"))

    def kill(self, node: int, daemon: str) -> None:
        """Kill *daemon* of *node* at once, as a crash would."""
        pid = self.pid(node, daemon)
        assert pid is not None, f"{daemon} does not run on {self.name(node)}"
        os.kill(pid, signal.SIGKILL)
        self.until(lambda: self.pid(node, daemon) is None, f"{daemon} is dead")

    def client(self) -> Client:
        """Return a LUXI client of the master daemon on node 1."""
        path = self.root(1) / "var/run/ganeti/socket/ganeti-query"
        return Client(Door(str(path), self.name(1), lambda: self.name(1)))

    def log(self, node: int, daemon: str) -> str:
        """Return the log ``<daemon>-daemon.log`` of *node*."""
        return (self.root(node) / f"var/log/ganeti/{daemon}-daemon.log").read_text("utf-8")

    def configuration(self) -> dict[str, Any]:
        """Return ``config.data`` of the master, after a checkpoint has been written."""
        found: dict[str, Any] = json.loads(
            (self.root(1) / "var/lib/ganeti/config.data").read_text("utf-8")
        )
        return found

    @staticmethod
    def until(true: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
        """Return when *true* is; fail after *seconds*, naming *what* did not become so."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"Not within {seconds:.0f} s: {what}"
            time.sleep(0.05)


def delay(seconds: float) -> list[dict[str, Any]]:
    """Return a job that waits on the master and does nothing else."""
    op = {
        "OP_ID": "OP_TEST_DELAY",
        "duration": seconds,
        "on_master": True,
        "on_nodes": [],
        "reason": [],
    }
    return [op]
