"""What scenarios do again and again: commands of the cluster, and reading what guests say."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Final

from ganetix_test.lab import guest, network
from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.host import LabError
from ganetix_test.lab.node import Node

ADD: Final = (
    "gnt-instance add --no-install --no-name-check --no-ip-check --ignore-ipolicy "
    "-B memory={memory}m -H {hypervisor} -t {template} {size} {options} -n {nodes} {name}"
)
KVM: Final = (
    f"gnt-cluster modify --enabled-hypervisors kvm,lxc,fake -H 'kvm:kernel_path={guest.KERNEL},"
    f"initrd_path={guest.INITRD},root_path=/dev/ram0,"
    "kernel_args=ro quiet mitigations=off no_timer_check panic=1'"
)
"""On a busy machine an emulated timer seems not to work to a guest that checks it."""

MIRROR: Final = (
    "gnt-instance add -H fake -t drbd --disk 0:size={size}m -o noop --no-install --no-start "
    "-B memory=32m --ignore-ipolicy --no-name-check {options} -n {nodes} {name}"
)
HALVES: Final = "node1.example.com:node2.example.com"

LONG: Final = 192
SLOW: Final = 4096
FAST: Final = 61440
"""MiB of a disk whose sync takes long; KiB/s at which it syncs, and what is usual."""

BOOT: Final = 300.0
"""Seconds for a guest to boot, in emulation on a kernel that is emulated itself."""

MEMORY: Final = 128
"""MiB of a guest."""

_DAEMONS: Final = """\
kill -0 $(cat /run/libvirtd.pid) 2> /dev/null || libvirtd -d
kill -0 $(cat /var/run/ganeti/ganeti-noded.pid) 2> /dev/null || daemon-util start ganeti-noded"""

_MASTER: Final = "cat /var/lib/ganeti/ssconf_master_node"


def require(true: object, what: str) -> None:
    """Raise `LabError` that says *what* unless *true*."""
    if not true:
        raise LabError(what)


def gnt(lab: Lab, line: str, timeout: float = 600) -> str:
    """Run *line* on the master and return what it said; raise `LabError` when it fails."""
    return lab.master.run(f"{line} 2>&1", timeout=timeout)


def refused(lab: Lab, line: str, words: str) -> None:
    """Raise `LabError` unless the cluster refuses *line*, and says *words*."""
    done = lab.master.attempt(f"{line} 2>&1", timeout=300)
    require(done.returncode and words in done.stdout, f"It was to say '{words}': {done.stdout}")


def mend(lab: Lab) -> None:
    """Bring back what the scenario before broke on purpose: links, nodes, daemons, master."""
    for node in lab.nodes:
        if not node.running():
            node.start()
    for node in lab.nodes:
        node.wait()
        node.run(f"{network.HEAL}\n{_DAEMONS}")
    if lab.master.run(_MASTER).strip() != lab.master.name:
        lead(lab.master)
    for row in gnt(lab, "gnt-node list --no-headers -o name,offline").splitlines():
        name, offline = row.split()
        if offline == "Y":
            gnt(lab, f"gnt-node modify --offline no --force {name}")


def lead(node: Node) -> None:
    """Make *node* the master; it may have come back only now, and lack the newest changes yet."""
    line = "gnt-cluster master-failover 2>&1"
    wait(f"A failover to {node.name}", 120, lambda: node.attempt(line).returncode == 0)


def prepare(lab: Lab) -> None:
    """Let the cluster have real hypervisors."""
    gnt(lab, KVM)


def exists(lab: Lab, name: str) -> bool:
    """Tell whether there is an instance *name*."""
    return name in gnt(lab, "gnt-instance list --no-headers -o name").split()


def nodes_of(lab: Lab, name: str) -> list[Node]:
    """Return the primary of the instance *name* and, if it is mirrored, its secondary."""
    row = gnt(lab, f"gnt-instance list --no-headers -o pnode,snodes {name}").split()
    return [lab.node(word) for word in row if word != "-"]


def add(lab: Lab, name: str, nodes: str, template: str = "drbd", options: str = "") -> None:
    """Make and start the instance *name* with the lab's guest on *nodes*."""
    # It is not to find the records of another one that had the same place.
    gnt(lab, "gnt-cluster modify --prealloc-wipe-disks yes")
    try:
        gnt(lab, ADD.format(memory=MEMORY, hypervisor="kvm", template=template, size="-s 32m",
                            options=options, nodes=nodes, name=name))  # fmt: skip
    finally:
        gnt(lab, "gnt-cluster modify --prealloc-wipe-disks no")
    for node in lab.nodes:
        forget_console(node, name)
    gnt(lab, f"gnt-instance start {name}")


def mirror(name: str, size: int, options: str = "", nodes: str = HALVES) -> str:
    """Return the command that makes a mirror of *size* MiB, of an instance that nobody runs."""
    return MIRROR.format(size=size, options=options, nodes=nodes, name=name)


@contextlib.contextmanager
def slow_sync(lab: Lab) -> Iterator[None]:
    """Let mirrors that are made meanwhile sync slowly."""
    # Wiped disks are in sync at once.
    gnt(lab, f"gnt-cluster modify --prealloc-wipe-disks no -D drbd:resync-rate={SLOW}")
    try:
        yield
    finally:
        # If there is no master, that is what is to be told.
        lab.master.attempt(f"gnt-cluster modify -D drbd:resync-rate={FAST}")


def syncing(lab: Lab, name: str, nodes: str = HALVES) -> str:
    """Submit the job that makes the mirror of the instance *name*; return it once it syncs."""
    job = submitted(lab, mirror(name, LONG, "--submit", nodes))
    wait("The sync", 120, lambda: bool(bars(gnt(lab, f"gnt-job info {job}"))))
    return job


def submitted(lab: Lab, line: str) -> str:
    """Run *line*, which submits a job, and return the job's number."""
    return gnt(lab, line).split()[-1]


def bars(said: str) -> list[str]:
    """Return the bars of progress in what a job said."""
    return re.findall(r"\[[#.]{20}\]", said)


def forget_console(node: Node, name: str) -> None:
    """Remove what the guest *name*, which does not run there, has said on *node* before."""
    node.run(f"rm -f /var/log/ganeti/kvm/{name}.log*")


def start(lab: Lab, name: str) -> Node:
    """Start the instance *name*, wait until its guest counts, and return its primary."""
    node = nodes_of(lab, name)[0]
    forget_console(node, name)
    gnt(lab, f"gnt-instance start {name}")
    booted(node, name)
    return node


def stop(lab: Lab, name: str) -> None:
    """Stop the instance *name* without asking its guest."""
    gnt(lab, f"gnt-instance shutdown --timeout 0 {name}")


def remove(lab: Lab, name: str) -> None:
    """Remove the instance *name*, whatever it does."""
    gnt(lab, f"gnt-instance remove --force --shutdown-timeout=0 {name}")


def without(lab: Lab, name: str) -> None:
    """Remove the instance *name* if a scenario before has left it."""
    if exists(lab, name):
        remove(lab, name)


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


def counts(node: Node, name: str) -> bool:
    """Tell whether the guest *name* is seen to count on *node*."""
    before = told(node, name)[0]
    try:
        wait("A count", 20, lambda: told(node, name)[0] > before)
    except LabError:
        return False
    return True


def goes_on(node: Node, name: str) -> int:
    """Wait until the guest *name* on *node* has told another record; return its number."""
    before = told(node, name)[1]
    wait(f"Another record of {name} on {node.name}", 120, lambda: told(node, name)[1] > before)
    return told(node, name)[1]


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


def found(node: Node, name: str) -> int:
    """Return how many records the guest *name* found on its disk when it booted on *node*."""
    return int(re.findall(r"guest: found (\d+)", said(node, name))[-1])


def disk_size(node: Node, name: str) -> int:
    """Return how large the guest *name* saw its disk when it booted on *node*, MiB."""
    return int(re.findall(r"guest: disk of (\d+) MiB", said(node, name))[-1])


def records(node: Node, path: str) -> int:
    """Return how many records of a guest are on the device *path* of *node*, not in its cache."""
    line = f"dd if={path} bs=1M count=8 iflag=direct status=none | tr -d '\\000'"
    return guest.records(node.run(line))


def records_of(lab: Lab, name: str) -> int:
    """Return how many records the guest *name* has on its disk, as its primary sees it."""
    return records(nodes_of(lab, name)[0], f"/var/run/ganeti/instance-disks/{name}:0")


def data_volume(lab: Lab, name: str) -> str:
    """Return the device, on both nodes, with the data of the mirrored disk of instance *name*."""
    volumes = re.findall(r"logical_id: (xenvg/\S+)", gnt(lab, f"gnt-instance info {name}"))
    return f"/dev/{volumes[0]}"


def records_of_half(lab: Lab, name: str, node: Node) -> int:
    """Return how many records of the guest *name* are on its volume on *node*, read below DRBD."""
    return records(node, data_volume(lab, name))


def whole(lab: Lab, name: str) -> float:
    """Wait until the mirror of the instance *name* is whole; return the seconds."""
    node, rows = nodes_of(lab, name)[0], r"ro:Primary/Secondary ds:UpToDate/UpToDate"
    look = f"grep -q 'cs:Connected {rows}' /proc/drbd"
    return wait("A whole mirror", 120, lambda: node.attempt(look).returncode == 0)


def volumes(lab: Lab) -> list[str]:
    """Return the volumes and DRBD devices of all nodes."""
    line = "lvs --noheadings -o lv_name xenvg; grep -o '^ *[0-9]*: cs:[A-Z][a-z]*' /proc/drbd"
    return [
        f"{node.number}: {row.strip()}"
        for node in lab.nodes
        for row in node.run(f"{line} || true").splitlines()
        if "Unconfigured" not in row
    ]
