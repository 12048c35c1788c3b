"""What the operations on networks have in common: values that are checked, hooks."""

import ipaddress
from collections.abc import Iterable

import msgspec

from ganetix import errors
from ganetix.ids import valid_mac_prefix
from ganetix.master.logic.hooks_env import text
from ganetix.master.logic.names import require_one_line
from ganetix.master.logic.unit import Hooks
from ganetix.model import pools
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Network, NodeGroup


def variables(network: Network) -> dict[str, str]:
    """Return the variables that hooks get of *network*."""
    return {
        "NETWORK_NAME": network.name,
        "NETWORK_SUBNET": network.network,
        "NETWORK_GATEWAY": text(network.gateway),
        "NETWORK_SUBNET6": text(network.network6),
        "NETWORK_GATEWAY6": text(network.gateway6),
        "NETWORK_MAC_PREFIX": text(network.mac_prefix),
        "NETWORK_TAGS": text(sorted(network.tags)),
    }


def on_master(path: str, network: Network, cluster: Cluster) -> Hooks:
    """Return the hooks of an operation on *network* that run on the master."""
    nodes = (cluster.cluster.master_node,)
    return Hooks(path, "NETWORK", variables(network), nodes, nodes)


def on_group(path: str, network: Network, group: NodeGroup, cluster: Cluster) -> Hooks:
    """Return the hooks of a connection of *network* to *group*, as it is in *group*."""
    nodes = tuple(node.uuid for node in cluster.members(group.uuid))
    connected = group.networks.get(network.uuid, {})
    env = variables(network) | {"GROUP_NAME": group.name}
    for key in ("mode", "link", "vlan"):
        env[f"GROUP_NETWORK_{key.upper()}"] = text(connected.get(key))
    return Hooks(path, "NETWORK", env, nodes, nodes)


def require_free(cluster: Cluster, name: str) -> None:
    """Raise `errors.OpPrereqError` if no network may be called *name*, or one has it already.

    That may be as its uuid, too.
    """
    require_one_line("network", name)
    if name in cluster.indexes.network_names or name in cluster.networks:
        raise errors.OpPrereqError(
            f"Network '{name}' is already in the cluster; choose another name.", errors.EXISTS
        )


def mac_prefix(given: str) -> str:
    """Return *given* in lower case if it can begin MAC addresses."""
    if not valid_mac_prefix(given.lower()):
        raise errors.OpPrereqError(
            f"'{given}' is no MAC prefix; give three octets, such as aa:00:00.", errors.INVAL
        )
    return given.lower()


def ipv6(given: str) -> str:
    """Return *given* if it is an IPv6 address, or a network when it has a prefix length."""
    try:
        if "/" in given:
            ipaddress.IPv6Network(given, strict=False)
        else:
            ipaddress.IPv6Address(given)
    except ValueError as error:
        raise errors.OpPrereqError(
            f"'{given}' is not IPv6: {error}; give it like 2001:db8::1 or 2001:db8::/64.",
            errors.INVAL,
        ) from error
    return given


def place(network: Network, address: str, what: str) -> int:
    """Return where *address* is in the pool of *network*; *what* is its purpose."""
    at = pools.offset(network, address)
    if at is None:
        raise errors.OpPrereqError(
            f"{what} {address} is outside of network {network.name} ({network.network}).",
            errors.INVAL,
        )
    return at


def with_outside(network: Network, offsets: Iterable[int], digit: str) -> Network:
    """Return *network* with addresses reserved from outside, or released again."""
    digits = pools.changed(pools.from_outside(network), offsets, digit)
    fresh: Network = msgspec.structs.replace(network, ext_reservations=digits)
    return fresh


def require_no_nics(users: Iterable[tuple[Instance, int, str | None]], sentence: str) -> None:
    """Raise `errors.OpPrereqError` with *sentence* and the NICs if there are *users*.

    They are instance, index of the NIC and its address.
    """
    told = [f"{one.name} (NIC {index}, {ip or 'no address'})" for one, index, ip in users]
    if told:
        raise errors.OpPrereqError(f"{sentence}: {', '.join(told)}.", errors.STATE)
