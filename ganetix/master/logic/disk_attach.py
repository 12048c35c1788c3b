"""Disks that leave an instance with all that is on them, and find another."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance

EVERYWHERE: Final = frozenset({"sharedfile", "gluster", "rbd", "ext", "blockdev"})
"""Templates whose disks every node sees."""


def found(
    cluster: Cluster, instance: Instance, given: Mapping[Any, Any], others: Sequence[Disk]
) -> Disk:
    """Return the disk that *given* names, by uuid or by name, for *instance* with *others*.

    Raise `errors.OpPrereqError` unless there is exactly one, which belongs to nobody and is where
    the instance is.
    """
    disk = _named(cluster, given)
    owner = cluster.indexes.disk_owner.get(disk.uuid)
    detached = owner == instance.uuid and all(one.uuid != disk.uuid for one in others)
    if owner is not None and not detached:
        raise errors.OpPrereqError(
            f"Disk {disk.uuid} belongs to instance {cluster.instances[owner].name}; "
            "'gnt-instance modify --disk N:detach' takes it from there.",
            errors.STATE,
        )
    nodes = cluster.nodes_of(instance)
    if disk.dev_type not in EVERYWHERE and set(disk.nodes) != set(nodes):
        where = ", ".join(cluster.nodes[uuid].name for uuid in disk.nodes)
        raise errors.OpPrereqError(
            f"Disk {disk.uuid} is on {where}, where instance {instance.name} is not; "
            "move the instance there first.",
            errors.STATE,
        )
    return disk


def _named(cluster: Cluster, given: Mapping[Any, Any]) -> Disk:
    keys = [key for key in ("uuid", "name") if given.get(key) is not None]
    if len(keys) != 1 or set(given) - {"uuid", "name"}:
        raise errors.OpPrereqError(
            "A disk to attach is named by its uuid or by its name, and by nothing else; "
            "give attach:uuid=UUID or attach:name=NAME.",
            errors.INVAL,
        )
    wanted = str(given[keys[0]])
    rows = [disk for disk in cluster.disks.values() if getattr(disk, keys[0]) == wanted]
    if len(rows) != 1:
        problem = "no disk" if not rows else "more than one disk"
        raise errors.OpPrereqError(
            f"There is {problem} with the {keys[0]} '{wanted}'.", errors.NOENT
        )
    return rows[0]


def require_detachable(disk: Disk, index: int) -> None:
    """Raise `errors.OpPrereqError` if *disk* can't be without an instance."""
    if disk.dev_type == "drbd":
        raise errors.OpPrereqError(
            f"Disk {index} is mirrored by DRBD; its port and minors are an instance's. Convert the "
            "instance to plain disks first.",
            errors.STATE,
        )
