"""An instance as nodes are told of it, in the requests of several domains."""

from typing import Any

import msgspec

from ganetix.model.objects import Disk, Instance

Params = dict[str, Any]


class InstanceSpec(msgspec.Struct, frozen=True):
    """An instance as a node needs it: parameters filled, disks in order, node names resolved."""

    instance: Instance
    disks: list[Disk]
    hvparams: Params
    beparams: Params
    osparams: dict[str, str]
    nics: list[Params] = []
    """Filled NICs: mac, uuid, name, ip, mode, link, vlan, network_* as the OS interface says."""
    primary_name: str = ""
    secondary_names: list[str] = []
    file_storage_dir: str = ""
