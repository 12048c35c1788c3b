"""OP_NETWORK_SET_PARAMS: gateway, IPv6, MAC prefix and outside reservations of a network."""

from collections.abc import Callable
from typing import Final

import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import network_values
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model import pools, schema
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Network
from ganetix.opcodes.network import OpNetworkSetParams

_PLAIN: Final[dict[str, Callable[[str], str]]] = {
    "network6": network_values.ipv6,
    "gateway6": network_values.ipv6,
    "mac_prefix": network_values.mac_prefix,
}
"""Fields that stand alone, with what checks a value."""


@implementer(IUnit)
class NetworkSetParams:
    """Changes networks."""

    resumable = False

    def locks(self, op: OpNetworkSetParams, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_SHARED, Want("network", (cluster.network_named(op.network_name).uuid,))]

    async def check(self, op: OpNetworkSetParams, context: Context) -> Network:
        """See `IUnit`: the network as it will be, but for what instances do meanwhile."""
        network = context.cluster.network_named(op.network_name)
        if op.gateway is not None and (op.add_reserved_ips or op.remove_reserved_ips):
            raise errors.OpPrereqError(
                "The gateway and the reserved addresses can't be changed together; use two "
                "commands.",
                errors.INVAL,
            )
        fresh, warnings = _changed(op, network)
        for line in warnings:
            context.log(f"WARNING: {line}")
        return fresh

    def hooks(self, op: OpNetworkSetParams, plan: Network, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return network_values.on_master("network-modify", plan, cluster)

    async def execute(self, op: OpNetworkSetParams, plan: Network, context: Context) -> None:
        """Write it down, with the pool worked out anew from what instances use by now.

        Instances come and go without this lock; and a pool that did not fit is mended so.
        """

        def change(cluster: Cluster) -> Change:
            now = pools.recounted(cluster.networks[plan.uuid], cluster.instances.values())
            return Change(networks=(_changed(op, now)[0],))

        await context.commit(change)


def _changed(op: OpNetworkSetParams, network: Network) -> tuple[Network, list[str]]:
    """Return *network* with what *op* gives, and a sentence for each reservation that can't be."""
    fields = {
        name: None if value == schema.NONE else check(value)
        for name, check in _PLAIN.items()
        if (value := getattr(op, name)) is not None
    }
    fresh: Network = msgspec.structs.replace(network, **fields)
    if op.gateway is not None:
        fresh = _with_gateway(fresh, None if op.gateway == schema.NONE else op.gateway)
    told: list[str] = []
    for address in op.add_reserved_ips or ():
        fresh = _reserved(fresh, address, pools.TAKEN, told)
    for address in op.remove_reserved_ips or ():
        fresh = _reserved(fresh, address, pools.FREE, told)
    return fresh, told


def _with_gateway(network: Network, gateway: str | None) -> Network:
    old = network.gateway
    if gateway == old:
        return network
    if old is not None and (at := pools.offset(network, old)) is not None:
        network = network_values.with_outside(network, (at,), pools.FREE)
    if gateway is not None:
        at = network_values.place(network, gateway, "Gateway")
        if pools.either(network)[at] == pools.TAKEN:
            raise errors.OpPrereqError(
                f"Address {gateway} of network {network.name} is reserved already and can't become "
                "the gateway; release it first.",
                errors.STATE,
            )
        network = network_values.with_outside(network, (at,), pools.TAKEN)
    fresh: Network = msgspec.structs.replace(network, gateway=gateway)
    return fresh


def _reserved(network: Network, address: str, digit: str, told: list[str]) -> Network:
    """Return *network* with *address* reserved from outside or released, or tell why not."""
    at = pools.offset(network, address)
    if at is None:
        told.append(f"Address {address} is outside of network {network.name}.")
    elif digit == pools.FREE and address == network.gateway:
        told.append(f"Address {address} is the gateway and stays reserved.")
    elif pools.from_outside(network)[at] == digit:
        state = "not reserved from outside" if digit == pools.FREE else "reserved already"
        told.append(f"Address {address} of network {network.name} is {state}.")
    else:
        return network_values.with_outside(network, (at,), digit)
    return network
