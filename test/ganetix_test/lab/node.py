"""One node of the lab: a User-Mode Linux kernel in a process namespace of its own."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import Final

import attrs

from ganetix_test.lab import host
from ganetix_test.lab.host import LabError, command
from ganetix_test.lab.network import Network, address

MEMORY: Final = "768M"
ROOT_SIZE: Final = 4 * 1024**3
DISK_SIZE: Final = 24 * 1024**3
"""Bytes of the disk that becomes the volume group; a cluster wants 20 GiB. Sparse."""

BOOT_TIME: Final = 300.0
"""Seconds; a machine that has nothing else to do needs fifteen."""
_INIT: Final = host.SOURCE / "test/ganetix_test/lab/node-init.sh"


@attrs.frozen
class Node:
    """Node *number* of the lab in *directory*."""

    number: int
    directory: pathlib.Path
    network: Network

    @property
    def name(self) -> str:
        """The node's host name."""
        return f"node{self.number}.example.com"

    @property
    def console(self) -> pathlib.Path:
        """What the node's kernel and its first process said."""
        return self.directory / f"node{self.number}.console"

    def make(self) -> None:
        """Make the node's disks: one with its own files, an empty one for LVM."""
        root, disk = self._disk("root"), self._disk("disk")
        for path, size in ((root, ROOT_SIZE), (disk, DISK_SIZE)):
            with path.open("wb") as made:
                made.truncate(size)
        command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1", "-m", "0", str(root))

    def start(self) -> None:
        """Power the node on."""
        if self.running():
            raise LabError(f"{self.name} runs already.")
        self._pid_file.unlink(missing_ok=True)
        # Nobody's child: it outlives whoever starts it, and no job control reaches it.
        begin = ("setsid", "--fork", "sh", "-c", 'echo $$ > "$0"; exec "$@"')
        with self.console.open("wb") as output:
            subprocess.run(
                [*begin, str(self._pid_file), *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=True,
            )
        # The shell makes the file before it writes to it.
        while not self._pid_file.exists() or not self._pid_file.read_text("ascii").strip():
            time.sleep(0.01)

    def wait(self) -> None:
        """Return when the node has started all that it starts; raise `LabError`."""
        ready = f"lab: {self.name} is ready"
        deadline = time.monotonic() + BOOT_TIME
        while ready not in self.said():
            if time.monotonic() > deadline or not self.running():
                last = "\n".join(self.said().splitlines()[-15:])
                raise LabError(f"{self.name} did not come up; its console ends with:\n{last}")
            time.sleep(0.1)

    def said(self) -> str:
        """Return the console's text."""
        return self.console.read_text("utf-8", "replace") if self.console.exists() else ""

    def kill(self) -> None:
        """Cut the node's power: everything in it ends at once, nothing is written out."""
        if self._way.exists():
            subprocess.run(self.ssh("-O", "exit"), capture_output=True, check=False)
        pid = self._pid()
        if pid is None:
            return
        # The first process of the namespace; it is gone only once all others are, and `unshare`,
        # whose pid we know, waits for it.
        for first in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
            os.kill(int(first), signal.SIGKILL)
        while pathlib.Path(f"/proc/{pid}").exists():
            time.sleep(0.01)
        self._pid_file.unlink()

    def running(self) -> bool:
        """Tell whether the node has power."""
        return self._pid() is not None

    def ssh(self, *argv: str, terminal: bool = False) -> tuple[str, ...]:
        """Return the command line of this machine that runs *argv* (a shell line) in the node."""
        return self.network.inside(
            "ssh", "-q", "-t" if terminal else "-T", "-i", str(self.directory / "key"),
            "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10",
            "-o", f"UserKnownHostsFile={self.directory / 'known_hosts'}",
            "-o", "ControlMaster=auto", "-o", "ControlPersist=300", "-S", str(self._way),
            "-o", f"HostKeyAlias={self.name}", f"root@{address(self.number)}", *argv,
        )  # fmt: skip

    def attempt(
        self, line: str, *, text: str = "", timeout: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        """Run the shell line *line* in the node, whatever comes of it."""
        return subprocess.run(
            self.ssh(f". /root/.profile; {line}"),
            input=text, capture_output=True, text=True, check=False, timeout=timeout,
        )  # fmt: skip

    def run(self, line: str, *, text: str = "", timeout: float = 300) -> str:
        """Run the shell line *line* in the node and return its output; raise `LabError`."""
        done = self.attempt(line, text=text, timeout=timeout)
        if done.returncode:
            raise LabError(
                f"{line} on {self.name}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def _command(self) -> tuple[str, ...]:
        programs = os.path.dirname(sys.executable)
        return self.network.inside(
            "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc",
            # A system call in a node is two switches between processes of this machine. On one
            # processor they take a quarter of the time, and a page fault half of it.
            "taskset", "--cpu-list", str(self._processor()),
            # A first process of the namespace that is no kernel, and takes care of orphans.
            "sh", "-c", '"$@"; exit $?', "node",
            "linux.uml", f"umid=node{self.number}", f"uml_dir={self.directory}/",
            "rootfstype=hostfs", "rootflags=/", "ro", f"mem={MEMORY}", f"init={_INIT}",
            "con=null", "con0=null,fd:1", "selinux=0", "quiet", "loglevel=4",
            f"ubd0={self._disk('root')}", f"ubd1={self._disk('disk')}",
            f"eth0=tuntap,tap{self.number},02:00:00:00:01:{self.number:02x}",
            f"LAB_DIR={self.directory}", f"LAB_NAME={self.name}",
            f"LAB_ADDRESS={address(self.number)}", f"LAB_PYTHON={programs}",
            f"LAB_SOURCE={host.SOURCE}",
        )  # fmt: skip

    def _processor(self) -> int:
        """Return the processor of this machine that the node has, among those that we may use."""
        usable = sorted(os.sched_getaffinity(0))
        return usable[self.number % len(usable)]

    def _disk(self, kind: str) -> pathlib.Path:
        return self.directory / f"node{self.number}.{kind}"

    @property
    def _way(self) -> pathlib.Path:
        """The socket of the connection that all commands share."""
        return self.directory / f"node{self.number}.ssh"

    @property
    def _pid_file(self) -> pathlib.Path:
        return self.directory / f"node{self.number}.pid"

    def _pid(self) -> int | None:
        if not self._pid_file.exists():
            return None
        pid = int(self._pid_file.read_text("ascii") or 0)
        return pid if _is_ours(pid, self.directory) else None


def _is_ours(pid: int, directory: pathlib.Path) -> bool:
    """Tell whether *pid* is a node of the lab in *directory*, and no later user of the number."""
    try:
        line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return f"LAB_DIR={directory}".encode() in line.split(b"\0")
