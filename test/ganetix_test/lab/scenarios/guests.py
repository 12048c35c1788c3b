"""A guest of QEMU on a mirrored disk: boot, migration, power cuts, lost daemons, devices, stops.

Each scenario can be run alone: it makes and starts the guest first if need be.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.host import LabError
from ganetix_test.lab.node import Node
from ganetix_test.lab.scenarios import steps

VM: Final = "instance1.example.com"
OTHER: Final = "instance2.example.com"
HOME: Final = "node2.example.com:node3.example.com"
"""Where it is made: not on the master, whose power is not cut here."""

CUTS: Final = 5
"""How often the power of the primary is cut."""


def running(lab: Lab) -> Node:
    """Return the primary of the guest, which counts there; make and start it first if need be."""
    if not steps.exists(lab, VM):
        steps.add(lab, VM, HOME)
        steps.booted(lab.node(2), VM)
    elif not steps.counts(steps.nodes_of(lab, VM)[0], VM):
        steps.stop(lab, VM)
        steps.start(lab, VM)
    return steps.nodes_of(lab, VM)[0]


def _secondary(lab: Lab) -> Node:
    return steps.nodes_of(lab, VM)[1]


def boot(lab: Lab) -> str:
    """A guest is created on a mirror and started, and is seen to count on its console."""
    if steps.exists(lab, VM):
        steps.remove(lab, VM)
    steps.add(lab, VM, HOME)
    seconds = steps.booted(lab.node(2), VM)
    # `script` gives the console the terminal that it wants.
    line = f"sleep 25 | script -qec 'timeout 20 gnt-instance console {VM}' /dev/null"
    shown = lab.master.attempt(line, timeout=120).stdout
    steps.require("guest: count" in shown, f"Its console shows: {shown}")
    return f"up after {seconds:.0f} s, and counting on gnt-instance console"


def migrate(lab: Lab) -> str:
    """A running guest is migrated: its count goes on, and no record is lost."""
    source, target = running(lab), _secondary(lab)
    before = steps.told(source, VM)
    steps.forget_console(target, VM)
    log = steps.gnt(lab, f"gnt-instance migrate -f {VM}")
    told = steps.goes_on(target, VM)
    last, after = steps.told(source, VM), steps.told(target, VM)
    if not before[0] <= last[0] < after[0] or after[1] - after[0] != last[1] - last[0]:
        raise LabError(f"The guest told {last} on {source.name}, then {after} on {target.name}.")
    count = steps.records_of(lab, VM)
    steps.require(count >= told, f"The guest told {told} records, and {count} are on its disk.")
    [still] = [line for line in log.splitlines() if "stood still" in line]
    return f"count {last[0]} went on to {after[0]}; {still.partition('The guest ')[2]}"


def secondary_returns(lab: Lab) -> str:
    """The secondary loses power and returns: what was written meanwhile is on it."""
    node, other = running(lab), _secondary(lab)
    other.kill()
    told = steps.goes_on(node, VM)
    other.start()
    other.wait()
    said = steps.gnt(lab, f"gnt-instance activate-disks --wait-for-sync {VM}")
    steps.require("are in sync" in said, f"It did not sync again: {said}")
    count = steps.records_of_half(lab, VM, other)
    steps.require(count >= told, f"Of {told} records {count} are on {other.name}.")
    return f"record {told} was written while {other.name} was off, and is on it"


def partition(lab: Lab) -> str:
    """Primary and secondary lose each other: the guest writes on, and the mirror heals itself."""
    node, other = running(lab), _secondary(lab)
    lab.partition(node, other)
    try:
        told = steps.goes_on(node, VM)
    finally:
        lab.heal()
    seconds = steps.whole(lab, VM)
    count = steps.records_of_half(lab, VM, other)
    steps.require(count >= told, f"Of {told} records {count} are on {other.name}.")
    return f"record {told} was written meanwhile; whole again after {seconds:.0f} s"


def power_cut(lab: Lab) -> str:
    """The primary loses power: after failover every record that the guest told is on its disk."""
    proved = []
    for _ in range(CUTS):
        node, other = running(lab), _secondary(lab)
        steps.whole(lab, VM)
        told = steps.goes_on(node, VM)
        node.kill()
        steps.gnt(lab, f"gnt-node modify --offline yes --force {node.name}")
        steps.forget_console(other, VM)
        steps.gnt(lab, f"gnt-instance failover -f --ignore-consistency {VM}")
        # Node and guest boot at the same time.
        node.start()
        steps.booted(other, VM)
        found = steps.found(other, VM)
        steps.require(found >= told, f"The guest told {told} records, and found {found}.")
        proved.append(f"{told} told and {found} found")
        steps.mend(lab)
        steps.gnt(lab, f"gnt-instance activate-disks --wait-for-sync {VM}")
    return "; ".join(proved)


def replace_secondary(lab: Lab) -> str:
    """The mirror moves to the third node while the guest writes."""
    node, old = running(lab), _secondary(lab)
    [third] = [one for one in lab.nodes if one not in (node, old)]
    steps.gnt(lab, f"gnt-instance replace-disks -n {third.name} {VM}")
    steps.require(_secondary(lab) == third, f"The secondary is {_secondary(lab).name}.")
    told = steps.goes_on(node, VM)
    count = steps.records_of_half(lab, VM, third)
    steps.require(count >= told, f"Of {told} records {count} are on {third.name}.")
    left = [row for row in steps.volumes(lab) if row.startswith(f"{old.number}: ")]
    steps.require(not left, f"These are left on {old.name}: {left}")
    return f"all {told} records are on {third.name}, nothing is left on {old.name}"


def grow(lab: Lab) -> str:
    """A disk grows while its guest writes: the guest sees it after a reboot, and its records."""
    node = running(lab)
    before, told = steps.disk_size(node, VM), steps.goes_on(node, VM)
    steps.gnt(lab, f"gnt-instance grow-disk {VM} 0 32m")
    steps.goes_on(node, VM)
    steps.forget_console(node, VM)
    steps.gnt(lab, f"gnt-instance reboot --type hard --shutdown-timeout 0 {VM}")
    steps.booted(node, VM)
    after, found = steps.disk_size(node, VM), steps.found(node, VM)
    steps.require(after == before + 32, f"The guest had {before} MiB, and has {after}.")
    steps.require(found >= told, f"The guest told {told} records, and found {found}.")
    return f"the guest had {before} MiB and has {after}, and found {found} records"


def evacuate(lab: Lab) -> str:
    """A node's secondaries go elsewhere, then its primaries, while the guest runs on."""
    node, other = running(lab), _secondary(lab)
    [third] = [one for one in lab.nodes if one not in (node, other)]
    steps.gnt(lab, f"gnt-node evacuate -f -s -n {third.name} {other.name}")
    now = steps.nodes_of(lab, VM)
    steps.require(now == [node, third], f"It is on {[one.name for one in now]}.")
    count = steps.told(node, VM)[0]
    steps.forget_console(third, VM)
    steps.gnt(lab, f"gnt-node evacuate -f -p -I hail {node.name}")
    now = steps.nodes_of(lab, VM)
    steps.require(now == [third, node], f"It is on {[one.name for one in now]}.")
    record, after = steps.goes_on(third, VM), steps.told(third, VM)[0]
    steps.require(after > count, f"The guest told {count} before, and {after} now.")
    return (
        f"the mirror went from {other.name} to {third.name}, then the guest: count {count} went "
        f"on to {after}, record {record}"
    )


def noded_killed(lab: Lab) -> str:
    """The node daemon is killed and started again: the guest never notices."""
    node = running(lab)
    before = steps.told(node, VM)[0]
    node.run("kill -9 $(cat /var/run/ganeti/ganeti-noded.pid); daemon-util start ganeti-noded")
    steps.wait("The status running", 60, lambda: steps.status(lab, VM) == "running")
    steps.goes_on(node, VM)
    return f"the count went on from {before}"


def libvirtd_killed(lab: Lab) -> str:
    """The libvirt daemon is killed: the guest goes on, and the node says so until it is back."""
    node = running(lab)
    node.run("kill -9 $(pidof libvirtd)")
    info = f"gnt-node info {node.name}"
    steps.wait("The complaint", 60, lambda: "can't be reached" in steps.gnt(lab, info))
    listed = steps.status(lab, VM)
    steps.require(listed == "running", f"Without libvirtd {VM} is {listed}.")
    node.run("libvirtd -d")
    steps.wait("libvirt's return", 90, lambda: "can't be reached" not in steps.gnt(lab, info))
    steps.goes_on(node, VM)
    return "the guest ran on, the node said that libvirt was gone, and that it was back"


def guest_dies(lab: Lab) -> str:
    """A guest whose QEMU is killed is ERROR_down, and starts again."""
    node = running(lab)
    node.run(f"kill -9 $(pgrep -f '[g]uest={VM},')")
    took = steps.wait("ERROR_down", 30, lambda: steps.status(lab, VM) == "ERROR_down")
    steps.start(lab, VM)
    return f"ERROR_down was listed {took:.0f} s later"


def devices(lab: Lab) -> str:
    """A running guest gets a disk and a NIC, and gives the disk back."""
    node = running(lab)
    steps.gnt(lab, f"gnt-instance modify --disk add:size=8m --net add:link=br0 {VM}")
    steps.require("vdb" in node.run(f"virsh domblklist {VM}"), "The guest did not get the disk.")
    nics = node.run(f"virsh domiflist {VM}").count("br0")
    steps.gnt(lab, f"gnt-instance modify --disk 1:remove {VM}")
    left = node.run(f"virsh domblklist {VM}")
    steps.require("vdb" not in left, "The guest has not let the disk go.")
    return f"a disk came and went, {nics} NICs"


def shutdown(lab: Lab) -> str:
    """A guest that is asked to shut down does, by its power button."""
    node = running(lab)
    steps.gnt(lab, f"gnt-instance shutdown --timeout 120 {VM}")
    steps.require("power button" in steps.said(node, VM), "The guest did not feel its button.")
    return "the guest said that its power button was pressed"


def shuts_itself_down(lab: Lab) -> str:
    """A guest that stops by itself is USER_down where that is allowed, and starts again."""
    node = running(lab)
    steps.gnt(lab, "gnt-cluster modify --user-shutdown=yes")
    steps.gnt(lab, f"gnt-instance modify -H user_shutdown=true {VM}")
    # The button is pressed behind the cluster's back: to it the guest stops by itself.
    node.run(f"virsh shutdown {VM}")
    took = steps.wait("USER_down", 120, lambda: steps.status(lab, VM) == "USER_down")
    steps.start(lab, VM)
    return f"USER_down was listed {took:.0f} s after the button was pressed"


def convert(lab: Lab) -> str:
    """A guest's mirror becomes a volume and a mirror again; it finds its records each time."""
    node, other = running(lab), _secondary(lab)
    proved = []
    for words in ("plain", f"drbd -n {other.name}"):
        told = steps.goes_on(node, VM)
        steps.stop(lab, VM)
        steps.gnt(lab, f"gnt-instance modify -t {words} {VM}")
        found = steps.found(steps.start(lab, VM), VM)
        steps.require(found >= told, f"The guest told {told} records, and found {found}.")
        proved.append(f"{told} told and {found} found as {words.split()[0]}")
    return "; ".join(proved)


def two_guests(lab: Lab) -> str:
    """Two guests run at once; the second's volume is exported, and imported onto a mirror."""
    node, other = running(lab), _secondary(lab)
    [home] = [one for one in lab.nodes if one not in (node, other)]
    steps.without(lab, OTHER)
    steps.add(lab, OTHER, home.name, "plain", "-o dummy")
    steps.booted(home, OTHER)
    counts = [steps.goes_on(node, VM), steps.goes_on(home, OTHER)]
    steps.stop(lab, OTHER)
    told = steps.told(home, OTHER)[1]
    steps.gnt(lab, f"gnt-backup export --noshutdown -n {node.name} {OTHER}")
    steps.remove(lab, OTHER)
    one = f"--ignore-ipolicy --no-name-check -H kvm --src-node {node.name}"
    steps.gnt(lab, f"gnt-backup import -t drbd {one} -n {home.name}:{other.name} {OTHER}")
    found = steps.found(steps.start(lab, OTHER), OTHER)
    steps.require(found >= told, f"The guest told {told} records, and found {found}.")
    steps.remove(lab, OTHER)
    steps.gnt(lab, f"gnt-backup remove {OTHER}")
    return (
        f"{counts[0]} and {counts[1]} records; the second told {told} on a volume, and found "
        f"{found} on a mirror made of its export"
    )


def bad_input(lab: Lab) -> str:
    """A missing bridge, kernel, firmware or machine type: refused before anything is made."""
    before = steps.volumes(lab)
    for hypervisor, options, words in (
        ("kvm", "--net 0:link=br99", "br99"),
        ("kvm:kernel_path=/boot/none", "", "/boot/none"),
        ("kvm:cdrom_image_path=/srv/none.iso", "", "/srv/none.iso"),
        ("kvm:machine_version=pc-none", "", "pc-none"),
    ):
        line = steps.ADD.format(memory=steps.MEMORY, hypervisor=hypervisor, template="drbd",
                                size="-s 32m", options=options, nodes=HOME, name=OTHER)  # fmt: skip
        steps.refused(lab, line, words)
    steps.require(steps.volumes(lab) == before, "Something was made.")
    steps.require(not steps.exists(lab, OTHER), f"{OTHER} was made.")
    return "four refusals that name the thing, no volume made"


def removed(lab: Lab) -> str:
    """A removed guest leaves nothing in libvirt, and no disk."""
    home = running(lab)
    steps.remove(lab, VM)
    domains = home.run("virsh list --all --name").split()
    domains += [name for node in lab.nodes for name in node.run("virsh list --name").split()]
    left = steps.volumes(lab)
    steps.require(VM not in domains and not left, f"Left are {domains} and {left}.")
    return "no domain, no volume, no DRBD device"


SCENARIOS: Final[Mapping[str, Callable[[Lab], str]]] = {
    "guest boots on drbd": boot,
    "live migration": migrate,
    "guest writes, secondary loses power": secondary_returns,
    "guest writes, partition and heal": partition,
    "primary loses power, failover": power_cut,
    "guest writes, mirror to third node": replace_secondary,
    "grow-disk seen by the guest": grow,
    "node evacuate": evacuate,
    "noded killed": noded_killed,
    "libvirtd killed": libvirtd_killed,
    "guest dies": guest_dies,
    "disk and NIC while it runs": devices,
    "shutdown by power button": shutdown,
    "shutdown from inside": shuts_itself_down,
    "guest converted to plain and back": convert,
    "two guests, export and import": two_guests,
    "bad input for guests": bad_input,
    "guest removed": removed,
}
"""The short ones do not bring the guest back to where it was: any node may be its primary."""
