"""What an instance allocator is told of the cluster.

Source: the reference's script interfaces, section 8. Sizes are MiB.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from ganetix.master.logic.unit import Context
from ganetix.model import params, policy
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Node
from ganetix.rpc.tables.checks import NODE_INFO, NodeInfo, NodeInfoRequest, StorageUnit
from ganetix.rpc.tables.instances import ALL_INSTANCES_INFO, AllInstancesRequest, InstanceList
from ganetix.rpc.tables.node_care import STORAGE_LIST, StorageQuery, StorageUnits

VERSION: Final = 2
DRBD_META: Final = 128
"""MiB of metadata that a mirrored disk has beside its data."""
Backends = Mapping[str, Mapping[str, Any]]
"""The filled backend parameters of each instance, by uuid."""
_LVM: Final = ("plain", "drbd")


@attrs.frozen
class Live:
    """Live figures of one node, and MiB of memory that each of its running instances has.

    *spindles* are all and the free physical volumes, where instances have whole ones.
    """

    info: NodeInfo
    running: Mapping[str, int]
    spindles: tuple[int, int] = (0, 0)


async def gather(context: Context, template: str) -> dict[str, Live]:
    """Ask the nodes that may get instances; one that does not answer is left out."""
    cluster = context.cluster
    uuids = [node.uuid for node in cluster.online_nodes() if node.vm_capable]
    hypervisors = list(cluster.cluster.enabled_hypervisors)
    wanted = NodeInfoRequest(_units(cluster, template), hypervisors)
    infos = await context.call_each(uuids, NODE_INFO, wanted)
    lists = await context.call_each(uuids, ALL_INSTANCES_INFO, AllInstancesRequest(hypervisors))
    spindles = await _spindles(context, uuids)
    found: dict[str, Live] = {}
    for uuid in uuids:
        info, running = infos[uuid], lists[uuid]
        if isinstance(info, NodeInfo) and isinstance(running, InstanceList):
            memory = {row.name: row.memory for row in running.instances}
            found[uuid] = Live(info, memory, spindles.get(uuid, (0, 0)))
    return found


async def _spindles(context: Context, uuids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return all and the free physical volumes of those nodes that give them away whole."""
    cluster = context.cluster
    asked = [
        uuid for uuid in uuids if params.node(cluster, cluster.nodes[uuid])["exclusive_storage"]
    ]
    if not asked:
        return {}
    answers = await context.call_each(asked, STORAGE_LIST, StorageQuery("lvm-pv"))
    return {
        uuid: (len(answer.units), sum(unit.used == 0 for unit in answer.units))
        for uuid, answer in answers.items()
        if isinstance(answer, StorageUnits)
    }


def _units(cluster: Cluster, template: str) -> list[StorageUnit]:
    """Return the storage that disks of *template* use; diskless ones see what files would use."""
    settings = cluster.cluster
    group = settings.volume_group_name
    units = {
        "file": StorageUnit("file", settings.file_storage_dir),
        "sharedfile": StorageUnit("sharedfile", settings.shared_file_storage_dir),
        **(dict.fromkeys(_LVM, StorageUnit("lvm-vg", group)) if group else {}),
    }
    for kind in (template, *settings.enabled_disk_templates):
        if kind in units:
            return [units[kind]]
    return []


def disk_space(template: str, sizes: Sequence[int]) -> int:
    """Return the MiB that disks of these *sizes* take on a node, with a mirror's metadata."""
    meta = DRBD_META if template == "drbd" else 0
    return sum(size + meta for size in sizes)


def request_of(
    cluster: Cluster, live: Mapping[str, Live], request: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the whole request: the cluster as it is now, and what is asked."""
    settings = cluster.cluster
    backends = {uuid: params.of_backend(cluster, one) for uuid, one in cluster.instances.items()}
    return {
        "version": VERSION,
        "cluster_name": settings.cluster_name,
        "cluster_tags": sorted(settings.tags),
        "enabled_hypervisors": list(settings.enabled_hypervisors),
        "ipolicy": policy.of_cluster(cluster),
        "nodegroups": {
            group.uuid: {
                "name": group.name,
                "alloc_policy": group.alloc_policy,
                "networks": sorted(group.networks),
                "ipolicy": policy.of_group(cluster, group),
                "tags": sorted(group.tags),
            }
            for group in cluster.nodegroups.values()
        },
        "nodes": {
            node.name: _node(cluster, node, live.get(node.uuid), backends)
            for node in cluster.nodes.values()
        },
        "instances": {
            one.name: _instance(cluster, one, backends[one.uuid])
            for one in cluster.instances.values()
        },
        "request": dict(request),
    }


def _node(cluster: Cluster, node: Node, live: Live | None, backends: Backends) -> dict[str, Any]:
    found: dict[str, Any] = {
        "tags": sorted(node.tags),
        "primary_ip": node.primary_ip,
        "secondary_ip": node.secondary_ip,
        # A node that does not answer can't get an instance.
        "offline": node.offline or (node.vm_capable and live is None),
        "drained": node.drained,
        "master_candidate": node.master_candidate,
        "group": node.group,
        "master_capable": node.master_capable,
        "vm_capable": node.vm_capable,
        "ndparams": params.node(cluster, node),
    }
    return found if live is None else {**found, **_figures(cluster, node, live, backends)}


def _figures(cluster: Cluster, node: Node, live: Live, backends: Backends) -> dict[str, Any]:
    primaries = [
        cluster.instances[uuid] for uuid in cluster.indexes.primaries.get(node.uuid, frozenset())
    ]
    up = [one for one in primaries if one.admin_state == "up"]
    storage = live.info.storage[0] if live.info.storage else None
    size = (storage.size if storage else None) or 0
    free = (storage.free if storage else None) or 0
    return {
        "total_memory": live.info.memory_total,
        "reserved_memory": live.info.memory_dom0,
        "free_memory": live.info.memory_free - _not_taken(up, live.running, backends),
        "total_disk": size,
        "free_disk": free,
        "total_spindles": live.spindles[0],
        "free_spindles": live.spindles[1],
        "total_cpus": live.info.cpu_total,
        "reserved_cpus": live.info.cpu_dom0,
        "i_pri_memory": _memory(primaries, backends),
        "i_pri_up_memory": _memory(up, backends),
    }


def _memory(instances: Iterable[Instance], backends: Backends) -> int:
    return sum(backends[one.uuid]["maxmem"] for one in instances)


def _not_taken(up: Iterable[Instance], running: Mapping[str, int], backends: Backends) -> int:
    """MiB that instances which run, or should, may still take."""
    return sum(max(0, backends[one.uuid]["maxmem"] - running.get(one.name, 0)) for one in up)


def _instance(cluster: Cluster, one: Instance, backend: Mapping[str, Any]) -> dict[str, Any]:
    disks = cluster.disks_of(one)
    return {
        "tags": sorted(one.tags),
        "admin_state": one.admin_state,
        "vcpus": backend["vcpus"],
        "memory": backend["maxmem"],
        "spindle_use": backend["spindle_use"],
        "os": one.os,
        "nodes": [cluster.nodes[uuid].name for uuid in cluster.nodes_of(one)],
        "nics": [_nic(cluster, one, index) for index in range(len(one.nics))],
        "disks": [
            {
                "dev_type": disk.dev_type,
                "size": disk.size,
                "mode": disk.mode,
                "spindles": disk.spindles,
            }
            for disk in disks
        ],
        "disk_template": params.template_of(disks),
        "disks_active": one.disks_active,
        "hypervisor": one.hypervisor,
        "disk_space_total": disk_space(params.template_of(disks), [disk.size for disk in disks]),
    }


def _nic(cluster: Cluster, instance: Instance, index: int) -> dict[str, Any]:
    nic = instance.nics[index]
    group = cluster.nodegroups[cluster.nodes[instance.primary_node].group]
    filled = params.nic_in_group(cluster, nic, group)
    found = {
        "mac": nic.mac,
        "ip": nic.ip,
        "mode": filled["mode"],
        "link": filled["link"],
        # Not among what the reference tells: a group without it is no place for the instance.
        "network": nic.network,
    }
    return found | {"bridge": filled["link"]} if filled["mode"] == "bridged" else found
