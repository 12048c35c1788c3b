"""``config.ini`` of an export: the instance as it was, in the reference's layout. Pure."""

from collections.abc import Mapping, Sequence
from configparser import Error, RawConfigParser
from io import StringIO
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.master.logic.specs import nic_dict
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance

VERSION: Final = 0
NONE: Final = "None"
"""How the reference writes an address or a name that there is not."""


class _Sections(RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        """See `RawConfigParser`: names keep their case."""
        return optionstr


def text_of(
    cluster: Cluster,
    instance: Instance,
    disks: Sequence[Disk],
    dumped: Mapping[int, str],
    now: float,
) -> str:
    """Return the file for *instance*; *dumped* has the dump's name for each index that has one.

    *now* is seconds since the epoch.
    """
    backend = params.of_backend(cluster, instance)
    made = _Sections()
    made["export"] = {
        "version": str(VERSION),
        "timestamp": str(int(now)),
        "source": instance.primary_node,
        "os": instance.os,
        "compression": "none",
    }
    made["instance"] = {
        "name": instance.name,
        "maxmem": str(backend["maxmem"]),
        "minmem": str(backend["minmem"]),
        "memory": str(backend["maxmem"]),
        "vcpus": str(backend["vcpus"]),
        "disk_template": params.template_of(disks),
        "hypervisor": instance.hypervisor,
        "tags": " ".join(sorted(instance.tags)),
        **_nics(cluster, instance),
        **_disks(disks, dumped),
    }
    made["hypervisor"] = _own_hypervisor(cluster, instance)
    made["backend"] = {key: str(value) for key, value in backend.items()}
    made["os"] = dict(params.os_params(cluster, instance.os, instance.osparams))
    private = params.os_private(cluster, instance.os, instance.osparams_private)
    made["os_private"] = dict(private)
    out = StringIO()
    made.write(out)
    return out.getvalue()


def _own_hypervisor(cluster: Cluster, instance: Instance) -> dict[str, str]:
    known = params.hypervisor_schema(instance.hypervisor)
    filled = params.of_hypervisor(cluster, instance)
    return {key: str(value) for key, value in filled.items() if not known[key].cluster_only}


def _nics(cluster: Cluster, instance: Instance) -> dict[str, str]:
    found = {"nic_count": str(len(instance.nics))}
    for index, nic in enumerate(instance.nics):
        filled = nic_dict(cluster, instance, nic)
        for key in ("mac", "ip", "network", "name", "mode", "link", "vlan"):
            value = nic.network if key == "network" else filled.get(key)
            found[f"nic{index}_{key}"] = NONE if value is None else str(value)
    return found


def _disks(disks: Sequence[Disk], dumped: Mapping[int, str]) -> dict[str, str]:
    found = {"disk_count": str(len(disks))}
    for index, disk in enumerate(disks):
        found[f"disk{index}_ivname"] = f"disk/{index}"
        if index in dumped:
            found[f"disk{index}_dump"] = dumped[index]
        found[f"disk{index}_size"] = str(disk.size)
        found[f"disk{index}_name"] = disk.name or NONE
    return found


@attrs.frozen
class Exported:
    """What an export tells of its instance; *dumps* has None for a disk without contents."""

    name: str
    os: str
    instance: Mapping[str, str]
    hypervisor: Mapping[str, str]
    backend: Mapping[str, str]
    osparams: Mapping[str, str]
    osparams_private: Mapping[str, str]
    disks: tuple[Mapping[str, Any], ...]
    nics: tuple[Mapping[str, str], ...]
    dumps: tuple[str | None, ...]


def parse(text: str, where: str) -> Exported:
    """Return what *text* tells; raise `errors.OpPrereqError`, which names *where*."""
    read = _Sections()
    try:
        read.read_string(text)
        if int(read.get("export", "version")) != VERSION:
            raise errors.OpPrereqError(
                f"{where} has version {read.get('export', 'version')}; only {VERSION} is known.",
                errors.ENVIRON,
            )
        return _exported(read)
    except (Error, ValueError, KeyError) as error:
        raise errors.OpPrereqError(
            f"{where} is no description of an export: {error}.", errors.INVAL
        ) from error


def _exported(read: RawConfigParser) -> Exported:
    rows = dict(read.items("instance"))
    count = range(int(rows["disk_count"]))
    disks = [{"size": int(rows[f"disk{i}_size"]), **_named(rows, f"disk{i}_name")} for i in count]
    return Exported(
        rows["name"],
        read.get("export", "os"),
        rows,
        _section(read, "hypervisor"),
        _section(read, "backend"),
        _section(read, "os"),
        _section(read, "os_private"),
        tuple(disks),
        tuple(_nic(rows, index) for index in range(int(rows["nic_count"]))),
        tuple(rows.get(f"disk{i}_dump") for i in count),
    )


def _section(read: RawConfigParser, name: str) -> dict[str, str]:
    return dict(read.items(name)) if read.has_section(name) else {}


def _named(rows: Mapping[str, str], key: str) -> dict[str, str]:
    name = rows.get(key, NONE)
    return {} if name == NONE else {"name": name}


def _nic(rows: Mapping[str, str], index: int) -> dict[str, str]:
    """Return a NIC as a request has it: a network brings mode, link and VLAN itself."""
    found = {
        key: rows.get(f"nic{index}_{key}", NONE)
        for key in ("mac", "ip", "network", "name", "mode", "link", "vlan")
    }
    known = {key: value for key, value in found.items() if value not in (NONE, "")}
    if "network" in known:
        return {key: known[key] for key in known if key not in ("mode", "link", "vlan")}
    return known
