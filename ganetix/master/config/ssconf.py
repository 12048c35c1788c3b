"""The simple configuration values that every node keeps as text, made from the configuration."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node

HYPERVISORS: Final = ("chroot", "fake", "kvm", "lxc", "xen-hvm", "xen-pvm")
"""Those that have a file of parameters, enabled or not."""


def values(cluster: Cluster, release: str) -> Mapping[str, str]:
    """Return every ssconf key with its text; *release* is this software's version."""
    return {
        **_settings(cluster, release),
        **_nodes(cluster),
        **{f"hvparams_{name}": _hvparams(cluster, name) for name in HYPERVISORS},
    }


def _settings(cluster: Cluster, release: str) -> dict[str, str]:
    own = cluster.cluster
    return {
        "cluster_name": own.cluster_name,
        "cluster_tags": _lines(sorted(own.tags)),
        "enabled_user_shutdown": str(own.enabled_user_shutdown),
        "file_storage_dir": own.file_storage_dir,
        "gluster_storage_dir": own.gluster_storage_dir,
        "shared_file_storage_dir": own.shared_file_storage_dir,
        "hypervisor_list": _lines(own.enabled_hypervisors),
        "maintain_node_health": str(own.maintain_node_health),
        "master_candidates_certs": _pairs(own.candidate_certs.items()),
        "master_ip": own.master_ip,
        "master_netdev": own.master_netdev,
        "master_netmask": str(own.master_netmask),
        "master_node": cluster.master.name,
        "primary_ip_family": str(own.primary_ip_family),
        "release_version": release,
        "uid_pool": _lines(_uid_range(*pair) for pair in own.uid_pool),
        "instance_list": _lines(sorted(row.name for row in cluster.instances.values())),
        "nodegroups": _lines(sorted(f"{g.uuid} {g.name}" for g in cluster.nodegroups.values())),
        "networks": _lines(sorted(f"{n.uuid} {n.name}" for n in cluster.networks.values())),
    }


def _nodes(cluster: Cluster) -> dict[str, str]:
    rows = sorted(cluster.nodes.values(), key=lambda node: node.name)
    candidates = cluster.candidates()
    return {
        "node_list": _names(rows),
        "online_nodes": _names(node for node in rows if not node.offline),
        "offline_nodes": _names(node for node in rows if node.offline),
        "master_candidates": _names(candidates),
        "master_candidates_ips": _lines(node.primary_ip for node in candidates),
        "node_primary_ips": _lines(f"{node.name} {node.primary_ip}" for node in rows),
        "node_secondary_ips": _lines(f"{node.name} {node.secondary_ip}" for node in rows),
        "node_vm_capable": _pairs((node.name, node.vm_capable) for node in rows),
        "ssh_ports": _pairs((node.name, _ssh_port(cluster, node)) for node in rows),
    }


def _ssh_port(cluster: Cluster, node: Node) -> int:
    group = cluster.nodegroups[node.group]
    merged = {**cluster.cluster.ndparams, **group.ndparams, **node.ndparams}
    return int(merged.get("ssh_port", 22))


def _hvparams(cluster: Cluster, hypervisor: str) -> str:
    return _pairs(sorted(cluster.cluster.hvparams.get(hypervisor, {}).items()))


def _uid_range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _names(nodes: Iterable[Node]) -> str:
    return _lines(node.name for node in nodes)


def _pairs(rows: Iterable[tuple[str, Any]]) -> str:
    return _lines(f"{key}={value}" for key, value in rows)


def _lines(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)
