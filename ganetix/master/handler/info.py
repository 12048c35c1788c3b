"""LUXI methods on the cluster itself: its parameters, tags, flags."""

from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.master.config.ssconf import RELEASE
from ganetix.master.handler.door import Door, arguments
from ganetix.model.cluster import CONFIG_VERSION

_SAME: Final = (
    "os_hvp", "osparams", "ndparams", "candidate_pool_size",
    "max_running_jobs", "max_tracked_jobs", "mac_prefix", "master_netdev", "master_netmask",
    "use_external_mip_script", "volume_group_name", "drbd_usermode_helper", "file_storage_dir",
    "shared_file_storage_dir", "gluster_storage_dir", "maintain_node_health", "ctime", "mtime",
    "uuid", "tags", "uid_pool", "default_iallocator", "default_iallocator_params", "reserved_lvs",
    "prealloc_wipe_disks", "hidden_os", "blacklisted_os", "enabled_disk_templates",
    "install_image", "instance_communication_network", "zeroing_image", "compression_tools",
    "enabled_user_shutdown", "modify_ssh_setup", "ssh_key_type", "ssh_key_bits",
    "enabled_hypervisors", "beparams", "nicparams", "diskparams", "ipolicy",
)  # fmt: skip
_IP_VERSION: Final = {2: 4, 10: 6}


async def query_cluster_info(door: Door, args: list[Any]) -> dict[str, Any]:
    """QueryClusterInfo: the cluster's parameters."""
    arguments("QueryClusterInfo", args, tuple[()])
    cluster = door.master.store.cluster
    settings = cluster.cluster
    collectors = settings.data_collectors
    return {
        "software_version": RELEASE,
        "protocol_version": CONFIG_VERSION,
        "config_version": CONFIG_VERSION,
        "os_api_version": 20,
        "export_version": 0,
        "vcs_version": f"(ganetix) v{RELEASE}",
        "architecture": ["64bit", "x86_64"],
        "name": settings.cluster_name,
        "master": cluster.master.name,
        "default_hypervisor": settings.enabled_hypervisors[0],
        "hvparams": {
            name: params
            for name, params in settings.hvparams.items()
            if name in settings.enabled_hypervisors
        },
        "primary_ip_version": _IP_VERSION[settings.primary_ip_family],
        "enabled_data_collectors": {k: row["active"] for k, row in collectors.items()},
        "data_collector_interval": {k: row["interval"] for k, row in collectors.items()},
        "candidates_behind": _behind(door),
        **{key: msgspec.to_builtins(getattr(settings, key)) for key in _SAME},
    }


def _behind(door: Door) -> dict[str, Any]:
    """Names of candidates by what they have: ganetix's own key."""
    cluster, replicas = door.master.store.cluster, door.master.store.journal.replicas
    return {
        "in_sync": sorted(cluster.nodes[u].name for u in replicas.in_sync if u in cluster.nodes),
        "behind": sorted(cluster.nodes[u].name for u in replicas.behind if u in cluster.nodes),
    }


async def query_daemon(door: Door, args: list[Any]) -> dict[str, Any]:
    """QueryDaemon (ganetix's own): how the master daemon fares."""
    arguments("QueryDaemon", args, tuple[()])
    master = door.master
    journal = master.store.journal
    return {
        "epoch": journal.epoch,
        "serial": journal.serial,
        "journal_bytes": journal.file.size,
        "running_jobs": len(master.queue.runs),
        **_behind(door),
        **door.stalls(),
    }


async def query_config_values(door: Door, args: list[Any]) -> list[Any]:
    """QueryConfigValues: single values; an unknown name gives null."""
    (names,) = arguments("QueryConfigValues", args, tuple[list[str]])
    cluster = door.master.store.cluster
    settings = cluster.cluster
    known: dict[str, object] = {
        "cluster_name": settings.cluster_name,
        "master_node": cluster.master.name,
        "drain_flag": door.master.store.drained,
        "modify_ssh_setup": settings.modify_ssh_setup,
        "ssh_key_type": settings.ssh_key_type,
        "ssh_key_bits": settings.ssh_key_bits,
    }
    if "watcher_pause" in names:
        # A file, behind whatever else the file worker does: only those who ask wait for it.
        known["watcher_pause"] = await door.master.watcher_pause.read()
    return [known.get(name) for name in names]


async def query_tags(door: Door, args: list[Any]) -> list[str]:
    """QueryTags: the tags of the cluster or of one object."""
    kind, name = arguments("QueryTags", args, tuple[str, str])
    cluster = door.master.store.cluster
    match kind:
        case "cluster":
            return list(cluster.cluster.tags)
        case "instance":
            return list(cluster.instance_named(name).tags)
        case "node":
            return list(cluster.node_named(name).tags)
        case "nodegroup":
            return list(cluster.group_named(name).tags)
        case "network":
            return list(cluster.network_named(name).tags)
    raise errors.OpPrereqError(f"There are no tags on a '{kind}'.", errors.INVAL)


async def set_drain_flag(door: Door, args: list[Any]) -> bool:
    """SetDrainFlag: close or open the queue for new jobs; answers true."""
    (flag,) = arguments("SetDrainFlag", args, tuple[bool])
    await door.master.store.set_drained(flag)
    return True


async def set_watcher_pause(door: Door, args: list[Any]) -> float | None:
    """SetWatcherPause: until that time (seconds since the epoch), or null to go on."""
    (until,) = arguments("SetWatcherPause", args, tuple[float | None])
    await door.master.watcher_pause.write(until)
    return until
