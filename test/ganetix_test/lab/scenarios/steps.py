"""What scenarios do again and again: commands of the cluster, and reading what guests say."""

import pathlib
import re
import time
from collections.abc import Callable
from typing import Final

from ganetix_test.lab import guest
from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.host import LabError
from ganetix_test.lab.node import Node

ADD: Final = (
    "gnt-instance add --no-install --no-name-check --no-ip-check --ignore-ipolicy "
    "-B memory={memory}m -H {hypervisor} -t {template} {size} {options} -n {nodes} {name}"
)
KVM: Final = (
    f"gnt-cluster modify --enabled-hypervisors kvm,lxc,fake -H kvm:kernel_path={guest.KERNEL},"
    f"initrd_path={guest.INITRD},root_path=/dev/ram0"
)
BOOT: Final = 300.0
"""Seconds for a guest to boot, in emulation on a kernel that is emulated itself."""


def gnt(lab: Lab, line: str, timeout: float = 300) -> str:
    """Run *line* on the master and return what it said; raise `LabError` when it fails."""
    return lab.master.run(f"{line} 2>&1", timeout=timeout)


def prepare(lab: Lab) -> None:
    """Let the cluster have real hypervisors."""
    gnt(lab, KVM)


def add(lab: Lab, name: str, nodes: str, template: str = "sharedfile", options: str = "") -> None:
    """Make and start the instance *name* with the lab's guest on *nodes*."""
    size = "-s 32m" if template != "diskless" else ""
    gnt(lab, ADD.format(memory=128, hypervisor="kvm", template=template, size=size,
                        options=options, nodes=nodes, name=name))  # fmt: skip
    for node in lab.nodes:
        forget_console(node, name)
    gnt(lab, f"gnt-instance start {name}")


def forget_console(node: Node, name: str) -> None:
    """Remove what the guest *name*, which does not run there, has said on *node* before."""
    node.run(f"rm -f /var/log/ganeti/kvm/{name}.log*")


def start(lab: Lab, node: Node, name: str) -> None:
    """Start the instance *name*, whose primary is *node*, and wait until its guest counts."""
    forget_console(node, name)
    gnt(lab, f"gnt-instance start {name}")
    booted(node, name)


def remove(lab: Lab, name: str) -> None:
    """Remove the instance *name*, whatever it does."""
    gnt(lab, f"gnt-instance remove --force --shutdown-timeout=0 {name}")


def status(lab: Lab, name: str) -> str:
    """Return the status word of the instance *name*."""
    return gnt(lab, f"gnt-instance list --no-headers -o status {name}").strip()


def said(node: Node, name: str) -> str:
    """Return what the guest *name* has said on its serial console on *node*."""
    return node.run(f"cat /var/log/ganeti/kvm/{name}.log 2>/dev/null || true")


def told(node: Node, name: str) -> tuple[int, int]:
    """Return the last (count, record) that the guest *name* has told on *node* since its boot."""
    now = said(node, name).rpartition("guest: up on ")[2]
    rows = re.findall(r"guest: count (\d+) wrote (\d+)\r?\n", now)
    return (int(rows[-1][0]), int(rows[-1][1])) if rows else (0, 0)


def wait(what: str, seconds: float, look: Callable[[], bool]) -> float:
    """Look until *look* is true; return the seconds that it took, raise `LabError` after that."""
    began = time.monotonic()
    while not look():
        if time.monotonic() - began > seconds:
            raise LabError(f"{what} did not happen within {seconds:g} seconds.")
        time.sleep(0.5)
    return time.monotonic() - began


def booted(node: Node, name: str) -> float:
    """Wait until the guest *name* counts on *node*; return the seconds."""
    return wait(f"The boot of {name} on {node.name}", BOOT, lambda: told(node, name)[0] > 0)


def disk_of(lab: Lab, name: str) -> pathlib.Path:
    """Return the file of the shared disk of instance *name*, as this machine sees it."""
    [found] = (lab.directory / "shared" / name).glob("*disk0")
    return found
