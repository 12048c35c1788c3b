"""Guests of QEMU and containers: start, console, migration, failover, lost daemons, devices."""

from collections.abc import Callable, Mapping
from typing import Final

from ganetix_test.lab import guest
from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.host import LabError
from ganetix_test.lab.scenarios import steps

VM: Final = "instance1.example.com"
OTHER: Final = "instance2.example.com"
CONTAINER: Final = "instance3.example.com"


def boot(lab: Lab) -> str:
    """A guest is created and started, and is seen to boot on its console."""
    steps.add(lab, VM, "node2.example.com")
    seconds = steps.booted(lab.node(2), VM)
    shown = steps.gnt(lab, f"gnt-instance console --show {VM}")
    if f"console --force {VM}" not in shown:
        raise LabError(f"gnt-instance console --show says: {shown}")
    return f"up after {seconds:.0f} s, {steps.told(lab.node(2), VM)[1]} records"


def migrate(lab: Lab) -> str:
    """A running guest is migrated: its count goes on, and no record is lost."""
    before = steps.told(lab.node(2), VM)
    log = steps.gnt(lab, f"gnt-instance migrate -f -n node1.example.com {VM}", 600)
    steps.wait("Another count", 60, lambda: steps.told(lab.node(1), VM)[0] > before[0])
    after = steps.told(lab.node(1), VM)
    last = steps.told(lab.node(2), VM)
    if not last[0] < after[0] or after[1] - after[0] != last[1] - last[0]:
        raise LabError(f"The guest told {last} on node2, and {after} on node1.")
    count = guest.records(steps.disk_of(lab, VM).read_bytes())
    if count < after[1]:
        raise LabError(f"The guest told {after[1]} records, and {count} are on its disk.")
    [still] = [line for line in log.splitlines() if "stood still" in line]
    steps.gnt(lab, f"gnt-instance migrate -f -n node2.example.com {VM}", 600)
    return f"count {last[0]} went on to {after[0]}; {still.partition('The guest ')[2]}"


def power_cut(lab: Lab) -> str:
    """The primary loses power: after failover every record that the guest told is on its disk."""
    steps.wait("A record", 60, lambda: steps.told(lab.node(2), VM)[1] > 0)
    before = steps.told(lab.node(2), VM)[1]
    lab.node(2).kill()
    steps.gnt(lab, "gnt-node modify --offline yes --force node2.example.com")
    steps.forget_console(lab.node(1), VM)
    steps.gnt(lab, f"gnt-instance failover -f --ignore-consistency -n node1.example.com {VM}", 600)
    steps.booted(lab.node(1), VM)
    count = guest.records(steps.disk_of(lab, VM).read_bytes())
    if f"guest: found {before - 1}" not in steps.said(lab.node(1), VM) and count < before:
        raise LabError(f"The guest told {before} records, and {count} are on its disk.")
    lab.node(2).start()
    lab.node(2).wait()
    steps.gnt(lab, "gnt-node modify --offline no --force node2.example.com")
    return f"{before} records were told before the cut, {count} are on the disk after it"


def noded_restarted(lab: Lab) -> str:
    """The node daemon is killed and started again: the guest never notices."""
    before = steps.told(lab.node(1), VM)[0]
    lab.node(1).run(
        "kill -9 $(cat /var/run/ganeti/ganeti-noded.pid); daemon-util start ganeti-noded"
    )
    steps.wait("Another count", 60, lambda: steps.told(lab.node(1), VM)[0] > before)
    steps.wait("The status running", 60, lambda: steps.status(lab, VM) == "running")
    return f"count went on from {before}"


def libvirtd_killed(lab: Lab) -> str:
    """The libvirt daemon is killed: the guest goes on, and the node says so until it is back."""
    before = steps.told(lab.node(1), VM)[0]
    lab.node(1).run("kill -9 $(pidof libvirtd)")
    info = "gnt-node info node1.example.com"
    steps.wait("The complaint", 60, lambda: "can't be reached" in steps.gnt(lab, info))
    if steps.status(lab, VM) != "running":
        raise LabError(f"Without libvirtd {VM} is {steps.status(lab, VM)}.")
    lab.node(1).run("libvirtd -d")
    steps.wait("libvirt's return", 90, lambda: "can't be reached" not in steps.gnt(lab, info))
    steps.wait("Another count", 60, lambda: steps.told(lab.node(1), VM)[0] > before)
    return "the guest ran on, the node said that libvirt was gone, and that it was back"


def guest_dies(lab: Lab) -> str:
    """A guest whose QEMU is killed is ERROR_down, and starts again."""
    lab.node(1).run(f"kill -9 $(pgrep -f '[g]uest={VM},')")
    took = steps.wait("ERROR_down", 30, lambda: steps.status(lab, VM) == "ERROR_down")
    steps.start(lab, lab.node(1), VM)
    return f"ERROR_down was listed {took:.0f} s later"


def devices(lab: Lab) -> str:
    """A running guest gets a disk and a NIC, and gives the disk back."""
    node = lab.node(1)
    steps.gnt(lab, f"gnt-instance modify --disk add:size=8m --net add:link=br0 {VM}")
    if "vdb" not in node.run(f"virsh domblklist {VM}"):
        raise LabError("The guest did not get the disk.")
    nics = node.run(f"virsh domiflist {VM}").count("br0")
    steps.gnt(lab, f"gnt-instance modify --disk 1:remove {VM}")
    if "vdb" in node.run(f"virsh domblklist {VM}"):
        raise LabError("The guest has not let the disk go.")
    return f"a disk came and went, {nics} NICs"


def shutdown(lab: Lab) -> str:
    """A guest that is asked to shut down does, by its power button."""
    steps.gnt(lab, f"gnt-instance shutdown --timeout 120 {VM}")
    if "power button" not in steps.said(lab.node(1), VM):
        raise LabError("The guest did not feel its power button.")
    steps.start(lab, lab.node(1), VM)
    return "the guest said that its power button was pressed"


def shuts_itself_down(lab: Lab) -> str:
    """A guest that stops by itself is USER_down where that is allowed, and starts again."""
    steps.gnt(lab, "gnt-cluster modify --user-shutdown=yes")
    steps.gnt(lab, f"gnt-instance modify -H user_shutdown=true {VM}")
    # The button is pressed behind the cluster's back: to it the guest stops by itself.
    lab.node(1).run(f"virsh shutdown {VM}")
    took = steps.wait("USER_down", 120, lambda: steps.status(lab, VM) == "USER_down")
    steps.start(lab, lab.node(1), VM)
    return f"USER_down was listed {took:.0f} s after the button was pressed"


def removed(lab: Lab) -> str:
    """A removed guest leaves nothing in libvirt, and no disk."""
    disk = steps.disk_of(lab, VM)
    steps.remove(lab, VM)
    left = [name for node in lab.nodes for name in node.run("virsh list --all --name").split()]
    if VM in left or disk.exists():
        raise LabError(f"Left are {left} in libvirt, and {disk} is there: {disk.exists()}.")
    return "no domain, no disk"


def two_guests(lab: Lab) -> str:
    """Two guests run at once, each writing to its own disk."""
    steps.add(lab, OTHER, "node2.example.com")
    steps.booted(lab.node(2), OTHER)
    counts = [guest.records(steps.disk_of(lab, name).read_bytes()) for name in (VM, OTHER)]
    steps.remove(lab, OTHER)
    if not all(counts):
        raise LabError(f"The guests wrote {counts} records.")
    return f"{counts[0]} and {counts[1]} records"


def container(lab: Lab) -> str:
    """A container is created, started, asked, rebooted, stopped and removed."""
    node = lab.node(1)
    steps.gnt(
        lab,
        steps.ADD.format(memory=64, hypervisor="lxc", template="plain", size="-s 32m",
                         options="", nodes="node1.example.com", name=CONTAINER),
    )  # fmt: skip
    steps.gnt(lab, f"gnt-instance activate-disks {CONTAINER}")
    node.run(_CONTAINER_ROOT.format(disk=f"/var/run/ganeti/instance-disks/{CONTAINER}:0"))
    steps.gnt(lab, f"gnt-instance deactivate-disks {CONTAINER}")
    steps.gnt(lab, f"gnt-instance start {CONTAINER}")
    if CONTAINER not in node.run("virsh -c lxc:///system list --name").split():
        raise LabError("libvirt does not have the container.")
    steps.gnt(lab, f"gnt-instance reboot {CONTAINER}")
    state = steps.status(lab, CONTAINER)
    steps.gnt(lab, f"gnt-instance shutdown --timeout 60 {CONTAINER}")
    steps.gnt(lab, f"gnt-instance activate-disks {CONTAINER}")
    wrote = node.run(
        f"mount /var/run/ganeti/instance-disks/{CONTAINER}:0 /mnt && cat /mnt/boots; umount /mnt"
    )
    steps.gnt(lab, f"gnt-instance deactivate-disks {CONTAINER}")
    steps.remove(lab, CONTAINER)
    if wrote.split() != ["boot", "asked"] * 2 or state != "running":
        raise LabError(f"The container wrote {wrote!r}, and was {state}.")
    return "it wrote two boots, and that it was asked to stop after each"


_INIT: Final = (
    r'#!/bin/sh\necho boot >> /boots\ntrap "echo asked >> /boots; exit 0" TERM\n'
    r"/bin/busybox sync\nwhile :; do /bin/busybox sleep 1; done\n"
)
_CONTAINER_ROOT: Final = f"""\
mkfs.ext4 -q {{disk}} && mount {{disk}} /mnt && mkdir -p /mnt/bin /mnt/sbin /mnt/proc /mnt/sys \
/mnt/dev /mnt/mnt && cp /bin/busybox /mnt/bin/ && ln -s busybox /mnt/bin/sh && \
printf '{_INIT}' > /mnt/sbin/init && chmod 755 /mnt/sbin/init; umount /mnt"""

SCENARIOS: Final[Mapping[str, Callable[[Lab], str]]] = {
    "guest boots": boot,
    "live migration there and back": migrate,
    "power cut of the primary, failover": power_cut,
    "noded killed and restarted": noded_restarted,
    "libvirtd killed": libvirtd_killed,
    "guest dies": guest_dies,
    "disk and NIC while it runs": devices,
    "shutdown by power button": shutdown,
    "shutdown from inside": shuts_itself_down,
    "two guests": two_guests,
    "removal": removed,
    "container": container,
}
"""In this order: each finds the guest where the one before has left it."""
