"""What an instance allocator is asked about a new instance."""

from collections.abc import Mapping
from typing import Any

from ganetix import errors
from ganetix.master import allocator
from ganetix.master.allocation.request import disk_space
from ganetix.master.logic.instance_draft import Draft
from ganetix.model import params, schema
from ganetix.model.cluster import Cluster
from ganetix.opcodes.instance import OpInstanceCreate


def allocator_of(op: OpInstanceCreate, cluster: Cluster) -> str | None:
    """Return the instance allocator that is to choose, None where the node is given.

    Raise `errors.OpPrereqError` when both are given, or neither.
    """
    if op.pnode is not None:
        if op.iallocator is not None:
            raise errors.OpPrereqError(
                "Both a node and an instance allocator were given; give one of them.",
                errors.INVAL,
            )
        require_choice(opportunistic=op.opportunistic_locking)
        return None
    name = allocator.chosen(cluster, op.iallocator)
    if name is None:
        raise errors.OpPrereqError(
            "Neither a node nor an instance allocator was given, and the cluster has no default "
            "instance allocator; use -n NODE or -I ALLOCATOR.",
            errors.INVAL,
        )
    return name


def require_choice(*, opportunistic: bool) -> None:
    """Raise `errors.OpPrereqError` for *opportunistic* locks where the nodes are given."""
    if opportunistic:
        raise errors.OpPrereqError(
            "Opportunistic locking is for an instance allocator, which takes what nodes are free; "
            "with nodes given leave --opportunistic-locking out.",
            errors.INVAL,
        )


def body(cluster: Cluster, op: OpInstanceCreate, draft: Draft) -> dict[str, Any]:
    """Return the body of an ``allocate`` request."""
    backend = params.backend(cluster, draft.beparams)
    return {
        "name": draft.name,
        "disk_template": draft.template,
        "group_name": op.group_name,
        "tags": draft.tags,
        "os": draft.os,
        "vcpus": backend["vcpus"],
        "memory": backend["maxmem"],
        "spindle_use": backend["spindle_use"],
        "disks": [
            {"size": wanted.size, "mode": wanted.mode, "spindles": wanted.spindles}
            for wanted in draft.disks
        ],
        "disk_space_total": disk_space(draft.template, [one.size for one in draft.disks]),
        "nics": [_nic(cluster, nic) for nic in op.nics],
        "required_nodes": 2 if draft.template == "drbd" else 1,
        "hypervisor": draft.hypervisor,
    }


def _nic(cluster: Cluster, given: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a NIC for an allocator, which knows networks by uuid."""
    asked = dict(given)
    if asked.get("network") not in (None, "", schema.NONE):
        asked["network"] = cluster.network_named(asked["network"]).uuid
    return asked
