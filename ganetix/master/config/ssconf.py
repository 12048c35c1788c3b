"""The simple configuration values that every node keeps as files.

Source: the reference's on-disk formats, section 2 (keys and formats).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node

RELEASE: Final = "3.0.2"
"""The release whose interfaces we speak; clients and scripts compare it."""
HYPERVISORS: Final = ("chroot", "fake", "kvm", "lxc", "xen-hvm", "xen-pvm")


def values(cluster: Cluster) -> dict[str, str]:
    """Return every key with its text."""
    return {
        **_single(cluster),
        **_nodes(cluster),
        **_hypervisors(cluster),
        "cluster_tags": _lines(sorted(cluster.cluster.tags)),
        "instance_list": _lines(
            sorted(row.name for row in cluster.instances.values() if not row.forthcoming)
        ),
        "nodegroups": _pairs(cluster.nodegroups),
        "networks": _pairs(cluster.networks),
        "uid_pool": _lines(_uid_range(row) for row in cluster.cluster.uid_pool),
    }


def _single(cluster: Cluster) -> dict[str, str]:
    settings = cluster.cluster
    return {
        "cluster_name": settings.cluster_name,
        "file_storage_dir": settings.file_storage_dir,
        "shared_file_storage_dir": settings.shared_file_storage_dir,
        "gluster_storage_dir": settings.gluster_storage_dir,
        "master_ip": settings.master_ip,
        "master_netdev": settings.master_netdev,
        "master_netmask": str(settings.master_netmask),
        "master_node": cluster.master.name,
        "primary_ip_family": str(settings.primary_ip_family),
        "release_version": RELEASE,
        "maintain_node_health": str(settings.maintain_node_health),
        "enabled_user_shutdown": str(settings.enabled_user_shutdown),
    }


def _nodes(cluster: Cluster) -> dict[str, str]:
    rows = sorted(cluster.nodes.values(), key=lambda node: node.name)
    candidates = [node for node in rows if node.master_candidate]
    return {
        "master_candidates": _lines(node.name for node in candidates),
        "master_candidates_ips": _lines(node.primary_ip for node in candidates),
        "master_candidates_certs": _lines(
            f"{uuid}={digest}" for uuid, digest in sorted(cluster.cluster.candidate_certs.items())
        ),
        "node_list": _lines(node.name for node in rows),
        "offline_nodes": _lines(node.name for node in rows if node.offline),
        "online_nodes": _lines(node.name for node in rows if not node.offline),
        "node_primary_ips": _lines(f"{node.name} {node.primary_ip}" for node in rows),
        "node_secondary_ips": _lines(f"{node.name} {node.secondary_ip}" for node in rows),
        "node_vm_capable": _lines(f"{node.name}={node.vm_capable}" for node in rows),
        "ssh_ports": _lines(f"{node.name}={_ssh_port(cluster, node)}" for node in rows),
    }


def _ssh_port(cluster: Cluster, node: Node) -> Any:
    group = cluster.nodegroups[node.group]
    layers = (node.ndparams, group.ndparams, cluster.cluster.ndparams)
    return next((params["ssh_port"] for params in layers if "ssh_port" in params), 22)


def _hypervisors(cluster: Cluster) -> dict[str, str]:
    settings = cluster.cluster
    rows = {
        f"hvparams_{name}": _lines(
            f"{key}={value}" for key, value in sorted(settings.hvparams.get(name, {}).items())
        )
        for name in HYPERVISORS
    }
    return {"hypervisor_list": _lines(settings.enabled_hypervisors), **rows}


def _uid_range(row: list[int]) -> str:
    low, high = row
    return str(low) if low == high else f"{low}-{high}"


def _pairs(objects: Mapping[str, Any]) -> str:
    return _lines(sorted(f"{uuid} {row.name}" for uuid, row in objects.items()))


def _lines(rows: Iterable[str]) -> str:
    text = "\n".join(rows)
    return f"{text}\n" if text else ""
