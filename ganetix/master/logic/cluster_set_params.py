"""OP_CLUSTER_SET_PARAMS: the cluster's parameters."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.allocator import Allocator
from ganetix.master.logic import (
    candidates,
    child_jobs,
    communication,
    group_values,
    guest_values,
    network_values,
)
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Level, Want
from ganetix.model import params, policy
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Settings
from ganetix.model.storage_dirs import require_possible
from ganetix.opcodes.cluster import OpClusterSetParams
from ganetix.paths import Paths

Params = dict[str, Any]

_PLAIN: Final = (
    "candidate_pool_size", "max_running_jobs", "max_tracked_jobs", "maintain_node_health",
    "prealloc_wipe_disks", "default_iallocator", "default_iallocator_params",
    "master_netmask", "reserved_lvs", "use_external_mip_script", "modify_etc_hosts",
    "file_storage_dir", "shared_file_storage_dir", "gluster_storage_dir", "install_image",
    "zeroing_image", "enabled_user_shutdown", "master_netdev", "instance_communication_network",
)  # fmt: skip
"""Values that are taken as they are given."""


@implementer(IUnit)
@attrs.frozen
class ClusterSetParams:
    """Changes the cluster's parameters."""

    outside: Outside
    allocator: Allocator
    resumable = False

    def locks(self, op: OpClusterSetParams, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        levels: tuple[Level, ...] = ("instance", "nodegroup", "node")
        return [BGL_SHARED, *(Want(level, (ALL,), "shared") for level in levels)]

    async def check(self, op: OpClusterSetParams, context: Context) -> Settings:
        """See `IUnit`: the settings after the change."""
        cluster = context.cluster
        fresh = _after(op, cluster)
        if op.default_iallocator:
            await self.allocator.require_known(op.default_iallocator)
        _check_templates(cluster, fresh)
        group_values.require_enabled(op.ipolicy or {}, fresh.enabled_disk_templates)
        _check_hypervisors(cluster, fresh)
        await guest_values.require_cluster(context, fresh, op.enabled_hypervisors, op.hvparams)
        _check_directories(op, fresh, context.paths)
        return fresh

    def hooks(self, op: OpClusterSetParams, plan: Settings, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        master = (cluster.cluster.master_node,)
        env = {"OP_TARGET": cluster.cluster.cluster_name, "NEW_VG_NAME": str(op.vg_name)}
        return Hooks("cluster-modify", "CLUSTER", env, master, master)

    async def execute(
        self, op: OpClusterSetParams, plan: Settings, context: Context
    ) -> dict[str, Any] | None:
        """Write it down, let the candidate pool follow its size, and warn of the policy.

        Jobs make the network of the metadata service, if one is named.
        """
        before = context.cluster
        change = Change(cluster=plan)
        promoted = candidates.promotions(context.cluster, change, context.randomness)
        digests = await candidates.tokens(context, [node.uuid for node in promoted])
        whole = candidates.with_promoted(change, promoted)

        def settled(cluster: Cluster) -> Change:
            """Keep what others have changed since the check, such as tags."""
            fresh = msgspec.structs.replace(whole, cluster=_after(op, cluster))
            return candidates.certified(cluster, fresh, digests)

        await context.commit(settled)
        await candidates.equip(context, self.outside, digests)
        if op.ipolicy is not None:
            for line in _new_violations(before, context.cluster):
                context.log(line)
        network = op.instance_communication_network
        jobs = communication.jobs(context.cluster, network) if network else []
        return {"jobs": await child_jobs.submit(context, op, jobs)} if jobs else None


_COUNTS: Final = ("candidate_pool_size", "max_running_jobs", "max_tracked_jobs")
_MOST: Final = 10_000
"""Of any of `_COUNTS`; more is a slip of the finger."""


def _after(op: OpClusterSetParams, cluster: Cluster) -> Settings:
    """Return the settings with everything that *op* gives."""
    old = cluster.cluster
    given: Params = {n: getattr(op, n) for n in _PLAIN if getattr(op, n) is not None}
    for name in _COUNTS:
        if given.get(name, 0) > _MOST:
            what = name.replace("_", "-")
            raise errors.OpPrereqError(
                f"--{what} is {given[name]}; at most {_MOST} is possible.", errors.INVAL
            )
    for name, change in _COMPUTED.items():
        if getattr(op, name) is not None:
            given[_FIELD.get(name, name)] = change(op, old)
    if op.add_uids is not None or op.remove_uids is not None or op.uid_pool is not None:
        given["uid_pool"] = _uids(op, old)
    return msgspec.structs.replace(old, **given)


def _uids(op: OpClusterSetParams, old: Settings) -> list[list[int]]:
    pool = old.uid_pool if op.uid_pool is None else [list(row) for row in op.uid_pool]
    pool = [*pool, *(list(row) for row in op.add_uids or ())]
    gone = [list(row) for row in op.remove_uids or ()]
    for row in gone:
        if row not in pool:
            raise errors.OpPrereqError(
                f"The range {row[0]}-{row[1]} is not in the uid pool.", errors.INVAL
            )
    for low, high in pool:
        if low > high:
            raise errors.OpPrereqError(
                f"The range {low}-{high} has no user ids: its end is before its beginning.",
                errors.INVAL,
            )
    return sorted(row for row in pool if row not in gone)


def _mac_prefix(op: OpClusterSetParams, old: Settings) -> str:
    return network_values.mac_prefix(str(op.mac_prefix))


def _backend(op: OpClusterSetParams, old: Settings) -> dict[str, Params]:
    given = params.with_memory(op.beparams or {})
    current = old.beparams.get("default", {})
    return {**old.beparams, "default": params.changed(params.BACKEND, current, given, "backend")}


def _interfaces(op: OpClusterSetParams, old: Settings) -> dict[str, Params]:
    given = msgspec.to_builtins(op.nicparams)
    current = old.nicparams.get("default", {})
    return {**old.nicparams, "default": params.changed(params.NIC, current, given, "NIC")}


def _hypervisors(op: OpClusterSetParams, old: Settings) -> dict[str, Params]:
    fresh = dict(old.hvparams)
    for name, given in (op.hvparams or {}).items():
        known = params.hypervisor_schema(name)
        fresh[name] = params.changed(known, fresh.get(name, {}), given, f"{name} hypervisor")
    return fresh


def _by_os(op: OpClusterSetParams, old: Settings) -> dict[str, dict[str, Params]]:
    fresh = {name: dict(rows) for name, rows in old.os_hvp.items()}
    for os, rows in (op.os_hvp or {}).items():
        levels = fresh.setdefault(os, {})
        for name, given in rows.items():
            known = params.hypervisor_schema(name)
            levels[name] = params.changed(known, levels.get(name, {}), given, f"{name} hypervisor")
    return fresh


def _merged(current: Mapping[str, Params], given: Mapping[str, Params]) -> dict[str, Params]:
    """Return OS parameters with *given* over *current*; ``default`` drops one."""
    fresh = {name: dict(rows) for name, rows in current.items()}
    for os, rows in given.items():
        merged = {**fresh.get(os, {}), **rows}
        fresh[os] = {key: value for key, value in merged.items() if value != "default"}
    return {os: rows for os, rows in fresh.items() if rows}


def _disks(op: OpClusterSetParams, old: Settings) -> dict[str, Params]:
    fresh = dict(old.diskparams)
    for template, given in (op.diskparams or {}).items():
        known = params.DISK[template]
        fresh[template] = params.changed(known, fresh.get(template, {}), given, f"{template} disk")
    return fresh


def _listed(current: list[str], changes: list[tuple[Any, str]]) -> list[str]:
    """Return *current* with names added and removed."""
    fresh = list(current)
    for action, name in changes:
        if action == "add" and name not in fresh:
            fresh.append(name)
        elif action == "remove" and name in fresh:
            fresh.remove(name)
    return fresh


def _compression(op: OpClusterSetParams, old: Settings) -> list[str]:
    tools = op.compression_tools or []
    if "gzip" not in tools:
        raise errors.OpPrereqError(
            "The compression tools must have gzip among them; add it.", errors.INVAL
        )
    return list(tools)


_COMPUTED: Final[dict[str, Callable[[OpClusterSetParams, Settings], Any]]] = {
    "mac_prefix": _mac_prefix,
    "vg_name": lambda op, old: op.vg_name or None,
    "drbd_helper": lambda op, old: op.drbd_helper or None,
    "enabled_hypervisors": lambda op, old: list(op.enabled_hypervisors or ()),
    "enabled_disk_templates": lambda op, old: list(op.enabled_disk_templates or ()),
    "beparams": _backend,
    "nicparams": _interfaces,
    "hvparams": _hypervisors,
    "os_hvp": _by_os,
    "osparams": lambda op, old: _merged(old.osparams, op.osparams or {}),
    "osparams_private_cluster": lambda op, old: _merged(
        old.osparams_private_cluster, op.osparams_private_cluster or {}
    ),
    "diskparams": _disks,
    "ndparams": lambda op, old: params.changed(
        params.NODE, old.ndparams, op.ndparams or {}, "node"
    ),
    "ipolicy": lambda op, old: policy.changed(old.ipolicy, op.ipolicy or {}, partial=False),
    "hidden_os": lambda op, old: _listed(old.hidden_os, op.hidden_os or []),
    "blacklisted_os": lambda op, old: _listed(old.blacklisted_os, op.blacklisted_os or []),
    "compression_tools": _compression,
    "hv_state": lambda op, old: {**old.hv_state_static, **(op.hv_state or {})},
    "disk_state": lambda op, old: {**old.disk_state_static, **(op.disk_state or {})},
    "enabled_data_collectors": lambda op, old: _collectors(
        old, "active", op.enabled_data_collectors or {}
    ),
    "data_collector_interval": lambda op, old: _collectors(
        old, "interval", op.data_collector_interval or {}
    ),
}
_FIELD: Final = {
    "vg_name": "volume_group_name",
    "drbd_helper": "drbd_usermode_helper",
    "hv_state": "hv_state_static",
    "disk_state": "disk_state_static",
    "enabled_data_collectors": "data_collectors",
    "data_collector_interval": "data_collectors",
}


def _collectors(old: Settings, key: str, given: Mapping[str, Any]) -> dict[str, Params]:
    fresh = {name: dict(row) for name, row in old.data_collectors.items()}
    for name, value in given.items():
        if name not in fresh:
            raise errors.OpPrereqError(f"There is no data collector '{name}'.", errors.INVAL)
        fresh[name][key] = value
    return fresh


def _check_templates(cluster: Cluster, fresh: Settings) -> None:
    """Refuse to disable a disk template that an instance uses."""
    gone = set(cluster.cluster.enabled_disk_templates) - set(fresh.enabled_disk_templates)
    for instance in cluster.instances.values() if gone else ():
        template = params.template_of(cluster.disks_of(instance))
        if template in gone:
            raise errors.OpPrereqError(
                f"Disk template {template} can't be disabled: instance {instance.name} uses it.",
                errors.INVAL,
            )
    if not fresh.enabled_disk_templates:
        raise errors.OpPrereqError("At least one disk template must be enabled.", errors.INVAL)


def _check_hypervisors(cluster: Cluster, fresh: Settings) -> None:
    """Refuse to disable a hypervisor that an instance uses, or to leave none."""
    gone = set(cluster.cluster.enabled_hypervisors) - set(fresh.enabled_hypervisors)
    for instance in cluster.instances.values() if gone else ():
        if instance.hypervisor in gone:
            raise errors.OpPrereqError(
                f"Hypervisor {instance.hypervisor} can't be disabled: instance {instance.name} "
                "uses it.",
                errors.INVAL,
            )
    if not fresh.enabled_hypervisors:
        raise errors.OpPrereqError("At least one hypervisor must be enabled.", errors.INVAL)


def _check_directories(op: OpClusterSetParams, fresh: Settings, paths: Paths) -> None:
    """Refuse directories where no node may have disks, and none for an enabled template."""
    for template, field in (
        ("file", "file_storage_dir"),
        ("sharedfile", "shared_file_storage_dir"),
    ):
        directory = getattr(fresh, field)
        if template not in fresh.enabled_disk_templates:
            continue
        if not directory:
            option = field.replace("_", "-")
            raise errors.OpPrereqError(
                f"Disk template {template} is enabled and needs a directory; give --{option}=PATH, "
                f"or leave {template} out of --enabled-disk-templates.",
                errors.INVAL,
            )
        if op.enabled_disk_templates is not None or getattr(op, field) is not None:
            path = paths.incoming(directory)
            require_possible(path, path.removeprefix(paths.root))


def _new_violations(before: Cluster, after: Cluster) -> list[str]:
    """Return a warning for each instance that breaks its group's policy and did not before."""
    found = []
    for instance in after.instances.values():
        group = after.nodegroups[after.nodes[instance.primary_node].group]
        told = group_values.breaks(after, instance, group)
        if told and not group_values.breaks(before, instance, group):
            found.append(
                f"WARNING: Instance {instance.name} breaks the instance policy of group "
                f"{group.name} now: {'; '.join(told)}."
            )
    return found
