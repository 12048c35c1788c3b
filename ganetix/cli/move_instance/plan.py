"""The requests of a move, as data. Pure."""

from argparse import Namespace
from typing import Any

from ganetix import errors
from ganetix.cli import parameters

_NIC = ("name", "uuid", "ip", "mac", "mode", "link", "vlan", "network")


def creation(
    options: Namespace, name: str, data: dict[str, Any], shown: dict[str, Any]
) -> dict[str, Any]:
    """Return the body that makes the instance there.

    *data* is what the source's ``info`` says of it, *shown* what its prepared export shows.
    """
    body = {
        "__version__": 1,
        "mode": "remote-import",
        "name": options.dest_instance_name or name,
        "disk_template": options.dest_disk_template or data["disk_template"],
        "disks": [_disk(disk) for disk in data["disks"]],
        "nics": _nics(options, data),
        "os_type": data["os"],
        "hypervisor": data["hypervisor"],
        "hvparams": {**data["hv_instance"], **options.hvparams},
        "beparams": {**data["be_instance"], **(parameters.backend(options.beparams) or {})},
        "osparams": {**data["os_instance"], **options.osparams},
        "source_handshake": shown["handshake"],
        "source_x509_ca": shown["x509_ca"],
        "source_instance_name": name,
        "compress": options.compress,
        "start": data["config_state"] == "up",
        "ip_check": False,
        "name_check": False,
    }
    return {**body, **placement(options)}


def placement(options: Namespace) -> dict[str, Any]:
    """Return where the instance goes; raise `errors.OpPrereqError` when nothing says so."""
    if options.iallocator and (options.dest_primary_node or options.dest_secondary_node):
        raise errors.OpPrereqError(
            "Give either an allocator or nodes of the destination, not both.", errors.INVAL
        )
    given = {
        "iallocator": options.iallocator,
        "pnode": options.dest_primary_node,
        "snode": options.dest_secondary_node,
    }
    return {key: value for key, value in given.items() if value is not None}


def _disk(disk: dict[str, Any]) -> dict[str, Any]:
    kept = {"size": disk["size"], "mode": disk["mode"], "name": disk.get("name")}
    return {key: value for key, value in kept.items() if value is not None}


def _nics(options: Namespace, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the NICs, with what was said for some of them; a network brings mode and link."""
    rows = [dict(zip(_NIC, nic, strict=False)) for nic in data["nics"]]
    kept = [
        {key: nic[key] for key in ("ip", "mac", "name", "network") if nic.get(key)} for nic in rows
    ]
    given = parameters.by_index(list(options.nics), "Network interface")
    for index, values in enumerate(given):
        if index < len(kept):
            kept[index].update(values)
        else:
            kept.append(values)
    return kept


def export(shown: dict[str, Any], there: dict[str, Any], compress: str) -> dict[str, Any]:
    """Return the body that sends the instance; *there* is what the destination's log tells."""
    return {
        "mode": "remote",
        "destination": there["disks"],
        "destination_x509_ca": there["x509_ca"],
        "x509_key_name": shown["x509_key_name"],
        "shutdown": True,
        "remove_instance": True,
        "compress": compress,
    }
