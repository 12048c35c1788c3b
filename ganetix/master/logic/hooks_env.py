"""The variables that hooks get, and the nodes where they run.

Source: the hook table of the interface reference. Names are without the ``GANETI_`` prefix.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganetix.master.logic.specs import nic_dict, secondaries
from ganetix.master.logic.unit import Hooks
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance


def instance_hooks(
    path: str,
    cluster: Cluster,
    env: Mapping[str, str],
    pre: Iterable[str],
    post: Iterable[str] | None = None,
) -> Hooks:
    """Return the hooks of an instance operation on the master and the nodes *pre* and *post*."""
    before = _with_master(cluster, pre)
    after = before if post is None else _with_master(cluster, post)
    return Hooks(path, "INSTANCE", env, before, after)


def _with_master(cluster: Cluster, uuids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((cluster.cluster.master_node, *uuids)))


def instance_variables(
    cluster: Cluster, instance: Instance, disks: Sequence[Disk] | None = None
) -> dict[str, str]:
    """Return the instance variables; *disks* are given when the configuration lacks them."""
    own = list(disks) if disks is not None else cluster.disks_of(instance)
    backend = params.of_backend(cluster, instance)
    env = {
        "OP_TARGET": instance.name,
        "INSTANCE_NAME": instance.name,
        "INSTANCE_PRIMARY": cluster.nodes[instance.primary_node].name,
        "INSTANCE_SECONDARIES": " ".join(
            cluster.nodes[uuid].name for uuid in secondaries(instance, own)
        ),
        "INSTANCE_OS_TYPE": instance.os,
        "INSTANCE_STATUS": instance.admin_state,
        "INSTANCE_MINMEM": str(backend["minmem"]),
        "INSTANCE_MAXMEM": str(backend["maxmem"]),
        "INSTANCE_MEMORY": str(backend["maxmem"]),
        "INSTANCE_VCPUS": str(backend["vcpus"]),
        "INSTANCE_DISK_TEMPLATE": params.template_of(own),
        "INSTANCE_HYPERVISOR": instance.hypervisor,
        "INSTANCE_NIC_COUNT": str(len(instance.nics)),
        "INSTANCE_DISK_COUNT": str(len(own)),
        "INSTANCE_TAGS": " ".join(sorted(instance.tags)),
    }
    env |= {f"INSTANCE_BE_{key}": text(value) for key, value in backend.items()}
    filled = params.of_hypervisor(cluster, instance)
    env |= {f"INSTANCE_HV_{key}": text(value) for key, value in filled.items()}
    for index, nic in enumerate(instance.nics):
        env |= _nic(f"INSTANCE_NIC{index}_", nic_dict(cluster, instance, nic))
    for index, disk in enumerate(own):
        env |= _disk(f"INSTANCE_DISK{index}_", cluster, instance, disk)
    return env


def _nic(prefix: str, nic: Mapping[str, Any]) -> dict[str, str]:
    env = {f"{prefix}{key.upper()}": text(value) for key, value in nic.items()}
    if nic["mode"] == "bridged":
        env[f"{prefix}BRIDGE"] = text(nic["link"])
    return env


def _disk(prefix: str, cluster: Cluster, instance: Instance, disk: Disk) -> dict[str, str]:
    env = {
        "NAME": disk.name,
        "UUID": disk.uuid,
        "SIZE": disk.size,
        "MODE": disk.mode,
        "DEV_TYPE": disk.dev_type,
        **_place(cluster, instance, disk),
    }
    return {f"{prefix}{key}": text(value) for key, value in env.items()}


def _place(cluster: Cluster, instance: Instance, disk: Disk) -> dict[str, Any]:
    if disk.dev_type == "plain":
        return {"VG": disk.logical_id[0], "ID": disk.logical_id[1]}
    if disk.dev_type == "ext":
        return {"PROVIDER": disk.logical_id[0], "ID": disk.logical_id[1]}
    if disk.dev_type != "drbd":
        return {"DRIVER": disk.logical_id[0], "ID": disk.logical_id[1]}
    node_a, node_b, port, minor_a, minor_b = disk.logical_id[:5]
    ends = [(node_a, minor_a), (node_b, minor_b)]
    if node_a != instance.primary_node:
        ends.reverse()
    data, meta = disk.children
    return {
        "PNODE": cluster.nodes[ends[0][0]].name,
        "SNODE": cluster.nodes[ends[1][0]].name,
        "PORT": port,
        "PMINOR": ends[0][1],
        "SMINOR": ends[1][1],
        "DATA_VG": data.logical_id[0],
        "DATA_ID": data.logical_id[1],
        "META_VG": meta.logical_id[0],
        "META_ID": meta.logical_id[1],
    }


def text(value: Any) -> str:
    """Return *value* as hooks see it: nothing for null, lists joined by blanks."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value)
    return str(value)
