"""The cluster's settings with everything that OP_CLUSTER_SET_PARAMS gives. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.master.logic import (
    network_values,
)
from ganetix.model import params, policy
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Settings
from ganetix.opcodes.cluster import OpClusterSetParams

Params = dict[str, Any]

_PLAIN: Final = (
    "candidate_pool_size", "max_running_jobs", "max_tracked_jobs", "maintain_node_health",
    "prealloc_wipe_disks", "default_iallocator", "default_iallocator_params",
    "master_netmask", "reserved_lvs", "use_external_mip_script", "modify_etc_hosts",
    "file_storage_dir", "shared_file_storage_dir", "gluster_storage_dir", "install_image",
    "zeroing_image", "enabled_user_shutdown", "master_netdev", "instance_communication_network",
)  # fmt: skip
"""Values that are taken as they are given."""
_COUNTS: Final = ("candidate_pool_size", "max_running_jobs", "max_tracked_jobs")
_MOST: Final = 10_000
"""Of any of `_COUNTS`; more is a slip of the finger."""


def after(op: OpClusterSetParams, cluster: Cluster) -> Settings:
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
    if op.enabled_data_collectors is not None or op.data_collector_interval is not None:
        given["data_collectors"] = _collectors(op, old)
    if op.add_uids is not None or op.remove_uids is not None or op.uid_pool is not None:
        given["uid_pool"] = _uids(op, old)
    return msgspec.structs.replace(old, **given)


def _uids(op: OpClusterSetParams, old: Settings) -> list[list[int]]:
    pool = old.uid_pool if op.uid_pool is None else [list(row) for row in op.uid_pool]
    pool = [*pool, *(list(row) for row in op.add_uids or ())]
    gone = [list(row) for row in op.remove_uids or ()]
    for row in gone:
        if row not in pool:
            there = ", ".join(f"{low}-{high}" for low, high in pool) or "nothing"
            raise errors.OpPrereqError(
                f"The range {row[0]}-{row[1]} is not in the uid pool, which has {there}.",
                errors.INVAL,
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
            if given is None:
                levels.pop(name, None)
            elif not isinstance(given, dict):
                raise errors.OpPrereqError(
                    f"Hypervisor {name} of OS {os} takes parameters, KEY=VALUE, not {given!r}.",
                    errors.INVAL,
                )
            else:
                own = levels.get(name, {})
                levels[name] = params.changed(known, own, given, f"{name} hypervisor")
    return {os: rows for os, rows in fresh.items() if rows}


def _merged(current: Mapping[str, Params], given: Mapping[str, Params]) -> dict[str, Params]:
    """Return OS parameters with *given* over *current*; ``default`` drops one."""
    changed = {os: params.os_changed(current.get(os, {}), rows) for os, rows in given.items()}
    return {os: rows for os, rows in {**current, **changed}.items() if rows}


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
}
_FIELD: Final = {
    "vg_name": "volume_group_name",
    "drbd_helper": "drbd_usermode_helper",
    "hv_state": "hv_state_static",
    "disk_state": "disk_state_static",
}


def _collectors(op: OpClusterSetParams, old: Settings) -> dict[str, Params]:
    fresh = {name: dict(row) for name, row in old.data_collectors.items()}
    changes: dict[str, Mapping[str, Any]] = {
        "active": op.enabled_data_collectors or {},
        "interval": op.data_collector_interval or {},
    }
    for key, given in changes.items():
        for name, value in given.items():
            if name not in fresh:
                raise errors.OpPrereqError(
                    f"There is no data collector '{name}'; there are {', '.join(sorted(fresh))}.",
                    errors.INVAL,
                )
            fresh[name][key] = value
    return fresh
