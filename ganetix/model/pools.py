"""Address pools of networks: which addresses are taken, by instances or from outside. Pure.

A network keeps two texts of 0 and 1, one digit for each of its addresses: what instances use, and
what is reserved from outside (gateway, nodes, whatever an administrator names). What instances use
follows from their NICs: `settled` works it out for every change, so that whoever gives a NIC an
address, or takes a NIC away by whatever way, can't forget the pool.
"""

import ipaddress
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from ganetix import errors
from ganetix.model.change import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Network

WIDEST: Final = 16
NARROWEST: Final = 30
"""Prefix lengths of the largest and the smallest network that has a pool."""
FREE, TAKEN = "0", "1"


def subnet(network: Network) -> ipaddress.IPv4Network:
    """Return the range of *network*; its host bits, if there are any, do not count."""
    return ipaddress.IPv4Network(network.network, strict=False)


def offset(network: Network, address: str | None) -> int | None:
    """Return where *address* is in the pool of *network*, None when it lies outside."""
    try:
        found = ipaddress.IPv4Address(address or "")
    except ValueError:
        return None
    reach = subnet(network)
    return int(found) - int(reach.network_address) if found in reach else None


def by_instances(network: Network) -> str:
    """Return the digits of what instances use."""
    return network.reservations or FREE * subnet(network).num_addresses


def from_outside(network: Network) -> str:
    """Return the digits of what is reserved from outside."""
    return network.ext_reservations or FREE * subnet(network).num_addresses


def either(network: Network) -> str:
    """Return the digits of what is taken by anybody."""
    pairs = zip(by_instances(network), from_outside(network), strict=False)
    return "".join(TAKEN if TAKEN in pair else FREE for pair in pairs)


def addresses(network: Network, digits: str) -> list[str]:
    """Return the addresses that are taken in *digits*."""
    first = subnet(network).network_address
    return [str(first + n) for n, digit in enumerate(digits) if digit == TAKEN]


def first_free(network: Network, others: Container[str]) -> str | None:
    """Return the lowest address that nobody has, *others* included; None when all are taken."""
    first = subnet(network).network_address
    for n, digit in enumerate(either(network)):
        if digit == FREE and str(first + n) not in others:
            return str(first + n)
    return None


def changed(digits: str, offsets: Iterable[int], digit: str) -> str:
    """Return *digits* with *digit* at *offsets*."""
    fresh = list(digits)
    for n in offsets:
        fresh[n] = digit
    return "".join(fresh)


def used(instances: Iterable[Instance]) -> Iterator[tuple[str, str]]:
    """Yield (network uuid, address) of each NIC of *instances* that has both."""
    for instance in instances:
        for nic in instance.nics:
            if nic.network is not None and nic.ip is not None:
                yield nic.network, nic.ip


def recounted(network: Network, instances: Iterable[Instance]) -> Network:
    """Return *network* with the digits of what *instances* really use."""
    mine = (offset(network, address) for uuid, address in used(instances) if uuid == network.uuid)
    nothing = FREE * subnet(network).num_addresses
    digits = changed(nothing, (at for at in mine if at is not None), TAKEN)
    fresh: Network = msgspec.structs.replace(network, reservations=digits)
    return fresh


def settled(before: Cluster, change: Change) -> Change:
    """Return *change* of *before* with the networks whose pools it changes through NICs.

    Raise `errors.ConfigurationError` when an address would be given twice.
    """
    instances = before.instances
    touched = [*change.drop_instances, *(row.uuid for row in change.instances)]
    gone = set(used(instances[uuid] for uuid in touched if uuid in instances))
    now = list(used(change.instances))
    if not gone and not now:
        return change
    rows = {row.uuid: row for row in change.networks}
    here = {**before.networks, **rows}
    for uuid in sorted({uuid for uuid, _ in gone.symmetric_difference(now)} & here.keys()):
        released = [address for network, address in gone if network == uuid]
        given = [address for network, address in now if network == uuid]
        rows[uuid] = _moved(here[uuid], released, given)
    _require_once(now, here)
    return msgspec.structs.replace(change, networks=tuple(rows.values()))


def _moved(network: Network, released: list[str], given: list[str]) -> Network:
    digits = changed(by_instances(network), _offsets(network, released), FREE)
    for address in given:
        at = offset(network, address)
        if at is not None and digits[at] == TAKEN:
            raise _twice(network, address)
        if at is not None:
            digits = changed(digits, (at,), TAKEN)
    return msgspec.structs.replace(network, reservations=digits)


def _offsets(network: Network, released: Iterable[str]) -> Iterator[int]:
    for address in released:
        at = offset(network, address)
        if at is not None:
            yield at


def _require_once(now: list[tuple[str, str]], networks: Mapping[str, Network]) -> None:
    """Raise if two NICs of one change have the same address in a network."""
    seen: set[tuple[str, str]] = set()
    for uuid, address in now:
        if (uuid, address) in seen and uuid in networks:
            raise _twice(networks[uuid], address)
        seen.add((uuid, address))


def _twice(network: Network, address: str) -> errors.ConfigurationError:
    return errors.ConfigurationError(
        f"Address {address} of network {network.name} would be given twice; "
        f"'gnt-network info {network.name}' shows who has it."
    )
