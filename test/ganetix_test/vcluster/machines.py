"""Machines for tests without a virtual machine: namespaces with files and a network of their own.

Each machine sees this one's files through an overlay, so that whatever it writes is its own; the
machines are joined by a bridge in a namespace of the first. Needs root.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Final, Self

import attrs

OWN: Final = ("etc", "root", "srv", "var")
"""Directories of which a machine has a copy of its own."""

ACCOUNTS: Final = ("gnt-masterd", "gnt-rapi", "gnt-confd", "sshd")
GROUPS: Final = ("gnt-daemons", "gnt-admin")

_BEGIN: Final = """\
set -e
for name in {own}; do
    mkdir -p {base}/$name {base}/$name.work
    mount -t overlay overlay \
        -o lowerdir=/$name,upperdir={base}/$name,workdir={base}/$name.work /$name
done
mount -t tmpfs tmpfs /run
mkdir -p /run/sshd /run/lock
hostname {name}
ip link set lo up
echo ready
exec sleep infinity
"""

SSHD_CONFIG: Final = """\
HostKey /etc/ssh/ssh_host_rsa_key
HostKey /etc/ssh/ssh_host_ecdsa_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
PidFile /run/sshd.pid
StrictModes no
"""


@attrs.define(eq=False)
class Machine:
    """A machine called *name* whose own files are below *base*."""

    name: str
    base: pathlib.Path
    holder: "subprocess.Popen[str]"

    @classmethod
    def make(cls, name: str) -> Self:
        """Start a machine; its accounts are there, its network is not connected yet."""
        base = pathlib.Path(tempfile.mkdtemp(prefix="gmach-", dir="/tmp"))
        script = _BEGIN.format(own=" ".join(OWN), base=base, name=name)
        holder = subprocess.Popen(
            [
                "unshare",
                "--mount",
                "--uts",
                "--net",
                "--propagation",
                "private",
                "sh",
                "-c",
                script,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        made = cls(name, base, holder)
        assert holder.stdout is not None
        if holder.stdout.readline() != "ready\n":
            made.remove()
            raise AssertionError(f"{name} could not be made")
        made._accounts()
        return made

    def _accounts(self) -> None:
        """Add the accounts that this machine's files do not have yet."""
        users, groups = self.run("cat", "/etc/passwd"), self.run("cat", "/etc/group")
        for number, name in enumerate(ACCOUNTS, 890):
            if f"\n{name}:" not in users:
                users += f"{name}:x:{number}:{number}::/run/sshd:/bin/false\n"
            if f"\n{name}:" not in groups:
                groups += f"{name}:x:{number}:\n"
        members = ",".join(account for account in ACCOUNTS if account.startswith("gnt-"))
        kept = [row for row in groups.splitlines() if row.partition(":")[0] not in GROUPS]
        shared = [f"{name}:x:{number}:{members}" for number, name in enumerate(GROUPS, 880)]
        self.write("/etc/passwd", users)
        self.write("/etc/group", "\n".join([*kept, *shared]) + "\n")

    def remove(self) -> None:
        """End everything in it and forget its files."""
        for pid in self._members():
            os.kill(pid, 9)
        self.holder.wait()
        assert self.holder.stdout is not None
        self.holder.stdout.close()
        shutil.rmtree(self.base)

    def _members(self) -> list[int]:
        """Return the processes in this machine's network, by their namespace."""
        own = os.readlink(f"/proc/{self.holder.pid}/ns/net")
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.readlink(entry / "ns/net") == own:
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def attempt(self, *command: str, text: str = "") -> "subprocess.CompletedProcess[str]":
        """Run *command* in the machine, whatever comes of it."""
        enter = ["nsenter", "-t", str(self.holder.pid), "--mount", "--uts", "--net"]
        return subprocess.run(
            [*enter, *command],
            input=text, capture_output=True, text=True, check=False, timeout=120, cwd="/",
            # Nothing to ask on: ssh must not find the terminal of whoever runs the tests.
            start_new_session=True,
        )  # fmt: skip

    def run(self, *command: str, text: str = "") -> str:
        """Run *command* in the machine and return its output; it must succeed."""
        done = self.attempt(*command, text=text)
        if done.returncode:
            raise AssertionError(
                f"{' '.join(command)} on {self.name}: exit code {done.returncode}\n"
                f"{done.stdout}\n{done.stderr}"
            )
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """Make *path* in the machine hold *text*."""
        self.run("sh", "-c", f"mkdir -p {os.path.dirname(path)} && cat > {path}", text=text)

    def read(self, path: str) -> str:
        """Return the text of *path* in the machine."""
        return self.run("cat", path)

    def address(self, address: str) -> None:
        """Give the machine's ``eth0`` an *address* in a /24."""
        self.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")


def connect(first: Machine, second: Machine) -> None:
    """Lay a cable between the ``eth0`` of two machines."""
    first.run(
        "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0",
        "netns", str(second.holder.pid),
    )  # fmt: skip
