"""What node evacuation, group evacuation and a change of group share: from answer to jobs."""

from collections.abc import Iterable, Sequence

import msgspec

from ganetix import errors
from ganetix.master.allocation.answers import Evacuation
from ganetix.master.logic import nic_addresses
from ganetix.master.logic.unit import Context, Want
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, NodeGroup
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance_disks import OpInstanceReplaceDisks

Jobs = Sequence[Sequence[OpCode]]


def shared_locks(
    cluster: Cluster, instances: Iterable[Instance], groups: Iterable[str]
) -> list[Want]:
    """Return shared wants: *instances*, *groups* (uuids) and all nodes of these groups.

    The jobs take their own locks; these keep what the plan is made from as it is.
    """
    chosen = sorted(set(groups))
    nodes = sorted(node.uuid for node in cluster.nodes.values() if node.group in chosen)
    return [
        Want("instance", tuple(sorted({one.name for one in instances})), "shared"),
        Want("nodegroup", tuple(chosen), "shared"),
        Want("node", tuple(nodes), "shared"),
    ]


def targets(
    cluster: Cluster, wanted: Sequence[str] | None, left: Iterable[str], what: str
) -> list[NodeGroup]:
    """Return the groups that are *wanted* by name, or all but those *left* (uuids) by *what*.

    Raise `errors.OpPrereqError` when there is none, or one of them is to be left.
    """
    leaving = set(left)
    if wanted is None:
        found = [one for one in cluster.nodegroups.values() if one.uuid not in leaving]
    else:
        found = [cluster.group_named(name) for name in dict.fromkeys(wanted)]
    for group in found:
        if group.uuid in leaving:
            raise errors.OpPrereqError(
                f"{what} is in group {group.name}, so that group can't be a target; name another "
                "with --to.",
                errors.INVAL,
            )
    if not found:
        raise errors.OpPrereqError(
            f"There is no group but the one that {what} is in; make one with 'gnt-group add'.",
            errors.INVAL,
        )
    return sorted(found, key=lambda group: group.name)


def jobs_of(
    context: Context,
    found: Evacuation,
    *,
    early_release: bool,
    groups: Sequence[NodeGroup] = (),
) -> list[list[OpCode]]:
    """Return the jobs of *found*, and log what moves where and what can't.

    *groups* are those that were asked for. Raise `errors.OpPrereqError` when nothing at all can be
    moved.
    """
    found = _connected(context.cluster, found)
    for one in found.moved:
        context.log(f"Instance {one.instance} goes to {', '.join(one.nodes)} in group {one.group}.")
    stuck = _stuck(found)
    if stuck and not found.jobs:
        hint = _hint(context.cluster, found, groups)
        raise errors.OpPrereqError(f"Nothing can be moved: {'; '.join(stuck)}.{hint}", errors.NORES)
    for told in stuck:
        context.log(f"WARNING: Unable to move {told}.")
    return [[_released(op, early_release) for op in job] for job in found.jobs]


def _stuck(found: Evacuation) -> list[str]:
    """Return what can't be moved and why; what has one reason is told together."""
    names: dict[str, list[str]] = {}
    for name, reason in found.failed:
        names.setdefault(reason, []).append(name)
    return [
        f"instance{'s' if len(some) > 1 else ''} {', '.join(some)} ({reason})"
        for reason, some in names.items()
    ]


def _connected(cluster: Cluster, found: Evacuation) -> Evacuation:
    """Leave out what would go where a network of it is not connected."""
    lost: dict[str, str] = {}
    for one in found.moved:
        instance = cluster.instance_named(one.instance)
        for uuid in {cluster.node_named(name).group for name in one.nodes}:
            group = cluster.nodegroups[uuid]
            if missing := nic_addresses.missing_networks(cluster, instance, group):
                lost[one.instance] = (
                    f"its networks {', '.join(missing)} are not connected to node group "
                    f"{group.name}; 'gnt-network connect {missing[0]} {group.name}' does that"
                )
    jobs = tuple(job for job in found.jobs if not lost.keys() & _instances(job))
    moved = tuple(one for one in found.moved if one.instance not in lost)
    return Evacuation(moved, (*found.failed, *lost.items()), jobs)


def _instances(job: Sequence[OpCode]) -> set[str]:
    return {str(getattr(op, "instance_name", "")) for op in job}


def _hint(cluster: Cluster, found: Evacuation, groups: Sequence[NodeGroup]) -> str:
    """Say what helps an instance whose disks are on one node, or that lacks a network."""
    for name, _reason in found.failed:
        instance = cluster.instance_named(name)
        if params.template_of(cluster.disks_of(instance)) in ("plain", "file"):
            return f" 'gnt-instance move -n NODE {name}' copies disks to another node."
        for group in groups:
            if missing := nic_addresses.missing_networks(cluster, instance, group):
                return (
                    f" 'gnt-network connect {missing[0]} {group.name}' connects a network that "
                    f"{name} needs."
                )
    return ""


def _released(op: OpCode, early_release: bool) -> OpCode:
    if isinstance(op, OpInstanceReplaceDisks):
        return msgspec.structs.replace(op, early_release=early_release)
    return op
