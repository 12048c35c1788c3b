"""OS definitions, as they are packaged, on logical volumes and mirrors: what they wrote is read."""

import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from ganetix_test.lab import host
from ganetix_test.lab.cluster import Lab
from ganetix_test.lab.host import command
from ganetix_test.lab.node import Node
from ganetix_test.lab.scenarios import steps

VM: Final = "instance14.example.com"
RENAMED: Final = "instance15.example.com"
SUITE: Final = "bookworm"
SYSTEM: Final = host.LABS / ".debian" / f"cache-{SUITE}-amd64.tar"
"""What debootstrap makes, in the form in which instance-debootstrap keeps it for the next time."""

IMAGE: Final = 8
"""MiB of an image."""

KEY: Final = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGuest admin@example.com"
_DISKS: Final = "--disk 0:size=16m --disk 1:size=4m"
_PLAIN: Final = "-t plain -n node1.example.com"
_MIRROR: Final = "-t drbd -n node1.example.com:node2.example.com"
_ADD: Final = (
    "gnt-instance add -H fake --no-start -B memory=32m --ignore-ipolicy --no-name-check "
    "--no-ip-check {options} {name}"
)
_CONFIGURE: Final = f"""\
mkdir -p /etc/ganeti/instance-debootstrap/variants /var/cache/ganeti-instance-debootstrap &&
echo default > /etc/ganeti/instance-debootstrap/variants.list &&
echo SUITE={SUITE} > /etc/ganeti/instance-debootstrap/variants/default.conf &&
ln -sf {SYSTEM} /var/cache/ganeti-instance-debootstrap/"""
"""Configuration of the package, which a node of the lab begins without."""


def _add(lab: Lab, name: str, options: str) -> str:
    return steps.gnt(lab, _ADD.format(name=name, options=options))


def _make_system() -> None:
    """Let debootstrap make `SYSTEM` unless it is there: nothing leaves the lab's network."""
    if SYSTEM.exists():
        return
    SYSTEM.parent.mkdir(parents=True, exist_ok=True)
    place = tempfile.mkdtemp(dir=host.LABS)
    try:
        made, new = f"{place}/root", SYSTEM.with_suffix(".new")
        arguments = ("--variant=minbase", "--include=ifupdown", SUITE, made)
        command("debootstrap", *arguments, timeout=900)
        command("tar", "--xattrs", "--exclude=./var/cache/apt/*", "-cf", str(new), "-C", made, ".")
        new.rename(SYSTEM)
    finally:
        shutil.rmtree(place)


def _device(lab: Lab, name: str, index: int = 0) -> str:
    """Assemble the disks of *name* and return the device of disk *index* on the primary."""
    rows = steps.gnt(lab, f"gnt-instance activate-disks {name}").split()
    [found] = [row for row in rows if f":disk/{index}:" in row]
    return found.rpartition(":")[2]


@contextmanager
def _first_partition(node: Node, device: str) -> Iterator[str]:
    """Give the device of the first partition of *device*, as long as the context lasts."""
    told = node.run(f"kpartx -av -s {device}")
    try:
        yield f"/dev/mapper/{told.split()[2]}"
    finally:
        node.run(f"kpartx -d -s {device}")


def _system_of(lab: Lab, name: str, node: Node) -> tuple[str, str]:
    """Return host name and release of the Debian on the disk of *name*; require its own fstab."""
    with _first_partition(node, _device(lab, name)) as partition:
        uuid = node.run(f"blkid -o value -s UUID {partition}").strip()
        told = node.run(
            f"mount -o ro {partition} /mnt && cd /mnt/etc && cat hostname "
            "debian_version fstab; cd /; umount /mnt"
        )
    steps.require(f"UUID={uuid} " in told, f"Its fstab has another file system than {uuid}: {told}")
    hostname, version, *_ = told.splitlines()
    steps.gnt(lab, f"gnt-instance deactivate-disks {name}")
    return hostname, version


def debootstrap(lab: Lab) -> str:
    """instance-debootstrap installs Debian on a volume, and gives it another name."""
    _make_system()
    for name in (VM, RENAMED):
        steps.without(lab, name)
    node = lab.node(1)
    node.run(_CONFIGURE)
    _add(lab, VM, "-t plain -s 600m -o debootstrap+default -O filesystem=ext3 -n node1.example.com")
    first, version = _system_of(lab, VM, node)
    steps.gnt(lab, f"gnt-instance rename --no-name-check --no-ip-check {VM} {RENAMED}")
    second, _ = _system_of(lab, RENAMED, node)
    steps.remove(lab, RENAMED)
    steps.require((first, second) == (VM, RENAMED), f"It was called {first}, then {second}.")
    return f"Debian {version} on a partition of its own, called {first} and after that {second}"


def noop(lab: Lab) -> str:
    """os-noop leaves the disk alone, and its scripts are run."""
    steps.without(lab, VM)
    _add(lab, VM, "-t plain -s 8m -o noop -n node1.example.com")
    logs = lab.node(1).run(f"ls /var/log/ganeti/os | grep -c '^add-noop-{VM}'").strip()
    steps.remove(lab, VM)
    steps.require(int(logs), "Its script was not run.")
    return "its script ran"


def image(lab: Lab) -> str:
    """An image is written to a mirror and a seed for cloud-init beside it; a wrong one is not."""
    steps.without(lab, VM)
    node = lab.node(1)
    node.run(
        "mkdir -p /srv/images && cd /srv/images && dd if=/dev/urandom of=one.raw bs=1M "
        f"count={IMAGE} status=none && qemu-img convert -c -O qcow2 one.raw one.qcow2"
    )
    rows = [row.split() for row in node.run("cd /srv/images; sha256sum *").splitlines()]
    sums = {name: total for total, name in rows}
    wrong = f"{_PLAIN} {_image_options('raw', '0' * 64)}"
    steps.refused(lab, _ADD.format(name=VM, options=wrong), "has the checksum")
    for kind, where in (("raw", _PLAIN), ("qcow2", _MIRROR)):
        _add(lab, VM, f"{where} {_image_options(kind, sums[f'one.{kind}'])}")
        disks = [_device(lab, VM, index) for index in (0, 1)]
        wrote = f"dd if={disks[0]} bs=1M count={IMAGE} iflag=direct status=none"
        node.run(f"{wrote} | cmp - /srv/images/one.raw")
        label = node.run(f"blkid -o value -s LABEL {disks[1]}").strip()
        steps.require(label == "cidata", f"The seed's label is {label}.")
        told = node.run(f"strings {disks[1]}")
        for word in (f'"local-hostname": "{VM}"', '"name": "ops"', KEY, '"macaddress"'):
            steps.require(word in told, f"The seed lacks {word}.")
        steps.remove(lab, VM)
    return f"{IMAGE} MiB, raw to volumes and qcow2 to mirrors; a seed with name, user, key and NIC"


def _image_options(kind: str, checksum: str) -> str:
    words = f"image=/srv/images/one.{kind},sha256={checksum},user=ops,ssh_keys={KEY}"
    return f"{_DISKS} -o image -O {shlex.quote(words)}"


SCENARIOS: Final[Mapping[str, Callable[[Lab], str]]] = {
    "OS noop": noop,
    "OS image": image,
    "OS debootstrap": debootstrap,
}
