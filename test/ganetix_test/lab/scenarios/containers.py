"""A container of LXC whose root is a mirror."""

from collections.abc import Callable, Mapping
from typing import Final

from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.node import Node
from ganetix_test.lab.scenarios import steps

CONTAINER: Final = "instance3.example.com"

_INIT: Final = (
    r'#!/bin/sh\necho boot >> /boots\ntrap "echo asked >> /boots; exit 0" TERM\n'
    r"/bin/busybox sync\nwhile :; do /bin/busybox sleep 1; done\n"
)
_CONTAINER_ROOT: Final = f"""\
mkfs.ext4 -q {{disk}} && mount {{disk}} /mnt && mkdir -p /mnt/bin /mnt/sbin /mnt/proc /mnt/sys \
/mnt/dev /mnt/mnt && cp /bin/busybox /mnt/bin/ && ln -s busybox /mnt/bin/sh && \
printf '{_INIT}' > /mnt/sbin/init && chmod 755 /mnt/sbin/init; umount /mnt"""


def container(lab: Lab) -> str:
    """A container is created, started, rebooted, failed over, stopped and removed."""
    node, other = lab.node(1), lab.node(2)
    steps.gnt(
        lab,
        steps.ADD.format(memory=64, hypervisor="lxc", template="drbd", size="-s 32m",
                         options="", nodes=steps.HALVES, name=CONTAINER),
    )  # fmt: skip
    steps.gnt(lab, f"gnt-instance activate-disks {CONTAINER}")
    node.run(_CONTAINER_ROOT.format(disk=f"/var/run/ganeti/instance-disks/{CONTAINER}:0"))
    steps.gnt(lab, f"gnt-instance deactivate-disks {CONTAINER}")
    steps.gnt(lab, f"gnt-instance start {CONTAINER}")
    steps.require(_runs(node), "libvirt does not have the container.")
    steps.gnt(lab, f"gnt-instance reboot {CONTAINER}")
    steps.gnt(lab, f"gnt-instance failover -f {CONTAINER}")
    steps.require(_runs(other) and not _runs(node), f"It does not run on {other.name} alone.")
    state = steps.status(lab, CONTAINER)
    steps.gnt(lab, f"gnt-instance shutdown --timeout 60 {CONTAINER}")
    steps.gnt(lab, f"gnt-instance activate-disks {CONTAINER}")
    wrote = other.run(
        f"mount /var/run/ganeti/instance-disks/{CONTAINER}:0 /mnt && cat /mnt/boots; umount /mnt"
    )
    steps.gnt(lab, f"gnt-instance deactivate-disks {CONTAINER}")
    steps.remove(lab, CONTAINER)
    good = wrote.split() == ["boot", "asked"] * 3 and state == "running"
    steps.require(good, f"The container wrote {wrote!r}, and was {state}.")
    return f"two boots on {node.name}, one on {other.name}; it was asked to stop each time"


def _runs(node: Node) -> bool:
    return CONTAINER in node.run("virsh -c lxc:///system list --name").split()


SCENARIOS: Final[Mapping[str, Callable[[Lab], str]]] = {"container": container}
