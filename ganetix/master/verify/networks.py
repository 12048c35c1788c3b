"""Checks of networks: pools that fit what instances use, NICs that are in connected networks."""

from collections import Counter
from collections.abc import Iterator

from ganetix.master.verify.finding import Finding
from ganetix.model import pools
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Network


def findings(cluster: Cluster) -> Iterator[Finding]:
    """Yield what is wrong with the networks of *cluster*, and NICs in them."""
    for network in cluster.networks.values():
        for text in _pool(cluster, network):
            yield Finding("ECLUSTERCFG", "cluster", "", f"network {network.name}: {text}")
    if cluster.networks:
        for instance in cluster.instances.values():
            for text in _nics(cluster, instance):
                yield Finding("ECLUSTERCFG", "cluster", "", f"instance {instance.name}: {text}")


def _pool(cluster: Cluster, network: Network) -> Iterator[str]:
    size = pools.subnet(network).num_addresses
    if any(len(d) != size for d in (pools.by_instances(network), pools.from_outside(network))):
        yield f"its reservations are not {size} digits; remove it and add it again"
        return
    found = pools.used(cluster.instances.values())
    given = Counter(address for uuid, address in found if uuid == network.uuid)
    shown = set(pools.addresses(network, pools.by_instances(network)))
    for address in sorted(shown ^ given.keys()):
        if pools.offset(network, address) is None:
            yield f"a NIC has address {address}, which is outside; see 'gnt-network info'"
            continue
        what = "reserved for no NIC" if address in shown else "not reserved for the NIC that has it"
        yield (
            f"address {address} is {what}; 'gnt-network modify --remove-reserved-ips={address} "
            f"{network.name}' works the pool out anew"
        )
    for address in sorted(address for address, count in given.items() if count > 1):
        yield (
            f"address {address} is given to {given[address]} NICs; "
            "'gnt-instance modify --net N:ip=pool' gives one of them another"
        )


def _nics(cluster: Cluster, instance: Instance) -> Iterator[str]:
    node = cluster.nodes.get(instance.primary_node)
    if node is None:
        return
    group = cluster.nodegroups[node.group]
    for index, nic in enumerate(instance.nics):
        if nic.network is None or nic.network in group.networks:
            continue
        network = cluster.networks.get(nic.network)
        name = nic.network if network is None else network.name
        yield (
            f"NIC {index} is in network {name}, which is not connected to node group "
            f"{group.name}; 'gnt-network connect {name} {group.name}' does that"
        )
