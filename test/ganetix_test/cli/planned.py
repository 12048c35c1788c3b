"""A cluster as the master daemon describes it to the commands that ask the planner."""

import json
from typing import Any

from ganetix.htools.queried import GROUP_FIELDS, INSTANCE_FIELDS, NODE_FIELDS
from ganetix_test.cli.scripted import CommandCase

SMALL = {
    "memory-size": 128, "cpu-count": 1, "disk-size": 1024, "disk-count": 0, "nic-count": 0,
    "spindle-use": 1,
}  # fmt: skip
BIG = {
    "memory-size": 2048, "cpu-count": 4, "disk-size": 8192, "disk-count": 16, "nic-count": 8,
    "spindle-use": 12,
}  # fmt: skip
STANDARD = {**SMALL, "memory-size": 512, "disk-count": 1}
POLICY = {
    "minmax": [{"min": SMALL, "max": BIG}], "std": STANDARD, "vcpu-ratio": 4.0,
    "disk-templates": ["drbd", "sharedfile", "file"], "spindle-ratio": 32.0,
}  # fmt: skip
INFO = {
    "master": "node1", "tags": [], "default_hypervisor": "fake", "ipolicy": POLICY,
    "enabled_disk_templates": ["sharedfile", "file", "drbd"],
    "beparams": {"default": {"maxmem": 512, "vcpus": 1, "spindle_use": 1}},
}  # fmt: skip
Row = dict[str, Any]


def group(name: str) -> Row:
    """A node group."""
    return {"uuid": f"{name}-uuid", "name": name, "alloc_policy": "preferred", "tags": [],
            "ipolicy": POLICY}  # fmt: skip


def node(number: int, used: int = 0, group: str = "g1") -> Row:
    """A node of *group* with 4 GiB of memory, of which *used* MiB are taken."""
    return {
        "name": f"node{number}", "mtotal": 4096, "mnode": 0, "mfree": 4096 - used,
        "dtotal": 40960, "dfree": 40960, "ctotal": 4, "cnos": 1, "offline": False,
        "drained": False, "vm_capable": True, "ndp/spindle_count": 1, "group.uuid": f"{group}-uuid",
        "tags": [], "ndp/exclusive_storage": False, "sptotal": 0, "spfree": 0,
        "ndp/cpu_speed": 1.0,
    }  # fmt: skip


def instance(name: str, home: str, **fields: Any) -> Row:
    """A running instance with 1 GiB of memory, on shared disks unless *fields* say otherwise."""
    return {
        "name": name, "disk_usage": 1024, "be/memory": 1024, "be/vcpus": 1, "status": "running",
        "pnode": home, "snodes": [], "tags": [], "be/auto_balance": True,
        "disk_template": "sharedfile", "be/spindle_use": 1, "disk.sizes": [1024],
        "disk.spindles": [None], "forthcoming": False, **fields,
    }  # fmt: skip


def rows(fields: tuple[str, ...], objects: list[Row]) -> Row:
    """The answer to a query."""
    return {"fields": [], "data": [[[0, one[field]] for field in fields] for one in objects]}


def loaded(nodes: list[Row], instances: list[Row], groups: tuple[str, ...] = ("g1",)) -> list[Any]:
    """The answers to the questions of the planner, in order."""
    return [
        rows(GROUP_FIELDS, [group(name) for name in groups]),
        rows(NODE_FIELDS, nodes),
        rows(INSTANCE_FIELDS, instances),
        INFO,
    ]


NODES = [node(1, 2048), node(2), node(3)]
UNEVEN = loaded(NODES, [instance("a", "node1"), instance("b", "node1")])
LOCKS: Row = {"fields": [], "data": []}


class PlannerCase(CommandCase):
    """Runs commands; JSON is read."""

    def values(self, line: str, *answers: Any) -> Any:
        """Run *line* with --format json and return what it prints."""
        ran = self.run_command(f"{line}", *answers)
        self.assertEqual(ran.code, 0, ran.err)
        return json.loads(ran.out)
