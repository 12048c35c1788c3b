"""Disks on LVM and DRBD: made, synced, moved, grown, replaced, converted."""

from collections.abc import Callable, Mapping
from typing import Final

from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.node import Node
from ganetix_test.lab.scenarios import steps

VM: Final = "instance11.example.com"
OTHER: Final = "instance12.example.com"
SIZE: Final = 64
"""MiB of the disk."""

TEXT: Final = 16
"""MiB at its beginning that are written and read back."""


def _gnt(lab: Lab, line: str) -> str:
    return steps.gnt(lab, f"gnt-instance {line}")


def _device(lab: Lab) -> str:
    """Assemble the disks and return the device on the primary."""
    return _activated(lab, VM)


def _activated(lab: Lab, name: str) -> str:
    return _gnt(lab, f"activate-disks {name}").strip().splitlines()[-1].rpartition(":")[2]


def _write(lab: Lab) -> str:
    """Write something new to the beginning of the disk, and return its checksum."""
    device = _device(lab)
    node = lab.node(_gnt(lab, f"list --no-headers -o pnode {VM}").strip())
    node.run(f"dd if=/dev/urandom of={device} bs=1M count={TEXT} conv=notrunc,fsync status=none")
    return _sum(node, device)


def _sum(node: Node, device: str, size: int = TEXT) -> str:
    """Return the checksum of the first *size* MiB of *device* on *node*, not from its cache."""
    line = f"dd if={device} bs=1M count={size} iflag=direct status=none | md5sum"
    return node.run(line).split()[0]


def _halves(lab: Lab) -> list[str]:
    """Return the checksums of the data volume on both nodes, the disks being down."""
    _gnt(lab, f"deactivate-disks {VM}")
    volume = steps.data_volume(lab, VM)
    return [_sum(node, volume) for node in steps.nodes_of(lab, VM)]


def create(lab: Lab) -> str:
    """A mirrored disk is made and synced, and has the same on both nodes."""
    said = steps.gnt(lab, steps.mirror(VM, SIZE))
    steps.require("are in sync" in said, f"The sync was not told: {said}")
    wrote = _write(lab)
    steps.require(_halves(lab) == [wrote, wrote], "The halves differ.")
    return f"the same {TEXT} MiB on both nodes"


def failover(lab: Lab) -> str:
    """After a failover the other node has what was written on the first."""
    wrote = _write(lab)
    _gnt(lab, f"failover -f {VM}")
    device = _device(lab)
    primary, _ = steps.nodes_of(lab, VM)
    steps.require(primary.number == 2, f"The primary is {primary.name}.")
    steps.require(_sum(primary, device) == wrote, "What was written is not there.")
    _gnt(lab, f"failover -f {VM}")
    return "what was written on node1 was read on node2"


def power_cut(lab: Lab) -> str:
    """The secondary loses power; what is written meanwhile is on it after it is back."""
    primary, secondary = steps.nodes_of(lab, VM)
    device = _device(lab)
    secondary.kill()
    primary.run(f"dd if=/dev/urandom of={device} bs=1M count={TEXT} conv=notrunc,fsync "
                "status=none", timeout=120)  # fmt: skip
    wrote = _sum(primary, device)
    secondary.start()
    secondary.wait()
    said = _gnt(lab, f"activate-disks --wait-for-sync {VM}")
    steps.require("are in sync" in said, f"It did not sync again: {said}")
    steps.require(_halves(lab) == [wrote, wrote], "The halves differ.")
    return f"{TEXT} MiB were written while {secondary.name} was off, and are on both nodes"


def partition(lab: Lab) -> str:
    """The two nodes lose each other for a while; the mirror is whole again without a command."""
    primary, secondary = steps.nodes_of(lab, VM)
    device = _device(lab)
    lab.partition(primary, secondary)
    try:
        primary.run(f"dd if=/dev/urandom of={device} bs=1M count=1 conv=notrunc,fsync status=none",
                    timeout=120)  # fmt: skip
    finally:
        lab.heal()
    look = "grep -q 'cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate' /proc/drbd"
    seconds = steps.wait("A whole mirror", 120, lambda: primary.attempt(look).returncode == 0)
    wrote = _sum(primary, device)
    steps.require(_halves(lab) == [wrote, wrote], "The halves differ.")
    return f"whole again after {seconds:.0f} s, the same on both nodes"


def grow(lab: Lab) -> str:
    """A mirrored disk grows; what was on it is there, and the new part can be written."""
    wrote, device, (primary, _) = _write(lab), _device(lab), steps.nodes_of(lab, VM)
    before = _mib(primary, device)
    _gnt(lab, f"grow-disk {VM} 0 32m")
    after = _mib(primary, device)
    steps.require(after == before + 32, f"The device had {before} MiB, and has {after}.")
    primary.run(f"dd if=/dev/zero of={device} bs=1M seek={before} count=32 conv=notrunc,fsync "
                "status=none")  # fmt: skip
    steps.require(_sum(primary, device) == wrote, "What was written is not there.")
    return f"{after} MiB, the new ones writable"


def _mib(node: Node, device: str) -> int:
    return int(node.run(f"blockdev --getsize64 {device}")) // 1024**2


def replace_on_secondary(lab: Lab) -> str:
    """The secondary gets new volumes, and what was on the old ones."""
    wrote = _write(lab)
    _gnt(lab, f"replace-disks -s {VM}")
    steps.require(_halves(lab) == [wrote, wrote], "The halves differ.")
    left = [row for row in steps.volumes(lab) if "_replaced" in row or ".new" in row]
    steps.require(not left, f"These are left: {left}")
    return "new volumes with the same content, no old ones"


def replace_secondary(lab: Lab) -> str:
    """The mirror moves to the third node, while the disk is in use."""
    wrote = _write(lab)
    _, old = steps.nodes_of(lab, VM)
    _gnt(lab, f"replace-disks -n node3.example.com {VM}")
    steps.require(steps.nodes_of(lab, VM)[1].number == 3, "The secondary is not node3.")
    steps.require(_halves(lab) == [wrote, wrote], "The halves differ.")
    left = [row for row in steps.volumes(lab) if row.startswith(f"{old.number}:")]
    steps.require(not left, f"These are left on {old.name}: {left}")
    return f"the same on node1 and node3, nothing left on {old.name}"


def convert(lab: Lab) -> str:
    """A mirror becomes a volume, a file, a volume and a mirror; the content is the same."""
    wrote = _write(lab)
    _gnt(lab, f"deactivate-disks {VM}")
    for words in ("plain", "file", "plain", "drbd -n node2.example.com"):
        _gnt(lab, f"modify -t {words} {VM}")
        device = _device(lab)
        steps.require(_sum(lab.node(1), device) == wrote, f"Another content as {words}.")
        _gnt(lab, f"deactivate-disks {VM}")
    steps.require(_halves(lab) == [wrote, wrote], "The halves differ.")
    return "drbd, plain, file, plain, drbd: the same content each time"


def masterd_restarted(lab: Lab) -> str:
    """The master daemon is restarted while a job waits for a sync: the job goes on, and is done."""
    steps.without(lab, OTHER)
    with steps.slow_sync(lab):
        job = steps.syncing(lab, OTHER)
        lab.master.run("daemon-util stop ganeti-masterd && daemon-util start ganeti-masterd")
        before = len(steps.bars(steps.gnt(lab, f"gnt-job info {job}")))
        said = steps.gnt(lab, f"gnt-job watch {job}")
    steps.require("are in sync" in said, f"The job says: {said}")
    steps.remove(lab, OTHER)
    after = len(steps.bars(said)) - before
    return f"{before} lines of progress before the restart, {after} after it, and the instance"


def bad_input(lab: Lab) -> str:
    """A missing volume group, a bad name, too little room: refused before anything is made."""
    before = steps.volumes(lab)
    head = "gnt-instance add -H fake -t plain -o noop --no-install --no-start -B memory=32m "
    tail = " --ignore-ipolicy --no-name-check -n node2.example.com instance13.example.com"
    for disk, words in (
        ("0:size=64m,vg=novg", "Node node2.example.com has no volume group novg"),
        ("0:size=64m,vg=-x", "can't be a name for LVM"),
        ("0:size=900g", "MiB free in volume group xenvg"),
        ("0:adopt=nothing", "xenvg/nothing on node2.example.com can't be adopted"),
    ):
        steps.refused(lab, f"{head} --disk {disk} {tail}", words)
    steps.require(steps.volumes(lab) == before, "Something was made.")
    return "four refusals that name node and thing"


def adopt(lab: Lab) -> str:
    """A volume that is there becomes an instance's disk with what is on it."""
    node = lab.node(3)
    node.run("lvcreate -qq -y -Wn -Zn -L 64m -n old xenvg; echo precious > /dev/xenvg/old; sync")
    name = "instance13.example.com"
    head = "gnt-instance add -H fake -t plain -o noop --no-start -B memory=32m --disk 0:adopt=old "
    steps.gnt(lab, f"{head} --ignore-ipolicy --no-name-check -n node3.example.com {name}")
    device = _activated(lab, name)
    steps.require(node.run(f"head -n 1 {device}") == "precious\n", "The content is another one.")
    _gnt(lab, f"remove -f --shutdown-timeout=0 {name}")
    return "the volume was renamed, what was on it was read"


def export_and_import(lab: Lab) -> str:
    """A volume is exported to another node, and imported onto a mirror: the content is the same."""
    steps.without(lab, OTHER)
    one = "-B memory=32m --ignore-ipolicy --no-name-check"
    steps.gnt(lab, "gnt-instance add -H fake -t plain --disk 0:size=64m -o dummy --no-install "
                   f"--no-start {one} -n node1.example.com {OTHER}")  # fmt: skip
    node, device = lab.node(1), _activated(lab, OTHER)
    node.run(f"dd if=/dev/urandom of={device} bs=1M count={TEXT} conv=notrunc,fsync status=none")
    wrote = _sum(node, device)
    _gnt(lab, f"deactivate-disks {OTHER}")
    steps.gnt(lab, f"gnt-backup export -n node3.example.com {OTHER}")
    _gnt(lab, f"remove -f {OTHER}")
    steps.gnt(lab, f"gnt-backup import -t drbd {one} -H fake --src-node node3.example.com "
                   f"-n node2.example.com:node1.example.com {OTHER}")  # fmt: skip
    sums = [_sum(lab.node(number), steps.data_volume(lab, OTHER)) for number in (1, 2)]
    steps.require(sums == [wrote, wrote], "Another content came out of the export.")
    _gnt(lab, f"remove -f {OTHER}")
    steps.gnt(lab, f"gnt-backup remove {OTHER}")
    return f"{TEXT} MiB went from a volume through an export on node3 to both halves of a mirror"


def remove(lab: Lab) -> str:
    """With the instance its volumes and devices are gone from all nodes."""
    _gnt(lab, f"remove -f --shutdown-timeout=0 {VM}")
    left = steps.volumes(lab)
    steps.require(not left, f"These are left: {left}")
    return "no volume and no device on any node"


SCENARIOS: Final[Mapping[str, Callable[[Lab], str]]] = {
    "create on drbd": create,
    "failover on drbd": failover,
    "power cut of the secondary": power_cut,
    "partition and heal": partition,
    "grow-disk on drbd": grow,
    "replace-disks on the secondary": replace_on_secondary,
    "replace-disks to a third node": replace_secondary,
    "convert drbd, plain, file and back": convert,
    "masterd restarted during a sync": masterd_restarted,
    "bad input for disks": bad_input,
    "adopt a volume": adopt,
    "export a volume, import a mirror": export_and_import,
    "remove on drbd": remove,
}
