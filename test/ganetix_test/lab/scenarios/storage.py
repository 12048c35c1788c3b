"""Disks on LVM and DRBD: made, synced, moved, grown, replaced, converted, and broken on purpose."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.host import LabError
from ganetix_test.lab.node import Node
from ganetix_test.lab.scenarios import steps

VM: Final = "instance11.example.com"
SIZE: Final = 64
"""MiB of the disk."""

TEXT: Final = 16
"""MiB at its beginning that are written and read back."""

ADD: Final = (
    "gnt-instance add -H fake -t {template} --disk 0:size={size}m -o noop --no-install --no-start "
    "-B memory=32m --ignore-ipolicy --no-name-check -n {nodes} {name}"
)


def _gnt(lab: Lab, line: str) -> str:
    return steps.gnt(lab, f"gnt-instance {line}", 600)


def _nodes(lab: Lab) -> tuple[Node, Node]:
    """Return the primary and the secondary of the instance."""
    row = _gnt(lab, f"list --no-headers -o pnode,snodes {VM}").split()
    return lab.node(row[0]), lab.node(row[1])


def _device(lab: Lab) -> str:
    """Assemble the disks and return the device on the primary."""
    return _gnt(lab, f"activate-disks {VM}").strip().splitlines()[-1].rpartition(":")[2]


def _write(lab: Lab) -> str:
    """Write something new to the beginning of the disk, and return its checksum."""
    device = _device(lab)
    node = lab.node(_gnt(lab, f"list --no-headers -o pnode {VM}").strip())
    node.run(f"dd if=/dev/urandom of={device} bs=1M count={TEXT} conv=notrunc,fsync status=none")
    return _sum(node, device)


def _sum(node: Node, device: str, size: int = TEXT) -> str:
    """Return the checksum of the first *size* MiB of *device* on *node*, not from its cache."""
    node.run("echo 3 > /proc/sys/vm/drop_caches")
    line = f"head -c {size}M {device} | md5sum"
    return node.run(line).split()[0]


def _halves(lab: Lab) -> list[str]:
    """Return the checksums of the data volume on both nodes, the disks being down."""
    _gnt(lab, f"deactivate-disks {VM}")
    found = []
    for node in _nodes(lab):
        [volume] = node.run("ls /dev/xenvg/*disk0_data").split()
        found.append(_sum(node, volume))
    return found


def _require(true: object, what: str) -> None:
    if not true:
        raise LabError(what)


@contextlib.contextmanager
def _broken(node: Node, program: str, script: str) -> Iterator[None]:
    """Let *program* on *node* do what *script* says; ``real`` is the real one there."""
    path = f"/usr/sbin/{program}"
    text = f'#!/bin/sh\nreal() {{ /usr/sbin/{program}.real "$@"; }}\n{script}\n'
    node.run(f"cp -a {path} {path}.real && cat > {path}.new && chmod 755 {path}.new && "
             f"mv {path}.new {path}", text=text)  # fmt: skip
    try:
        yield
    finally:
        node.run(f"mv {path}.real {path}")


def _volumes(lab: Lab) -> list[str]:
    """Return the volumes and DRBD devices of all nodes."""
    line = "lvs --noheadings -o lv_name xenvg; grep -o '^ *[0-9]*: cs:[A-Z][a-z]*' /proc/drbd"
    return [
        f"{node.number}: {row.strip()}"
        for node in lab.nodes
        for row in node.run(f"{line} || true").splitlines()
        if "Unconfigured" not in row
    ]


def create(lab: Lab) -> str:
    """A mirrored disk is made and synced, and has the same on both nodes."""
    nodes = "node1.example.com:node2.example.com"
    said = steps.gnt(lab, ADD.format(template="drbd", size=SIZE, nodes=nodes, name=VM), 600)
    _require("are in sync" in said, f"The sync was not told: {said}")
    wrote = _write(lab)
    _require(_halves(lab) == [wrote, wrote], "The halves differ.")
    bars = len(re.findall(r"\[[#.]{20}\]", said))
    return f"{bars} lines of progress, then the same {TEXT} MiB on both nodes"


def failover(lab: Lab) -> str:
    """After a failover the other node has what was written on the first."""
    wrote = _write(lab)
    _gnt(lab, f"failover -f {VM}")
    device = _device(lab)
    primary, _ = _nodes(lab)
    _require(primary.number == 2, f"The primary is {primary.name}.")
    _require(_sum(primary, device) == wrote, "What was written is not there.")
    _gnt(lab, f"failover -f {VM}")
    return "what was written on node1 was read on node2"


def power_cut(lab: Lab) -> str:
    """The secondary loses power; what is written meanwhile is on it after it is back."""
    primary, secondary = _nodes(lab)
    device = _device(lab)
    secondary.kill()
    primary.run(f"dd if=/dev/urandom of={device} bs=1M count={TEXT} conv=notrunc,fsync "
                "status=none", timeout=120)  # fmt: skip
    wrote = _sum(primary, device)
    secondary.start()
    secondary.wait()
    said = _gnt(lab, f"activate-disks --wait-for-sync {VM}")
    _require("are in sync" in said, f"It did not sync again: {said}")
    _require(_halves(lab) == [wrote, wrote], "The halves differ.")
    return f"{TEXT} MiB were written while {secondary.name} was off, and are on both nodes"


def partition(lab: Lab) -> str:
    """The two nodes lose each other for a while; the mirror is whole again without a command."""
    primary, secondary = _nodes(lab)
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
    _require(_halves(lab) == [wrote, wrote], "The halves differ.")
    return f"whole again after {seconds:.0f} s, the same on both nodes"


def grow(lab: Lab) -> str:
    """A mirrored disk grows; what was on it is there, and the new part can be written."""
    wrote = _write(lab)
    _gnt(lab, f"grow-disk {VM} 0 32m")
    device, (primary, _) = _device(lab), _nodes(lab)
    size = int(primary.run(f"blockdev --getsize64 {device}")) // 1024**2
    _require(size == SIZE + 32, f"The device has {size} MiB.")
    primary.run(f"dd if=/dev/zero of={device} bs=1M seek={SIZE} count=32 conv=notrunc,fsync "
                "status=none")  # fmt: skip
    _require(_sum(primary, device) == wrote, "What was written is not there.")
    return f"{size} MiB, all of them writable"


def replace_on_secondary(lab: Lab) -> str:
    """The secondary gets new volumes, and what was on the old ones."""
    wrote = _write(lab)
    _gnt(lab, f"replace-disks -s {VM}")
    _require(_halves(lab) == [wrote, wrote], "The halves differ.")
    left = [row for row in _volumes(lab) if "_replaced" in row or ".new" in row]
    _require(not left, f"These are left: {left}")
    return "new volumes with the same content, no old ones"


def replace_secondary(lab: Lab) -> str:
    """The mirror moves to the third node, while the disk is in use."""
    wrote = _write(lab)
    _, old = _nodes(lab)
    _gnt(lab, f"replace-disks -n node3.example.com {VM}")
    _require(_nodes(lab)[1].number == 3, "The secondary is not node3.")
    _require(_halves(lab) == [wrote, wrote], "The halves differ.")
    left = [row for row in _volumes(lab) if row.startswith(f"{old.number}:")]
    _require(not left, f"These are left on {old.name}: {left}")
    return f"the same on node1 and node3, nothing left on {old.name}"


def convert(lab: Lab) -> str:
    """A mirror becomes a volume, a file, a volume and a mirror; the content is the same."""
    wrote = _write(lab)
    _gnt(lab, f"deactivate-disks {VM}")
    for words in ("plain", "file", "plain", "drbd -n node2.example.com"):
        _gnt(lab, f"modify -t {words} {VM}")
        device = _device(lab)
        _require(_sum(lab.node(1), device) == wrote, f"Another content as {words}.")
        _gnt(lab, f"deactivate-disks {VM}")
    _require(_halves(lab) == [wrote, wrote], "The halves differ.")
    return "drbd, plain, file, plain, drbd: the same content each time"


def failing_programs(lab: Lab) -> str:
    """An lvcreate that fails, a drbdsetup that is killed: a clear error, and nothing is left."""
    before = _volumes(lab)
    nodes = "node1.example.com:node2.example.com"
    line = ADD.format(template="drbd", size=SIZE, nodes=nodes, name="instance12.example.com")
    breaks = (
        (lab.node(2), "lvcreate", "echo '  Out of luck.' >&2; exit 5", "Out of luck"),
        (lab.node(1), "drbdsetup", 'case $1 in connect) kill -9 $$;; esac; real "$@"', "drbdsetup"),
        (lab.node(2), "drbdmeta", "exit 20", "drbdmeta"),
    )
    for node, program, script, words in breaks:
        with _broken(node, program, script):
            done = lab.master.attempt(f"{line} 2>&1", timeout=300)
        _require(done.returncode and words in done.stdout, f"With {program}: {done.stdout}")
        _require(_volumes(lab) == before, f"{program} left {_volumes(lab)}, not {before}.")
    return "three errors that name the program, no volume or device left"


def bad_input(lab: Lab) -> str:
    """A missing volume group, a bad name, too little room: refused before anything is made."""
    before = _volumes(lab)
    head = "gnt-instance add -H fake -t plain -o noop --no-install --no-start -B memory=32m "
    tail = " --ignore-ipolicy --no-name-check -n node2.example.com instance13.example.com"
    for disk, words in (
        ("0:size=64m,vg=novg", "Node node2.example.com has no volume group novg"),
        ("0:size=64m,vg=-x", "can't be a name for LVM"),
        ("0:size=900g", "MiB free in volume group xenvg"),
        ("0:adopt=nothing", "xenvg/nothing on node2.example.com can't be adopted"),
    ):
        done = lab.master.attempt(f"{head} --disk {disk} {tail} 2>&1", timeout=120)
        _require(done.returncode and words in done.stdout, f"With {disk}: {done.stdout}")
    _require(_volumes(lab) == before, "Something was made.")
    return "four refusals that name node and thing"


def adopt(lab: Lab) -> str:
    """A volume that is there becomes an instance's disk with what is on it."""
    node = lab.node(3)
    node.run("lvcreate -qq -y -Wn -Zn -L 64m -n old xenvg; echo precious > /dev/xenvg/old; sync")
    name = "instance13.example.com"
    head = "gnt-instance add -H fake -t plain -o noop --no-start -B memory=32m --disk 0:adopt=old "
    steps.gnt(lab, f"{head} --ignore-ipolicy --no-name-check -n node3.example.com {name}")
    device = _gnt(lab, f"activate-disks {name}").strip().rpartition(":")[2]
    _require(node.run(f"head -n 1 {device}") == "precious\n", "The content is another one.")
    _gnt(lab, f"remove -f --shutdown-timeout=0 {name}")
    return "the volume was renamed, what was on it was read"


def remove(lab: Lab) -> str:
    """With the instance its volumes and devices are gone from all nodes."""
    _gnt(lab, f"remove -f --shutdown-timeout=0 {VM}")
    left = _volumes(lab)
    _require(not left, f"These are left: {left}")
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
    "programs that fail or are killed": failing_programs,
    "bad input for disks": bad_input,
    "adopt a volume": adopt,
    "remove on drbd": remove,
}
