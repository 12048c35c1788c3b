"""A whole lab: its nodes, and the cluster on them."""

import pathlib
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self

import attrs

from ganetix_test.lab import host, network
from ganetix_test.lab.host import LabError, command
from ganetix_test.lab.network import Network
from ganetix_test.lab.node import Node

INIT: Final = (
    "gnt-cluster init --master-netdev=br0 --vg-name=xenvg "
    # A node has less memory than hail takes a node of KVM to need for itself.
    "--default-iallocator-params=static-kvm-node-memory=0 "
    "--enabled-hypervisors=fake --enabled-disk-templates=drbd,plain,file,sharedfile,diskless "
    "--file-storage-dir=/srv/ganeti/file-storage "
    "--shared-file-storage-dir=/srv/ganeti/shared-file-storage "
    "--ipolicy-bounds-specs=min:cpu-count=1,disk-count=0,disk-size=1,memory-size=1,nic-count=0,"
    "spindle-use=0/max:cpu-count=8,disk-count=16,disk-size=1048576,memory-size=32768,nic-count=8,"
    "spindle-use=12 --nic-parameters=mode=bridged,link=br0 --no-etc-hosts cluster.example.com"
)

SSHD_CONFIG: Final = """\
HostKey /etc/ssh/ssh_host_rsa_key
HostKey /etc/ssh/ssh_host_ecdsa_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
PidFile /run/sshd.pid
StrictModes no
"""

LVM_CONFIG: Final = """\
# No udev here: LVM makes its own device nodes.
activation { udev_sync=0 udev_rules=0 monitoring=0 }
devices {
    obtain_device_list_from_udev=0 use_devicesfile=0 external_device_info_source="none"
    global_filter=[ "a|^/dev/ubdb$|", "r|.*|" ]
}
global { use_lvmpolld=0 event_activation=0 }
"""

LIBVIRT_CONFIG: Final = {
    "qemu.conf": 'user = "root"\ngroup = "root"\nsecurity_driver = "none"\n',
    "libvirtd.conf": 'auth_unix_ro = "none"\nauth_unix_rw = "none"\nlisten_tls = 0\n',
}


@attrs.frozen
class Lab:
    """The lab called *name* with nodes 1 to *size*."""

    name: str
    size: int

    @classmethod
    def known(cls, name: str) -> Self:
        """Return the lab called *name* that was brought up before; raise `LabError`."""
        kept = host.LABS / name / "nodes"
        if not kept.exists():
            raise LabError(f"There is no lab '{name}'; 'bin/lab up' makes one.")
        return cls(name, int(kept.read_text("ascii")))

    @property
    def directory(self) -> pathlib.Path:
        """Where the lab's disks and keys are."""
        return host.LABS / self.name

    @property
    def network(self) -> Network:
        """The lab's network."""
        return Network(self.name)

    @property
    def nodes(self) -> list[Node]:
        """All nodes, in order."""
        return [self.node(number) for number in range(1, self.size + 1)]

    @property
    def master(self) -> Node:
        """The node on which the cluster was made."""
        return self.node(1)

    def node(self, which: int | str) -> Node:
        """Return a node by its number, short or full name; raise `LabError`."""
        number = str(which).removeprefix("node").partition(".")[0]
        if not number.isdecimal() or not 1 <= int(number) <= self.size:
            raise LabError(f"There is no node '{which}' in lab '{self.name}' of {self.size}.")
        return Node(int(number), self.directory, self.network)

    def up(self, tell: Callable[[str], None], *, cluster: bool = True) -> None:
        """Make the lab and, with *cluster*, its cluster; *tell* hears what is being done."""
        if self.directory.exists():
            raise LabError(f"Lab '{self.name}' is up already; 'bin/lab down' takes it down.")
        self.directory.mkdir(parents=True)
        (self.directory / "nodes").write_text(f"{self.size}\n", "ascii")
        tell(f"Making {self.size} nodes")
        self._files()
        host.compile_modules()
        self.network.make(self.size)
        for node in self.nodes:
            node.make()
            node.start()
        for node in self.nodes:
            node.wait()
        if cluster:
            self._cluster(tell)

    def down(self) -> None:
        """End every node and remove every trace; fine if there is none."""
        for node in self.nodes:
            node.kill()
        self.network.remove()
        if self.directory.exists():
            shutil.rmtree(self.directory)

    def partition(self, one: Node, other: Node) -> None:
        """Lose everything that two nodes send to each other; others still reach both."""
        one.run(network.cut(other.number, other == self.master))
        other.run(network.cut(one.number, one == self.master))

    def heal(self) -> None:
        """Take all partitions back."""
        for node in self.nodes:
            if node.running():
                node.run(network.HEAL)

    def _files(self) -> None:
        """Make the keys, and the files that every node begins with."""
        (self.directory / "shared").mkdir()
        etc = self.directory / "etc"
        for sub in ("ssh", "lvm", "libvirt"):
            (etc / sub).mkdir(parents=True)
        self._keys(etc / "ssh")
        (etc / "ssh/sshd_config").write_text(SSHD_CONFIG, "ascii")
        (etc / "lvm/lvm.conf").write_text(LVM_CONFIG, "ascii")
        for name, text in LIBVIRT_CONFIG.items():
            (etc / "libvirt" / name).write_text(text, "ascii")
        (etc / "hosts").write_text(self._hosts(), "ascii")

    def _keys(self, place: pathlib.Path) -> None:
        make = ("ssh-keygen", "-q", "-N", "", "-C", f"lab {self.name}", "-f")
        command(*make, str(self.directory / "key"), "-t", "ed25519")
        known = ""
        for kind in ("rsa", "ecdsa"):
            path = place / f"ssh_host_{kind}_key"
            command(*make, str(path), "-t", kind)
            public = path.with_suffix(".pub").read_text("ascii")
            known += "".join(f"{node.name} {public}" for node in self.nodes)
        (self.directory / "known_hosts").write_text(known, "ascii")

    def _hosts(self) -> str:
        rows = ["127.0.0.1 localhost", f"{network.CLUSTER} cluster.example.com cluster"]
        rows += [f"{network.address(n.number)} {n.name} node{n.number}" for n in self.nodes]
        rows += [f"{network.PREFIX}.{100 + i} instance{i}.example.com" for i in range(1, 21)]
        return "\n".join(rows) + "\n"

    def _cluster(self, tell: Callable[[str], None]) -> None:
        tell("Initialising the cluster")
        self.master.run(INIT)
        others = self.nodes[1:]
        tell("Adding the other nodes")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._add, others))

    def _add(self, node: Node) -> None:
        self.master.run(f"gnt-node add --no-ssh-key-check {node.name}")
