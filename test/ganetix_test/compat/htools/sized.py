"""Seeded clusters of mirrored instances of a given size, fuller at some nodes than at others.

The same arguments always give the same cluster, for both programs and in every run.
"""

import json
import random
from typing import Any, NamedTuple

GROUP = "fake-uuid-01"
MEMORIES, DISKS, CPUS = (1024, 2048, 4096, 8192), (10240, 20480, 51200, 102400), (1, 2, 4, 8)
MEMORY, OWN, DISK, CORES = 131072, 1024, 4194304, 32
POLICY = (
    "128,1,1024,1,1,1|128,1,1024,1,1,1;32768,8,1048576,16,8,12|"
    "diskless,file,sharedfile,plain,blockdev,drbd,rbd,ext|4.0|32.0"
)


class Sized(NamedTuple):
    """A cluster in the text format, and a request for one instance more on it."""

    text: str
    request: str


class _Instance(NamedTuple):
    name: str
    memory: int
    disk: int
    cpus: int
    running: bool
    primary: str
    secondary: str


class _Cluster:
    """Nodes with what is free on them, and the instances that took the rest."""

    def __init__(self, nodes: int, instances: int, seed: int) -> None:
        self._rng = random.Random(seed)
        self.names = [f"node-01-{at:03d}" for at in range(nodes)]
        self.memory = dict.fromkeys(self.names, MEMORY - OWN)
        self.disk = dict.fromkeys(self.names, DISK)
        order = self.names[:]
        self._rng.shuffle(order)
        weights = [1.0 + 2.0 * (1 - at / (nodes - 1.0)) for at in range(nodes)]
        self.instances = [self._place(at, order, weights) for at in range(instances)]

    def _place(self, at: int, order: list[str], weights: list[float]) -> _Instance:
        rng = self._rng
        cpus = CPUS[min(range(4), key=lambda _at: rng.random())]
        memory, disk = MEMORIES[rng.randrange(4)], DISKS[rng.randrange(4)]
        while True:
            one, two = rng.choices(order, weights)[0], rng.choices(order, weights)[0]
            roomy = self.memory[one] - memory > MEMORY * 0.15
            if one != two and roomy and self._disk_left(one, two, disk) > DISK * 0.1:
                break
        running = rng.random() > 0.05
        self.memory[one] -= memory if running else 0
        self.disk[one] -= disk
        self.disk[two] -= disk
        return _Instance(f"inst-{at:04d}", memory, disk, cpus, running, one, two)

    def _disk_left(self, one: str, two: str, disk: int) -> int:
        return min(self.disk[one], self.disk[two]) - disk

    def text(self) -> str:
        """Return the cluster in the text format."""
        nodes = "".join(
            f"{name}|{MEMORY}|{OWN}|{self.memory[name]}|{DISK}|{self.disk[name]}|{CORES}|"
            f"{'M' if at == 0 else 'N'}|{GROUP}|12||N|0|1|1.0\n"
            for at, name in enumerate(self.names)
        )
        instances = "".join(
            f"{inst.name}|{inst.memory}|{inst.disk}|{inst.cpus}|"
            f"{'running' if inst.running else 'ADMIN_down'}|Y|{inst.primary}|{inst.secondary}|"
            "drbd||1|-|N\n"
            for inst in self.instances
        )
        policies = f"|{POLICY}\ngroup-01|{POLICY}\n"
        return f"group-01|{GROUP}|preferred||\n\n{nodes}\n{instances}\n\n{policies}"

    def request(self) -> str:
        """Return a request for one mirrored instance."""
        group = {
            "name": "group-01", "alloc_policy": "preferred", "networks": [], "tags": [],
            "ipolicy": _policy(),
        }  # fmt: skip
        message = {
            "version": 2, "cluster_name": "bench", "cluster_tags": [],
            "enabled_hypervisors": ["fake"], "ipolicy": _policy(), "nodegroups": {GROUP: group},
            "nodes": {name: self._node(name) for name in self.names},
            "instances": {inst.name: _told(inst) for inst in self.instances},
            "request": {
                "type": "allocate", "name": "new-instance", "memory": 4096, "vcpus": 2,
                "spindle_use": 1, "os": "noop", "tags": [], "nics": [], "hypervisor": "fake",
                "disks": [{"size": 20480, "mode": "rw", "spindles": 1}], "required_nodes": 2,
                "disk_space_total": 20608, "disk_template": "drbd",
            },
        }  # fmt: skip
        return json.dumps(message, sort_keys=True)

    def _node(self, name: str) -> dict[str, Any]:
        return {
            "total_memory": MEMORY, "reserved_memory": OWN, "free_memory": self.memory[name],
            "total_disk": DISK, "free_disk": self.disk[name], "total_cpus": CORES,
            "reserved_cpus": 1, "i_pri_memory": 0, "i_pri_up_memory": 0, "total_spindles": 12,
            "free_spindles": 12, "group": GROUP, "primary_ip": "192.0.2.1",
            "secondary_ip": "192.0.2.1", "tags": [], "master_candidate": True,
            "master_capable": True, "vm_capable": True, "drained": False, "offline": False,
            "ndparams": {"spindle_count": 12, "oob_program": None, "exclusive_storage": False,
                         "cpu_speed": 1.0, "ovs": False, "ssh_port": 22},
        }  # fmt: skip


def _spec(memory: int, cpus: int, disk: int, disks: int, nics: int, use: int) -> dict[str, int]:
    return {
        "memory-size": memory, "cpu-count": cpus, "disk-size": disk, "disk-count": disks,
        "nic-count": nics, "spindle-use": use,
    }  # fmt: skip


def _policy() -> dict[str, Any]:
    least = _spec(128, 1, 1024, 1, 1, 1)
    templates = ["sharedfile", "diskless", "plain", "blockdev", "drbd", "file", "rbd", "ext"]
    return {
        "std": least, "minmax": [{"min": least, "max": _spec(32768, 8, 1048576, 16, 8, 12)}],
        "vcpu-ratio": 4.0, "spindle-ratio": 32.0, "disk-templates": templates,
    }  # fmt: skip


def _told(inst: _Instance) -> dict[str, Any]:
    return {
        "disks": [{"spindles": 1, "mode": "rw", "size": inst.disk - 128}],
        "disk_space_total": inst.disk, "hypervisor": "fake", "tags": [], "nics": [],
        "vcpus": inst.cpus, "admin_state": "up" if inst.running else "down",
        "admin_state_source": "admin", "disk_template": "drbd", "spindle_use": 1,
        "memory": inst.memory, "nodes": [inst.primary, inst.secondary], "os": "noop",
    }  # fmt: skip


def sized(nodes: int, instances: int, seed: int) -> Sized:
    """Return the cluster with so many *nodes* and *instances* that *seed* stands for."""
    cluster = _Cluster(nodes, instances, seed)
    return Sized(cluster.text(), cluster.request())
