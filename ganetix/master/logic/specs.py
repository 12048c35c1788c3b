"""Instances as nodes need them: parameters filled in, names resolved."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ganetix.master.logic import disk_records
from ganetix.model import params
from ganetix.model.cluster import Cluster, mirror_nodes
from ganetix.model.objects import Disk, Instance, Nic
from ganetix.rpc.tables.spec import InstanceSpec


def spec_of(
    cluster: Cluster,
    instance: Instance,
    disks: Sequence[Disk] | None = None,
    secret: Mapping[str, Any] | None = None,
) -> InstanceSpec:
    """Return *instance* for a node call.

    *disks* are given while they are not in the configuration yet; *secret* OS parameters come with
    the job alone.
    """
    own = list(disks) if disks is not None else cluster.disks_of(instance)
    return InstanceSpec(
        instance=instance,
        disks=[disk_records.sent(cluster, disk) for disk in own],
        hvparams=params.of_hypervisor(cluster, instance),
        beparams=params.of_backend(cluster, instance),
        osparams=os_params(cluster, instance, secret),
        nics=[nic_dict(cluster, instance, nic) for nic in instance.nics],
        primary_name=cluster.nodes[instance.primary_node].name,
        secondary_names=[cluster.nodes[uuid].name for uuid in secondaries(instance, own)],
    )


def secondaries(instance: Instance, disks: Sequence[Disk]) -> list[str]:
    """Return the node uuids that hold a mirror of *disks*, without the primary."""
    found = dict.fromkeys(uuid for disk in disks for uuid in mirror_nodes(disk))
    return [uuid for uuid in found if uuid != instance.primary_node]


def os_params(
    cluster: Cluster, instance: Instance, secret: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Return the public, private and *secret* OS parameters of *instance*, filled."""
    return {
        **params.os_params(cluster, instance.os, instance.osparams),
        **params.os_private(cluster, instance.os, instance.osparams_private),
        **{name: str(value) for name, value in (secret or {}).items()},
    }


def nic_dict(cluster: Cluster, instance: Instance, nic: Nic) -> dict[str, Any]:
    """Return *nic* filled, with the keys of the OS interface."""
    group = cluster.nodegroups[cluster.nodes[instance.primary_node].group]
    filled = params.nic_in_group(cluster, nic, group)
    network = cluster.networks.get(nic.network or "")
    found: dict[str, Any] = {
        "mac": nic.mac, "uuid": nic.uuid, "name": nic.name, "ip": nic.ip,
        "mode": filled["mode"], "link": filled["link"], "vlan": filled["vlan"],
    }  # fmt: skip
    if network is not None:
        found |= {
            "network_name": network.name, "network_uuid": network.uuid,
            "network_subnet": network.network, "network_gateway": network.gateway,
            "network_subnet6": network.network6, "network_gateway6": network.gateway6,
            "network_mac_prefix": network.mac_prefix, "network_tags": sorted(network.tags),
        }  # fmt: skip
    return found


def with_overrides(
    spec: InstanceSpec, hvparams: Mapping[str, Any], beparams: Mapping[str, Any]
) -> InstanceSpec:
    """Return *spec* with parameters for this start alone."""
    return msgspec.structs.replace(
        spec, hvparams={**spec.hvparams, **hvparams}, beparams={**spec.beparams, **beparams}
    )
