"""NICs of instances: what a request may say, and the NIC that comes of it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.master.logic import nic_addresses
from ganetix.master.logic.disk_requests import disk_name
from ganetix.master.logic.nic_addresses import Site
from ganetix.master.logic.unit import Context
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Network, Nic

MAX_NICS: Final = 8
AUTO: Final = ("auto", "generate")
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_OWN: Final = ("mode", "link", "vlan")


def new_nics(site: Site, given: Sequence[Mapping[Any, Any]]) -> list[Nic]:
    """Return the NICs that *given* asks for; raise `errors.OpPrereqError`."""
    made: list[Nic] = []
    for index, row in enumerate(given):
        made.append(new_nic(site, index, row, made))
    require_count(len(made))
    return made


def require_count(count: int) -> None:
    """Raise `errors.OpPrereqError` if an instance can't have *count* NICs."""
    if count > MAX_NICS:
        raise errors.OpPrereqError(
            f"{count} NICs were given; an instance has at most {MAX_NICS}.", errors.INVAL
        )


def new_nic(site: Site, index: int, given: Mapping[str, Any], others: Sequence[Nic]) -> Nic:
    """Return NIC *index* as *given* asks; *others* are the NICs that the instance has besides."""
    nic = Nic(uuid=site.randomness.uuid(), mac="")
    return modified(site, index, nic, {**given, "mac": given.get("mac") or AUTO[0]}, others)


def modified(
    site: Site, index: int, nic: Nic, given: Mapping[str, Any], others: Sequence[Nic]
) -> Nic:
    """Return *nic* with the changes *given*; raise `errors.OpPrereqError`."""
    network = nic_addresses.network_of(site, index, nic, given)
    asked = (network, given.get("ip", nic.ip))
    fresh = msgspec.structs.replace(
        nic,
        mac=_mac(site, index, nic, given, others),
        ip=nic_addresses.address_of(site, index, nic, asked, others),
        name=disk_name(given["name"]) if "name" in given else nic.name,
        network=None if network is None else network.uuid,
        nicparams=_nicparams(nic, given) if network is None else _connected(site, network, given),
    )
    _check(site.cluster, index, fresh, others)
    return fresh


def reserve(context: Context, before: Sequence[Nic], after: Sequence[Nic]) -> None:
    """Keep the addresses that NICs *after* have and those *before* have not from other opcodes."""
    had = {(nic.network, nic.ip) for nic in before}
    for nic in after:
        if nic.network is not None and nic.ip is not None and (nic.network, nic.ip) not in had:
            context.reserve(nic.network, nic.ip)


def _mac(site: Site, index: int, nic: Nic, given: Mapping[str, Any], others: Sequence[Nic]) -> str:
    cluster = site.cluster
    mac = str(given.get("mac") or nic.mac).lower()
    if mac in AUTO:
        network = nic_addresses.network_of(site, index, nic, given)
        prefix = (network and network.mac_prefix) or cluster.cluster.mac_prefix
        used = {other.mac for other in others} | cluster.indexes.macs.keys()
        return site.randomness.mac(prefix, used)
    if not _MAC.fullmatch(mac):
        raise errors.OpPrereqError(
            f"NIC {index}: '{mac}' is not a MAC address; give six pairs of hexadecimal digits, "
            "or 'auto'.",
            errors.INVAL,
        )
    elsewhere = mac in cluster.indexes.macs and mac not in site.own_macs
    if mac != nic.mac and (elsewhere or any(mac == one.mac for one in others)):
        raise errors.OpPrereqError(
            f"NIC {index}: MAC address {mac} is already in use; choose another or 'auto'.",
            errors.NOTUNIQUE,
        )
    return mac


def _connected(site: Site, network: Network, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a NIC in *network*: those of the group's connection."""
    own = [key for key in (*_OWN, "bridge") if given.get(key) is not None]
    if own:
        raise errors.OpPrereqError(
            f"{', '.join(own)} of a NIC can't be given together with a network: they come from "
            f"the connection of {network.name} to node group {site.group.name}.",
            errors.INVAL,
        )
    return dict(site.group.networks[network.uuid])


def _nicparams(nic: Nic, given: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: given[key] for key in _OWN if given.get(key) is not None}
    if given.get("bridge") is not None:
        if "link" in own:
            raise errors.OpPrereqError(
                "'bridge' and 'link' of a NIC mean the same; give one of them.", errors.INVAL
            )
        own["link"] = given["bridge"]
    return params.changed(params.NIC, nic.nicparams, own, "NIC parameter")


def _check(cluster: Cluster, index: int, nic: Nic, others: Sequence[Nic]) -> None:
    if params.nic(cluster, nic.nicparams)["mode"] == "routed" and nic.ip is None:
        raise errors.OpPrereqError(
            f"NIC {index} has mode routed, which needs an IP address; give one.", errors.INVAL
        )
    if nic.ip is None or nic.network is not None:
        return
    users = (
        (one, instance.name) for instance in cluster.instances.values() for one in instance.nics
    )
    for one, owner in (*((one, "the same instance") for one in others), *users):
        if one.ip == nic.ip and one.uuid != nic.uuid and one.network is None:
            raise errors.OpPrereqError(
                f"NIC {index}: IP address {nic.ip} is already used by {owner}; choose another.",
                errors.NOTUNIQUE,
            )
