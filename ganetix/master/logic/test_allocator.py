"""OP_TEST_ALLOCATOR: show what an instance allocator is asked, or what it answers."""

import json
from collections.abc import Callable
from typing import Any

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master import allocator
from ganetix.master.allocation.request import disk_space
from ganetix.master.allocator import Allocator
from ganetix.master.logic import names
from ganetix.master.logic.unit import BGL_EXCLUSIVE, Context, Hooks, IUnit, Want
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.opcodes.test import OpTestAllocator


@attrs.frozen
class Plan:
    """The request, the disk template that its figures are for, and who is asked."""

    request: dict[str, Any]
    template: str
    allocator: str


@implementer(IUnit)
@attrs.frozen
class TestAllocator:
    """Asks and changes nothing."""

    allocator: Allocator
    resumable = False

    def locks(self, op: OpTestAllocator, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_EXCLUSIVE]

    async def check(self, op: OpTestAllocator, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        name = op.iallocator or ""
        if op.direction == "out":
            name = allocator.required(cluster, op.iallocator, "the test")
        template = op.disk_template or cluster.cluster.enabled_disk_templates[0]
        return Plan({"type": op.mode, **_BODIES[op.mode](cluster, op, template)}, template, name)

    def hooks(self, op: OpTestAllocator, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`: this operation has none."""
        return None

    async def execute(self, op: OpTestAllocator, plan: Plan, context: Context) -> str:
        """Return the request, or the answer, as text."""
        request = await self.allocator.whole_request(context, plan.request, plan.template)
        if op.direction == "out":
            request = await self.allocator.response(context, plan.allocator, request)
        return json.dumps(request, indent=2, sort_keys=True)


def _allocate(cluster: Cluster, op: OpTestAllocator, template: str) -> dict[str, Any]:
    """Return the body for a new instance."""
    if op.memory is None or op.vcpus is None or op.disks is None:
        raise _wrong("A new instance needs memory, vcpus and disks.")
    name = names.new_instance_name(cluster, op.name)
    disks = [_disk(number, disk) for number, disk in enumerate(op.disks)]
    return {
        "name": name,
        "disk_template": template,
        "group_name": op.group_name,
        "tags": op.tags,
        "os": op.os or "",
        "vcpus": op.vcpus,
        "memory": op.memory,
        "spindle_use": op.spindle_use,
        "disks": disks,
        "disk_space_total": disk_space(template, [disk["size"] for disk in disks]),
        "nics": list(op.nics or []),
        "required_nodes": 2 if template == "drbd" else 1,
        "hypervisor": op.hypervisor or cluster.cluster.enabled_hypervisors[0],
    }


def _disk(number: int, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or not isinstance(given.get("size"), int):
        raise _wrong(f"Disk {number} needs a size in MiB, a whole number.")
    return {"mode": "rw", "spindles": None, **given}


def _allocate_many(cluster: Cluster, op: OpTestAllocator, template: str) -> dict[str, Any]:
    """Return the body for *count* new instances, whose names end in numbers."""
    body = _allocate(cluster, op, template)
    rows = [{"type": "allocate", **body, "name": f"{op.name}{n}"} for n in range(op.count)]
    return {"instances": rows}


def _allocate_secondary(cluster: Cluster, op: OpTestAllocator, template: str) -> dict[str, Any]:
    return {"name": names.instance_of(cluster, op.name).name}


def _relocate(cluster: Cluster, op: OpTestAllocator, template: str) -> dict[str, Any]:
    """Return the body for an instance that is there."""
    instance = names.instance_of(cluster, op.name)
    disks = cluster.disks_of(instance)
    own = params.template_of(disks)
    homes = cluster.nodes_of(instance)
    return {
        "name": instance.name,
        "disk_space_total": disk_space(own, [disk.size for disk in disks]),
        "required_nodes": 1,
        "relocate_from": [cluster.nodes[homes[-1]].name],
    }


def _evacuate(cluster: Cluster, op: OpTestAllocator, template: str) -> dict[str, Any]:
    return {**_several(cluster, op), "evac_mode": op.evac_mode or "all"}


def _change_group(cluster: Cluster, op: OpTestAllocator, template: str) -> dict[str, Any]:
    targets = [cluster.group_named(name).uuid for name in op.target_groups or ()]
    return {**_several(cluster, op), "target_groups": targets}


def _several(cluster: Cluster, op: OpTestAllocator) -> dict[str, Any]:
    if not op.instances:
        raise _wrong("The request is for instances; name at least one.")
    return {"instances": [names.instance_of(cluster, name).name for name in op.instances]}


_BODIES: dict[str, Callable[[Cluster, OpTestAllocator, str], dict[str, Any]]] = {
    "allocate": _allocate,
    "multi-allocate": _allocate_many,
    "allocate-secondary": _allocate_secondary,
    "relocate": _relocate,
    "node-evacuate": _evacuate,
    "change-group": _change_group,
}


def _wrong(sentence: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(sentence, errors.INVAL)
