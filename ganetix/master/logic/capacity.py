"""Whether an instance fits: memory on a node, and the policy of its group."""

from collections.abc import Mapping, Sequence
from typing import Any

from ganetix import errors
from ganetix.master.logic.unit import Context
from ganetix.model import params, policy
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, NodeGroup
from ganetix.rpc.tables.checks import NODE_INFO, NodeInfo, NodeInfoRequest


async def require_memory(
    context: Context, node: str, needed: int, hypervisor: str, what: str
) -> int:
    """Return the free memory of *node* (MiB); raise unless it is *needed* at least, for *what*."""
    request = NodeInfoRequest(hypervisors=[hypervisor])
    info: NodeInfo = await context.call(node, NODE_INFO, request)
    if info.memory_free < needed:
        name = context.cluster.nodes[node].name
        raise errors.OpPrereqError(
            f"Node {name} has {info.memory_free} MiB of memory free, {what} needs {needed} MiB; "
            "stop or move an instance, or choose another node.",
            errors.NORES,
        )
    return info.memory_free


def shape_of(cluster: Cluster, instance: Instance, disks: Sequence[Disk]) -> policy.Shape:
    """Return what a policy looks at in *instance* with *disks*."""
    backend = params.of_backend(cluster, instance)
    return shape(backend, [disk.size for disk in disks], len(instance.nics), _template(disks))


def _template(disks: Sequence[Disk]) -> str:
    return params.template_of(list(disks))


def shape(
    backend: Mapping[str, Any], sizes: Sequence[int], nics: int, template: str
) -> policy.Shape:
    """Return the shape of an instance with filled *backend* parameters; *sizes* in MiB."""
    return policy.Shape(
        vcpus=backend["vcpus"],
        memory=backend["maxmem"],
        minmem=backend["minmem"],
        disks=tuple(sizes),
        nics=nics,
        spindles=backend["spindle_use"],
        template=template,
    )


def check_policy(
    context: Context,
    instance: Instance,
    disks: Sequence[Disk],
    *,
    ignore: bool,
    group: NodeGroup | None = None,
) -> None:
    """Raise `errors.OpPrereqError` if *instance* with *disks* breaks a group's policy.

    That is the group of its primary node, or *group*. With *ignore* it is told in the job's log.
    """
    cluster = context.cluster
    where = group or cluster.nodegroups[cluster.nodes[instance.primary_node].group]
    told = policy.violations(policy.of_group(cluster, where), shape_of(cluster, instance, disks))
    if not told:
        return
    sentence = (
        f"Instance {instance.name} breaks the instance policy of group {where.name}: "
        + "; ".join(told)
    )
    if not ignore:
        raise errors.OpPrereqError(
            f"{sentence}. Change the instance, or use --ignore-ipolicy.", errors.INVAL
        )
    context.log(f"WARNING: {sentence}.")


def require_minmax(backend: Mapping[str, Any]) -> None:
    """Raise `errors.OpPrereqError` if the minimum memory is above the maximum."""
    if backend["minmem"] > backend["maxmem"]:
        raise errors.OpPrereqError(
            f"The minimum memory ({backend['minmem']} MiB) is above the maximum "
            f"({backend['maxmem']} MiB).",
            errors.INVAL,
        )
