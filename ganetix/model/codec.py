"""``config.data``: the reference's JSON shape, read and written whole.

A field that this release does not know is not refused, and is gone when the file is next written:
keep a copy of the file before taking over a cluster of a newer release.
"""

from typing import Any

import msgspec

from ganetix import errors
from ganetix.model import upgrades
from ganetix.model.changes import Change, apply
from ganetix.model.cluster import CONFIG_VERSION, Cluster
from ganetix.model.objects import (
    Disk,
    Filter,
    Instance,
    Network,
    Node,
    NodeGroup,
    Settings,
)


class ConfigData(msgspec.Struct, frozen=True):
    """The file's top level."""

    version: int
    cluster: Settings
    nodes: dict[str, Node]
    nodegroups: dict[str, NodeGroup]
    instances: dict[str, Instance]
    networks: dict[str, Network]
    disks: dict[str, Disk]
    filters: dict[str, Filter]
    serial_no: int
    ctime: float
    mtime: float


def encode_config(cluster: Cluster) -> bytes:
    """Return *cluster* as ``config.data`` holds it."""
    return msgspec.json.encode(data_of(cluster))


def data_of(cluster: Cluster) -> ConfigData:
    """Return *cluster* as the file's top level, without its indexes."""
    return ConfigData(
        version=cluster.version,
        cluster=cluster.cluster,
        nodes=dict(cluster.nodes),
        nodegroups=dict(cluster.nodegroups),
        instances=dict(cluster.instances),
        networks=dict(cluster.networks),
        disks=dict(cluster.disks),
        filters=dict(cluster.filters),
        serial_no=cluster.serial_no,
        ctime=cluster.ctime,
        mtime=cluster.mtime,
    )


def decode_config(data: bytes, name: str = "config.data") -> Cluster:
    """Return the configuration in *data*, upgraded to this release's version and checked whole.

    *name* is the file, for messages. Raise `errors.ConfigurationError` for what is torn, truncated
    or contradicts itself, `errors.ConfigVersionMismatch` for a version that can't be read.
    """
    return indexed(decode_data(data, name))


def decode_data(data: bytes, name: str) -> ConfigData:
    """Return the file's content as records, not yet checked for references; raises as above."""
    try:
        raw = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise errors.ConfigurationError(
            f"{name} ({len(data)} bytes) is not a whole JSON document: {error}. "
            "It is torn or truncated; restore it from a master candidate's copy or a backup."
        ) from error
    try:
        return msgspec.convert(upgrades.upgraded(raw, name), ConfigData)
    except msgspec.ValidationError as error:
        raise errors.ConfigurationError(
            f"{name} is not a cluster configuration: {error}. "
            "Restore it from a master candidate's copy or a backup."
        ) from error


def indexed(data: ConfigData) -> Cluster:
    """Return the `Cluster` of *data* with all indexes, every reference checked."""
    bare = Cluster(cluster=data.cluster)
    everything = Change(
        cluster=data.cluster,
        **{table: tuple(rows.values()) for table, rows in _tables(data).items()},
    )
    whole = apply(bare, everything, data.mtime)
    return msgspec.structs.replace(
        whole, version=CONFIG_VERSION, serial_no=data.serial_no, ctime=data.ctime, mtime=data.mtime
    )


def _tables(data: ConfigData) -> dict[str, dict[str, Any]]:
    return {
        "nodes": data.nodes,
        "nodegroups": data.nodegroups,
        "instances": data.instances,
        "networks": data.networks,
        "disks": data.disks,
        "filters": data.filters,
    }
