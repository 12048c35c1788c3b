"""OP_NETWORK_ADD: a new network with its pool of addresses."""

import ipaddress
from collections.abc import Iterator

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import network_values
from ganetix.master.logic.tags import with_tags
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model import pools
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Network
from ganetix.opcodes.network import OpNetworkAdd


@implementer(IUnit)
class NetworkAdd:
    """Adds networks."""

    resumable = False

    def locks(self, op: OpNetworkAdd, cluster: Cluster) -> list[Want]:
        """See `IUnit`: there is no uuid yet, so the name is locked against another add."""
        network_values.require_free(cluster, op.network_name)
        nodes = [Want("node", (ALL,), "shared")] if op.conflicts_check else []
        return [BGL_SHARED, *nodes, Want("network", (op.network_name,))]

    async def check(self, op: OpNetworkAdd, context: Context) -> Network:
        """See `IUnit`: the new network."""
        reach = _range(op)
        bare = Network(
            uuid=context.randomness.uuid(),
            name=op.network_name,
            network=str(reach),
            network6=None if op.network6 is None else network_values.ipv6(op.network6),
            gateway=op.gateway,
            gateway6=None if op.gateway6 is None else network_values.ipv6(op.gateway6),
            mac_prefix=None if op.mac_prefix is None else network_values.mac_prefix(op.mac_prefix),
            reservations=pools.FREE * reach.num_addresses,
            tags=with_tags((), op.tags),
        )
        return network_values.with_outside(bare, _reserved(op, bare, context), pools.TAKEN)

    def hooks(self, op: OpNetworkAdd, plan: Network, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return network_values.on_master("network-add", plan, cluster)

    async def execute(self, op: OpNetworkAdd, plan: Network, context: Context) -> None:
        """Write it down."""
        await context.commit(lambda cluster: Change(networks=(plan,)))


def _range(op: OpNetworkAdd) -> ipaddress.IPv4Network:
    reach = ipaddress.IPv4Network(op.network, strict=False)
    if not pools.WIDEST <= reach.prefixlen <= pools.NARROWEST:
        raise errors.OpPrereqError(
            f"Network {op.network} has prefix length {reach.prefixlen}; a pool needs one from "
            f"{pools.WIDEST} to {pools.NARROWEST}.",
            errors.INVAL,
        )
    return reach


def _reserved(op: OpNetworkAdd, network: Network, context: Context) -> Iterator[int]:
    """Yield the addresses that no instance may have: the ends, gateway, nodes, those given."""
    yield 0
    yield pools.subnet(network).num_addresses - 1
    if op.gateway is not None:
        yield network_values.place(network, op.gateway, "Gateway")
    for address in op.add_reserved_ips or ():
        yield network_values.place(network, address, "Reserved address")
    for address in _of_nodes(context.cluster) if op.conflicts_check else ():
        at = pools.offset(network, address)
        if at is not None:
            context.log(f"Address {address} of the cluster's own is reserved in the network.")
            yield at


def _of_nodes(cluster: Cluster) -> list[str]:
    """Return the addresses of nodes and of the master, each once."""
    both = (ip for node in cluster.nodes.values() for ip in (node.primary_ip, node.secondary_ip))
    return list(dict.fromkeys((*both, cluster.cluster.master_ip)))
