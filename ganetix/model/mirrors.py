"""What a DRBD disk takes of its cluster: a minor on each of its nodes, a port, a secret. Pure.

``logical_id`` is ``[node A, node B, port, minor A, minor B, secret]``. A port of 0 means that one
is still to be given: `with_ports` does that when the disk gets into the configuration.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from ganetix.ids import Randomness
from ganetix.model import ports
from ganetix.model.change import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance

META_SIZE: Final = 128
"""MiB of a metadata volume."""

_SECRET: Final = 20


def lowest_minor(cluster: Cluster, node: str, others: Iterable[Disk] = ()) -> int:
    """Return the lowest minor of *node* that neither the cluster nor *others* use."""
    taken = {minor for where, minor in cluster.indexes.minors if where == node}
    taken |= {minor for disk in others for where, minor in _minors(disk) if where == node}
    return next(minor for minor in range(len(taken) + 1) if minor not in taken)


def logical_id(
    cluster: Cluster, nodes: Sequence[str], randomness: Randomness, others: Iterable[Disk] = ()
) -> list[Any]:
    """Return the ``logical_id`` of a new mirror between two *nodes*, its port still 0."""
    known = list(others)
    minors = [lowest_minor(cluster, node, known) for node in nodes]
    return [*nodes, 0, *minors, randomness.secret(_SECRET)]


def moved(
    cluster: Cluster, disk: Disk, primary: str, secondary: str, others: Iterable[Disk] = ()
) -> Disk:
    """Return *disk* with its mirror on *secondary* instead of where it was; the port stays.

    *others* are moved as well and not in the cluster yet.
    """
    node_a, _, port, minor_a, minor_b, secret = disk.logical_id
    own = minor_a if node_a == primary else minor_b
    there = lowest_minor(cluster, secondary, others)
    fresh = [primary, secondary, port, own, there, secret]
    nodes = [primary, secondary]
    children = [msgspec.structs.replace(child, nodes=nodes) for child in disk.children]
    return msgspec.structs.replace(disk, logical_id=fresh, nodes=nodes, children=children)


def with_ports(cluster: Cluster, change: Change) -> Change:
    """Return *change* of *cluster* with ports for its mirrored disks that have none yet."""
    lacking = sum(1 for disk in change.disks if _lacks(disk))
    if not lacking:
        return change
    settings = change.cluster or cluster.cluster
    found, taken = ports.take(msgspec.structs.replace(cluster, cluster=settings), lacking)
    left = iter(found)
    rows = tuple(_with_port(disk, next(left)) if _lacks(disk) else disk for disk in change.disks)
    return msgspec.structs.replace(change, disks=rows, cluster=taken.cluster)


def ports_of(disks: Iterable[Disk]) -> set[int]:
    """Return the ports that *disks* have."""
    return {int(disk.logical_id[2]) for disk in disks if disk.dev_type == "drbd"} - {0}


def without_instance(cluster: Cluster, instance: Instance) -> Change:
    """Return the change that forgets *instance* with its disks and gives their ports back."""
    own = cluster.disks_of(instance)
    freed = ports_of(own) | ({instance.network_port} if instance.network_port else set())
    gone = Change(drop_instances=(instance.uuid,), drop_disks=tuple(instance.disks))
    return with_freed(cluster, gone, freed)


def with_freed(cluster: Cluster, change: Change, freed: Iterable[int]) -> Change:
    """Return *change* with the ports *freed* given back."""
    settings = change.cluster or cluster.cluster
    pool = sorted({*settings.tcpudp_port_pool, *freed})
    if pool == sorted(settings.tcpudp_port_pool):
        return change
    return msgspec.structs.replace(
        change, cluster=msgspec.structs.replace(settings, tcpudp_port_pool=pool)
    )


def _minors(disk: Disk) -> list[tuple[str, int]]:
    if disk.dev_type != "drbd":
        return []
    node_a, node_b, _, minor_a, minor_b = disk.logical_id[:5]
    return [(node_a, minor_a), (node_b, minor_b)]


def _lacks(disk: Disk) -> bool:
    return disk.dev_type == "drbd" and not disk.logical_id[2]


def _with_port(disk: Disk, port: int) -> Disk:
    head, tail = disk.logical_id[:2], disk.logical_id[3:]
    return msgspec.structs.replace(disk, logical_id=[*head, port, *tail])
