"""What OP_GROUP_ADD and OP_GROUP_SET_PARAMS have in common: a group with the given parameters."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from ganetix import errors
from ganetix.master.logic import capacity
from ganetix.master.logic.names import require_one_line
from ganetix.master.logic.unit import Hooks
from ganetix.model import params, policy
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, NodeGroup
from ganetix.opcodes.group import OpGroupAdd, OpGroupSetParams

Params = dict[str, Any]


def hooks(path: str, env: Mapping[str, str], cluster: Cluster, more: Iterable[str] = ()) -> Hooks:
    """Return the hooks of a group operation: on the master and the nodes *more*."""
    nodes = tuple(dict.fromkeys((cluster.cluster.master_node, *more)))
    return Hooks(path, "GROUP", env, nodes, nodes)


def require_free(cluster: Cluster, name: str) -> None:
    """Raise `errors.OpPrereqError` if no group may be called *name*, or one has it already.

    That may be as its uuid, too.
    """
    require_one_line("node group", name)
    if name in cluster.indexes.group_names or name in cluster.nodegroups:
        raise errors.OpPrereqError(
            f"Node group '{name}' is already in the cluster; choose another name.", errors.EXISTS
        )


def changed(op: OpGroupAdd | OpGroupSetParams, group: NodeGroup, cluster: Cluster) -> Params:
    """Return the fields of *group* that *op* gives, each with its whole new value.

    Raise `errors.OpPrereqError` or `errors.TypeEnforcementError` for what is not possible.
    """
    fresh: Params = {}
    if op.alloc_policy is not None:
        fresh["alloc_policy"] = op.alloc_policy
    if op.ndparams is not None:
        fresh["ndparams"] = params.changed(
            params.NODE, group.ndparams, op.ndparams, "node parameter"
        )
    if op.diskparams is not None:
        fresh["diskparams"] = _disks(group.diskparams, op.diskparams)
    if op.hv_state is not None:
        fresh["hv_state_static"] = _hypervisors(group.hv_state_static, op.hv_state)
    if op.disk_state is not None:
        fresh["disk_state_static"] = _storage(group.disk_state_static, op.disk_state)
    if op.ipolicy is not None:
        require_enabled(op.ipolicy, cluster.cluster.enabled_disk_templates)
        fresh["ipolicy"] = policy.changed(group.ipolicy, op.ipolicy, partial=True)
    return fresh


def _disks(current: Params, given: Mapping[Any, Params]) -> Params:
    fresh = dict(current)
    for template, values in given.items():
        known = params.DISK[template]
        fresh[template] = params.changed(
            known, fresh.get(template, {}), values, f"{template} disk parameter"
        )
    return {template: values for template, values in fresh.items() if values}


def _hypervisors(current: Params, given: Params) -> Params:
    fresh = dict(current)
    for name, values in given.items():
        params.hypervisor_schema(name)
        what = f"{name} hypervisor state"
        fresh[name] = params.changed(
            params.HV_STATE, fresh.get(name, {}), _mapping(values, what), what
        )
    return {name: values for name, values in fresh.items() if values}


def _storage(current: Params, given: Params) -> Params:
    """Return disk state *current* with *given*: by template, then by the name of a storage."""
    fresh = {template: dict(rows) for template, rows in current.items()}
    for template, rows in given.items():
        if template not in params.DISK:
            known = ", ".join(sorted(params.DISK))
            raise errors.OpPrereqError(
                f"Disk state is by disk template and '{template}' is none; there are {known}.",
                errors.INVAL,
            )
        own = fresh.setdefault(template, {})
        for name, values in _mapping(rows, f"{template} disk state").items():
            what = f"{template}/{name} disk state"
            own[name] = params.changed(
                params.DISK_STATE, own.get(name, {}), _mapping(values, what), what
            )
    return fresh


def _mapping(value: Any, what: str) -> Params:
    if not isinstance(value, dict):
        raise errors.OpPrereqError(
            f"The {what} is {value!r}; give parameters and their values.", errors.INVAL
        )
    return value


def require_enabled(given: Mapping[str, Any], enabled: Collection[str]) -> None:
    """Refuse a policy that allows a disk template which is not *enabled* in the cluster."""
    templates = given.get("disk-templates")
    if not isinstance(templates, list) or templates == ["default"]:
        return
    gone = [name for name in params.DISK if name in templates and name not in enabled]
    if gone:
        raise errors.OpPrereqError(
            f"The policy can't allow {', '.join(gone)}: the cluster has not enabled that; "
            "use 'gnt-cluster modify --enabled-disk-templates' first.",
            errors.INVAL,
        )


def instances_of(cluster: Cluster, group: str) -> list[Instance]:
    """Return the instances whose primary node is in the group with uuid *group*, by name."""
    held = cluster.indexes.primaries
    uuids = (uuid for node in cluster.members(group) for uuid in held.get(node.uuid, ()))
    return sorted((cluster.instances[uuid] for uuid in uuids), key=lambda row: row.name)


def breaks(cluster: Cluster, instance: Instance, group: NodeGroup) -> list[str]:
    """Return in what *instance* breaks the policy of *group*, a part of a sentence each."""
    shape = capacity.shape_of(cluster, instance, cluster.disks_of(instance))
    return policy.violations(policy.of_group(cluster, group), shape)


def new_violations(
    cluster: Cluster, instances: Iterable[Instance], before: NodeGroup, after: NodeGroup
) -> list[str]:
    """Return a warning for each of *instances* that breaks *after* and does not break *before*."""
    found = []
    for instance in instances:
        told = breaks(cluster, instance, after)
        if told and not breaks(cluster, instance, before):
            found.append(
                f"WARNING: Instance {instance.name} breaks the instance policy of group "
                f"{after.name} now: {'; '.join(told)}."
            )
    return found


def with_fields(group: NodeGroup, fields: Params) -> NodeGroup:
    """Return *group* with *fields*."""
    fresh: NodeGroup = msgspec.structs.replace(group, **fields)
    return fresh
