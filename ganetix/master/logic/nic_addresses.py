"""The network and the IP address that a NIC gets: from a pool, as asked for, or none."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.ids import Randomness, valid_ip
from ganetix.model import pools, schema
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Network, Nic, NodeGroup

POOL: Final = "pool"
_UNSET: Final = (schema.NONE, "")


@attrs.frozen
class Site:
    """Where NICs are to be: in an instance of *group*.

    So far it has the addresses *own*, and the MAC addresses *own_macs*. *reserved* returns the
    addresses of a network that other opcodes are about to give away. Without *conflicts_check*
    addresses may be taken that are reserved from outside, or belong to a network that the NIC is
    not in.
    """

    cluster: Cluster
    group: NodeGroup
    randomness: Randomness
    reserved: Callable[[str], frozenset[str]]
    conflicts_check: bool = True
    own: frozenset[tuple[str, str]] = frozenset()
    own_macs: frozenset[str] = frozenset()


def missing_networks(cluster: Cluster, instance: Instance, group: NodeGroup) -> list[str]:
    """Return the names of the networks of *instance* that are not connected to *group*."""
    used = {nic.network for nic in instance.nics if nic.network is not None}
    return sorted(cluster.networks[uuid].name for uuid in used - group.networks.keys())


def require_connected(cluster: Cluster, instance: Instance, group: NodeGroup) -> None:
    """Raise `errors.OpPrereqError` unless the networks of *instance* are connected to *group*."""
    missing = missing_networks(cluster, instance, group)
    if missing:
        raise errors.OpPrereqError(
            f"Instance {instance.name} can't be in node group {group.name}: its networks "
            f"{', '.join(missing)} are not connected there; "
            f"'gnt-network connect {missing[0]} {group.name}' does that.",
            errors.STATE,
        )


def network_of(site: Site, index: int, nic: Nic, given: Mapping[str, Any]) -> Network | None:
    """Return the network that NIC *index* is to be in; it must be connected to the group."""
    asked = given.get("network", nic.network)
    if asked is None or str(asked).lower() in _UNSET:
        return None
    network = site.cluster.network_named(str(asked))
    if network.uuid not in site.group.networks:
        raise errors.OpPrereqError(
            f"NIC {index}: network {network.name} is not connected to node group "
            f"{site.group.name}; 'gnt-network connect {network.name} {site.group.name}' does that.",
            errors.INVAL,
        )
    return network


def address_of(
    site: Site,
    index: int,
    nic: Nic,
    asked: tuple[Network | None, Any],
    others: Sequence[Nic],
) -> str | None:
    """Return the address of *nic*, given the network and the ``ip`` *asked* for."""
    network, given = asked
    if given is None or str(given).lower() in _UNSET:
        return None
    if str(given).lower() == POOL:
        return _from_pool(site, index, network, others)
    address = str(given)
    if not valid_ip(address):
        raise errors.OpPrereqError(
            f"NIC {index}: '{address}' is not an IP address; give one, or 'none'.", errors.INVAL
        )
    if network is None:
        _require_no_network(site, index, nic, address)
    elif (nic.network, nic.ip) != (network.uuid, address):
        _require_free(site, index, network, address, others)
    return address


def _from_pool(site: Site, index: int, network: Network | None, others: Sequence[Nic]) -> str:
    if network is None:
        raise errors.OpPrereqError(
            f"NIC {index}: an address from a pool needs a network; give network=NAME with ip=pool.",
            errors.INVAL,
        )
    mine = {str(nic.ip) for nic in others if nic.network == network.uuid}
    found = pools.first_free(network, mine | site.reserved(network.uuid))
    if found is None:
        raise errors.OpPrereqError(
            f"NIC {index}: network {network.name} has no free address left; "
            f"'gnt-network info {network.name}' shows who has them.",
            errors.STATE,
        )
    return found


def _require_no_network(site: Site, index: int, nic: Nic, address: str) -> None:
    """Refuse an address of a connected network for a NIC outside of it."""
    if not site.conflicts_check or (nic.network, nic.ip) == (None, address):
        return
    for uuid in site.group.networks:
        network = site.cluster.networks[uuid]
        if pools.offset(network, address) is not None:
            raise errors.OpPrereqError(
                f"NIC {index}: address {address} belongs to network {network.name}; give "
                f"network={network.name} too, or use --no-conflicts-check.",
                errors.INVAL,
            )


def _require_free(
    site: Site, index: int, network: Network, address: str, others: Sequence[Nic]
) -> None:
    at = pools.offset(network, address)
    if at is None:
        raise errors.OpPrereqError(
            f"NIC {index}: address {address} is outside of network {network.name} "
            f"({network.network}); give one of it, or ip=pool.",
            errors.INVAL,
        )
    taken = pools.by_instances(network)[at] == pools.TAKEN
    if (
        (taken and (network.uuid, address) not in site.own)
        or address in site.reserved(network.uuid)
        or any((nic.network, nic.ip) == (network.uuid, address) for nic in others)
    ):
        raise _in_use(index, network, address, "used by an instance")
    if site.conflicts_check and pools.from_outside(network)[at] == pools.TAKEN:
        raise _in_use(index, network, address, "reserved from outside")


def _in_use(index: int, network: Network, address: str, why: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(
        f"NIC {index}: address {address} of network {network.name} is {why}; "
        "choose another, or ip=pool.",
        errors.NOTUNIQUE,
    )
