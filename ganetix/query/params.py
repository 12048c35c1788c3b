"""Filled parameters, as queries show them."""

from typing import Any

from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Nic, Node, NodeGroup

Params = dict[str, Any]


def backend(cluster: Cluster, instance: Instance) -> Params:
    """Return the instance's filled backend parameters."""
    return {**cluster.cluster.beparams.get("default", {}), **instance.beparams}


def hypervisor(cluster: Cluster, instance: Instance) -> Params:
    """Return the instance's filled hypervisor parameters."""
    settings = cluster.cluster
    os_level = settings.os_hvp.get(instance.os, {}).get(instance.hypervisor, {})
    return {**settings.hvparams.get(instance.hypervisor, {}), **os_level, **instance.hvparams}


def operating_system(cluster: Cluster, instance: Instance) -> Params:
    """Return the instance's filled public OS parameters."""
    name = instance.os.partition("+")[0]
    levels = cluster.cluster.osparams
    return {**levels.get(name, {}), **levels.get(instance.os, {}), **instance.osparams}


def interface(cluster: Cluster, instance: Instance, nic: Nic) -> Params:
    """Return the interface's filled mode, link and vlan; a network's come from the group."""
    group = cluster.nodegroups[cluster.nodes[instance.primary_node].group]
    by_network = group.networks.get(nic.network, {}) if nic.network else {}
    return {**cluster.cluster.nicparams.get("default", {}), **nic.nicparams, **by_network}


def node(cluster: Cluster, row: Node) -> Params:
    """Return the node's filled node parameters."""
    return {**group(cluster, cluster.nodegroups[row.group]), **row.ndparams}


def group(cluster: Cluster, row: NodeGroup) -> Params:
    """Return the group's filled node parameters."""
    return {**cluster.cluster.ndparams, **row.ndparams}
