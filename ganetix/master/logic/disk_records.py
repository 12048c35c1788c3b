"""The records of disks: new ones for each template, and as nodes get them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.model import mirrors, params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk

LVM: Final = ("plain", "drbd")


@attrs.frozen
class Wanted:
    """One disk as it was asked for; *size* in MiB. *vg*, *metavg*, *adopt*: None if not given."""

    size: int
    mode: str = "rw"
    name: str | None = None
    spindles: int | None = None
    vg: str | None = None
    metavg: str | None = None
    adopt: str | None = None


@attrs.frozen
class Where:
    """Where new disks of *template* will be: on *nodes*, the primary first.

    *directory* is (driver, directory of the instance) for disks that are files.
    """

    cluster: Cluster
    template: str
    nodes: tuple[str, ...]
    directory: tuple[str, str]
    randomness: Randomness


def new_disk(where: Where, wanted: Wanted, index: int, others: Sequence[Disk] = ()) -> Disk:
    """Return disk *index* as *wanted*; *others* are new as well and not in the cluster yet."""
    bare = Disk(
        uuid=where.randomness.uuid(),
        dev_type=where.template,
        logical_id=[],
        size=wanted.size,
        iv_name=f"disk/{index}",
        mode=wanted.mode,
        name=wanted.name,
        spindles=wanted.spindles,
        nodes=list(where.nodes),
    )
    if where.template == "plain":
        return _at(bare, [_group(where, wanted.vg), f"{where.randomness.uuid()}.disk{index}"])
    if where.template == "drbd":
        return _mirror(where, wanted, index, bare, others)
    if where.template == "blockdev":
        return _at(bare, ["manual", wanted.adopt])
    driver, directory = where.directory
    path = f"{directory}/{where.randomness.uuid()}.{where.template}.disk{index}"
    return _at(bare, [driver, path])


def _at(disk: Disk, place: list[Any]) -> Disk:
    return msgspec.structs.replace(disk, logical_id=place)


def _mirror(where: Where, wanted: Wanted, index: int, bare: Disk, others: Sequence[Disk]) -> Disk:
    group = _group(where, wanted.vg)
    name = f"{where.randomness.uuid()}.disk{index}"
    data = Disk(
        uuid=where.randomness.uuid(),
        dev_type="plain",
        logical_id=[group, f"{name}_data"],
        size=wanted.size,
        nodes=list(where.nodes),
    )
    return mirrored(where, bare, data, wanted.metavg, others)


def mirrored(
    where: Where, disk: Disk, data: Disk, metavg: str | None, others: Sequence[Disk] = ()
) -> Disk:
    """Return *disk* as a mirror whose data are on the volume *data*."""
    cluster = where.cluster
    group = cluster.nodegroups[cluster.nodes[where.nodes[0]].group]
    place = metavg or str(params.disk(cluster, group, "drbd")["metavg"])
    name = str(data.logical_id[1]).removesuffix("_data")
    meta = Disk(
        uuid=where.randomness.uuid(),
        dev_type="plain",
        logical_id=[place, f"{name}_meta"],
        size=mirrors.META_SIZE,
        nodes=list(where.nodes),
    )
    return msgspec.structs.replace(
        disk,
        dev_type="drbd",
        logical_id=mirrors.logical_id(cluster, where.nodes, where.randomness, others),
        nodes=list(where.nodes),
        children=[msgspec.structs.replace(data, nodes=list(where.nodes)), meta],
    )


def _group(where: Where, given: str | None) -> str:
    group = given or where.cluster.cluster.volume_group_name
    if group is None:
        raise errors.OpPrereqError(
            "The cluster has no volume group for disks of template "
            f"{where.template}; give the disk one with vg=..., or set one with "
            "'gnt-cluster modify --vg-name'.",
            errors.STATE,
        )
    return group


def sent(cluster: Cluster, disk: Disk) -> Disk:
    """Return *disk* as a node gets it: parameters filled in, names and addresses of a mirror."""
    if disk.dev_type not in LVM:
        return disk
    primary = cluster.nodes.get(disk.nodes[0] if disk.nodes else "", cluster.master)
    filled = params.disk(cluster, cluster.nodegroups[primary.group], disk.dev_type)
    if disk.dev_type == "plain":
        exclusive = bool(params.node(cluster, primary)["exclusive_storage"])
        own = {"stripes": filled["stripes"], **({"exclusive": True} if exclusive else {})}
        return msgspec.structs.replace(disk, params=own)
    stripes = (filled["data-stripes"], filled["meta-stripes"])
    children = [
        msgspec.structs.replace(child, params={"stripes": count})
        for child, count in zip(disk.children, stripes, strict=True)
    ]
    return msgspec.structs.replace(
        disk, params={**_mirror_params(filled), "peers": _peers(cluster, disk)}, children=children
    )


_RENAMED: Final = {"disk-barriers": "disabled-barriers", "meta-barriers": "disable-meta-flush"}
_OF_VOLUMES: Final = ("data-stripes", "meta-stripes", "metavg")


def _mirror_params(filled: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template's parameters under the names of the device's."""
    return {
        _RENAMED.get(name, name): value for name, value in filled.items() if name not in _OF_VOLUMES
    }


def _peers(cluster: Cluster, disk: Disk) -> list[list[str]]:
    """Return name and storage address of both nodes, in the order of ``logical_id``."""
    both = [cluster.nodes[str(uuid)] for uuid in disk.logical_id[:2]]
    return [[node.name, node.secondary_ip] for node in both]
