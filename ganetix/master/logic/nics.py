"""NICs of instances: what a request may say, and the NIC that comes of it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.ids import Randomness, valid_ip
from ganetix.master.logic.disks import disk_name
from ganetix.model import params, schema
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Nic

MAX_NICS: Final = 8
AUTO: Final = ("auto", "generate")
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_OWN: Final = ("mode", "link", "vlan")


def new_nics(
    cluster: Cluster, given: Sequence[Mapping[Any, Any]], randomness: Randomness
) -> list[Nic]:
    """Return the NICs that *given* asks for; raise `errors.OpPrereqError`."""
    made: list[Nic] = []
    for index, row in enumerate(given):
        made.append(new_nic(cluster, index, row, made, randomness))
    require_count(len(made))
    return made


def require_count(count: int) -> None:
    """Raise `errors.OpPrereqError` if an instance can't have *count* NICs."""
    if count > MAX_NICS:
        raise errors.OpPrereqError(
            f"{count} NICs were given; an instance has at most {MAX_NICS}.", errors.INVAL
        )


def new_nic(
    cluster: Cluster,
    index: int,
    given: Mapping[str, Any],
    others: Sequence[Nic],
    randomness: Randomness,
) -> Nic:
    """Return NIC *index* as *given* asks; *others* are the NICs that the instance has besides."""
    mac = str(given.get("mac") or "auto").lower()
    if mac in AUTO:
        used = {nic.mac for nic in others} | cluster.indexes.macs.keys()
        mac = randomness.mac(cluster.cluster.mac_prefix, used)
    _require_free(cluster, index, mac, others)
    nic = Nic(uuid=randomness.uuid(), mac=mac)
    return modified(cluster, index, nic, {**given, "mac": mac}, others)


def modified(
    cluster: Cluster, index: int, nic: Nic, given: Mapping[str, Any], others: Sequence[Nic]
) -> Nic:
    """Return *nic* with the changes *given*; raise `errors.OpPrereqError`."""
    _require_no_network(index, given)
    fresh = msgspec.structs.replace(
        nic,
        mac=_mac(cluster, index, nic, given, others),
        ip=_ip(index, nic, given),
        name=disk_name(given["name"]) if "name" in given else nic.name,
        nicparams=_nicparams(nic, given),
    )
    _check(cluster, index, fresh, others)
    return fresh


def _require_no_network(index: int, given: Mapping[str, Any]) -> None:
    network = given.get("network")
    if network not in (None, schema.NONE, "") or given.get("ip") == "pool":
        raise errors.OpPrereqError(
            f"NIC {index}: networks and their address pools are not available in this release; "
            "give mode and link instead of a network.",
            errors.INVAL,
        )


def _mac(
    cluster: Cluster, index: int, nic: Nic, given: Mapping[str, Any], others: Sequence[Nic]
) -> str:
    mac = str(given.get("mac") or nic.mac).lower()
    if not _MAC.fullmatch(mac):
        raise errors.OpPrereqError(
            f"NIC {index}: '{mac}' is not a MAC address; give six pairs of hexadecimal digits, "
            "or 'auto'.",
            errors.INVAL,
        )
    if mac != nic.mac:
        _require_free(cluster, index, mac, others)
    return mac


def _require_free(cluster: Cluster, index: int, mac: str, others: Sequence[Nic]) -> None:
    if mac in cluster.indexes.macs or any(mac == other.mac for other in others):
        raise errors.OpPrereqError(
            f"NIC {index}: MAC address {mac} is already in use; choose another or 'auto'.",
            errors.NOTUNIQUE,
        )


def _ip(index: int, nic: Nic, given: Mapping[str, Any]) -> str | None:
    if "ip" not in given:
        return nic.ip
    address = given["ip"]
    if address is None or str(address).lower() in (schema.NONE, ""):
        return None
    if not valid_ip(str(address)):
        raise errors.OpPrereqError(
            f"NIC {index}: '{address}' is not an IP address; give one, or 'none'.", errors.INVAL
        )
    return str(address)


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
    if nic.ip is None:
        return
    users = (
        (one, instance.name) for instance in cluster.instances.values() for one in instance.nics
    )
    for one, owner in (*((one, "the same instance") for one in others), *users):
        if one.ip == nic.ip and one.uuid != nic.uuid and one.network == nic.network:
            raise errors.OpPrereqError(
                f"NIC {index}: IP address {nic.ip} is already used by {owner}; choose another.",
                errors.NOTUNIQUE,
            )
