"""The environment of OS scripts, as the OS interface names it. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import attrs

from ganetix.guestos.definition import Definition
from ganetix.model.objects import Disk, Instance

PATH: Final = "/sbin:/bin:/usr/sbin:/usr/bin"
FILE_TYPES: Final = ("file", "sharedfile", "gluster")
_NETWORK_KEYS: Final = (
    "name", "uuid", "subnet", "gateway", "subnet6", "gateway6", "mac_prefix", "tags",
)  # fmt: skip


@attrs.frozen
class Target:
    """The instance that a script works on, with filled parameters and assembled disks.

    *disk_paths* are the local paths of *disks*; *nics* have the keys mac, uuid, name, ip, mode,
    link and network_*.
    """

    instance: Instance
    disks: tuple[Disk, ...]
    disk_paths: tuple[str, ...]
    hvparams: Mapping[str, Any]
    beparams: Mapping[str, Any]
    nics: tuple[Mapping[str, Any], ...]
    primary_name: str
    secondary_names: tuple[str, ...]


def core(
    definition: Definition, os_name: str, osparams: Mapping[str, str], debug_level: int
) -> dict[str, str]:
    """Return what every script gets, ``verify`` included."""
    env = {
        "OS_API_VERSION": str(definition.api),
        "OS_NAME": definition.name,
        "OS_VARIANT": definition.variant_of(os_name),
        "DEBUG_LEVEL": str(debug_level),
        "PATH": PATH,
    }
    for name, value in osparams.items():
        env[f"OSP_{name.upper().replace('-', '_')}"] = value
    return env


def full(
    definition: Definition, target: Target, osparams: Mapping[str, str], debug_level: int
) -> dict[str, str]:
    """Return what a script gets that works on an instance."""
    instance = target.instance
    env = core(definition, instance.os, osparams, debug_level)
    env |= {
        "INSTANCE_NAME": instance.name,
        "INSTANCE_OS": instance.os,
        "INSTANCE_UUID": instance.uuid,
        "INSTANCE_CTIME": str(instance.ctime),
        "INSTANCE_MTIME": str(instance.mtime),
        "INSTANCE_PRIMARY_NODE": target.primary_name,
        "INSTANCE_SECONDARY_NODES": " ".join(target.secondary_names),
        "HYPERVISOR": instance.hypervisor,
        "DISK_COUNT": str(len(target.disks)),
        "NIC_COUNT": str(len(target.nics)),
    }
    env |= {f"INSTANCE_BE_{key}": str(value) for key, value in target.beparams.items()}
    env |= {f"INSTANCE_HV_{key}": str(value) for key, value in target.hvparams.items()}
    for index, (disk, path) in enumerate(zip(target.disks, target.disk_paths, strict=True)):
        env |= _disk(f"DISK_{index}_", disk, path, target.hvparams)
    for index, nic in enumerate(target.nics):
        env |= _nic(f"NIC_{index}_", nic, target.hvparams)
    return env


def _disk(prefix: str, disk: Disk, path: str, hvparams: Mapping[str, Any]) -> dict[str, str]:
    env = {
        f"{prefix}ACCESS": disk.mode,
        f"{prefix}UUID": disk.uuid,
        f"{prefix}SIZE": str(disk.size),
        f"{prefix}PATH": path,
        f"{prefix}BACKEND_TYPE": "block",
    }
    if disk.dev_type in FILE_TYPES:
        env[f"{prefix}BACKEND_TYPE"] = f"file:{disk.logical_id[0]}"
    if disk.name:
        env[f"{prefix}NAME"] = disk.name
    if hvparams.get("disk_type"):
        env[f"{prefix}FRONTEND_TYPE"] = str(hvparams["disk_type"])
    return env


def _nic(prefix: str, nic: Mapping[str, Any], hvparams: Mapping[str, Any]) -> dict[str, str]:
    env = {f"{prefix}{key.upper()}": str(nic.get(key) or "") for key in ("mac", "uuid", "mode")}
    optional = {
        "NAME": nic.get("name"),
        "IP": nic.get("ip"),
        "LINK": nic.get("link"),
        "BRIDGE": nic.get("link") if nic.get("mode") == "bridged" else None,
        "FRONTEND_TYPE": hvparams.get("nic_type"),
    }
    for key in _NETWORK_KEYS:
        value = nic.get(f"network_{key}")
        optional[f"NETWORK_{key.upper()}"] = " ".join(value) if key == "tags" and value else value
    return env | {f"{prefix}{key}": str(value) for key, value in optional.items() if value}
