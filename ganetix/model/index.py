"""The indexes of a configuration: kept up to date by what a change touches, checked as they go."""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

import attrs
import msgspec

from ganetix import errors
from ganetix.model.change import Change
from ganetix.model.cluster import Cluster, Indexes
from ganetix.model.objects import Disk, Instance

K = TypeVar("K")
_NONE: frozenset[str] = frozenset()


@attrs.define
class _Draft(Generic[K]):
    """One index, copied only when it is touched."""

    what: str
    base: Mapping[K, str]
    rows: dict[K, str] | None = None

    def _own(self) -> dict[K, str]:
        if self.rows is None:
            self.rows = dict(self.base)
        return self.rows

    def drop(self, key: K) -> None:
        self._own().pop(key, None)

    def put(self, key: K, uuid: str) -> None:
        rows = self._own()
        other = rows.setdefault(key, uuid)
        if other != uuid:
            raise errors.ConfigurationError(
                f"{self.what} {key} would belong to both {other} and {uuid}."
            )

    def done(self) -> Mapping[K, str]:
        return self.base if self.rows is None else self.rows


def updated(before: Cluster, after: Cluster, change: Change) -> Indexes:
    """Return *after*'s indexes, from *before*'s and what *change* touches.

    Raise `errors.ConfigurationError` when a name, address, port or minor would have two owners, or
    an object would refer to one that is not there.
    """
    fresh: dict[str, Any] = {}
    old = before.indexes
    for table, index in (
        ("nodes", "node_names"),
        ("nodegroups", "group_names"),
        ("networks", "network_names"),
    ):
        if getattr(change, table) or getattr(change, f"drop_{table}"):
            fresh[index] = _names(table, getattr(old, index), before, change)
    touched = _touched_instances(before, change)
    if touched or change.disks or change.drop_disks:
        fresh |= _instances(before, after, change, touched)
    _check_references(after, change)
    return msgspec.structs.replace(old, **fresh) if fresh else old


def _names(
    table: str, base: Mapping[str, str], before: Cluster, change: Change
) -> Mapping[str, str]:
    draft = _Draft(f"The name in {table}", base)
    rows = getattr(before, table)
    gone = [*getattr(change, f"drop_{table}"), *(row.uuid for row in getattr(change, table))]
    for uuid in gone:
        if uuid in rows:
            draft.drop(rows[uuid].name)
    for row in getattr(change, table):
        draft.put(row.name, row.uuid)
    return draft.done()


def _touched_instances(before: Cluster, change: Change) -> set[str]:
    """Uuids of instances whose index entries may differ."""
    touched = {row.uuid for row in change.instances if not _same_entries(before, row)}
    touched |= set(change.drop_instances)
    owners = before.indexes.disk_owner
    for disk in change.disks:
        if (owner := owners.get(disk.uuid)) is not None:
            touched.add(owner)
    return touched


def _same_entries(before: Cluster, row: Instance) -> bool:
    """Whether *row* has the same entries as before: then no index is copied for its sake."""
    old = before.instances.get(row.uuid)
    return old is not None and (
        (old.name, old.nics, old.network_port, old.disks, old.primary_node)
        == (row.name, row.nics, row.network_port, row.disks, row.primary_node)
    )


def _instances(
    before: Cluster, after: Cluster, change: Change, touched: Iterable[str]
) -> dict[str, Any]:
    old = before.indexes
    names: _Draft[str] = _Draft("The instance name", old.instance_names)
    macs: _Draft[str] = _Draft("The MAC address", old.macs)
    ports: _Draft[int] = _Draft("The port", old.ports)
    minors: _Draft[tuple[str, int]] = _Draft("The DRBD minor", old.minors)
    owners: _Draft[str] = _Draft("The disk", old.disk_owner)
    places = {"primaries": dict(old.primaries), "secondaries": dict(old.secondaries)}
    was = [before.instances[uuid] for uuid in touched if uuid in before.instances]
    now = [after.instances[uuid] for uuid in touched if uuid in after.instances]
    for instance in was:
        names.drop(instance.name)
        for nic in instance.nics:
            macs.drop(nic.mac)
        if instance.network_port is not None:
            ports.drop(instance.network_port)
        for uuid in instance.disks:
            owners.drop(uuid)
            _disk_entries(before.disks[uuid], ports.drop, minors.drop)
        _place(before, instance, places, add=False)
    for instance in now:
        names.put(instance.name, instance.uuid)
        for nic in instance.nics:
            macs.put(nic.mac, instance.uuid)
        if instance.network_port is not None:
            ports.put(instance.network_port, instance.uuid)
        for uuid in instance.disks:
            disk = _disk(after, instance, uuid)
            owners.put(uuid, instance.uuid)
            _disk_entries(
                disk, lambda p, u=uuid: ports.put(p, u), lambda m, u=uuid: minors.put(m, u)
            )
        _place(after, instance, places, add=True)
    return {
        "instance_names": names.done(),
        "macs": macs.done(),
        "ports": ports.done(),
        "minors": minors.done(),
        "disk_owner": owners.done(),
        **places,
    }


def _disk(after: Cluster, instance: Instance, uuid: str) -> Disk:
    try:
        return after.disks[uuid]
    except KeyError:
        raise errors.ConfigurationError(
            f"Instance {instance.name} names disk {uuid}, which is not in the configuration."
        ) from None


def _disk_entries(disk: Disk, port: Any, minor: Any) -> None:
    """Call *port* and *minor* with what a DRBD disk uses."""
    if disk.dev_type == "drbd":
        node_a, node_b, number, minor_a, minor_b = disk.logical_id[:5]
        port(number)
        minor((node_a, minor_a))
        minor((node_b, minor_b))


def _place(
    cluster: Cluster, instance: Instance, places: dict[str, dict[str, frozenset[str]]], *, add: bool
) -> None:
    rows = [("primaries", instance.primary_node)]
    rows += [("secondaries", uuid) for uuid in cluster.secondaries_of(instance)]
    for which, node in rows:
        held = places[which].get(node, _NONE)
        one = frozenset((instance.uuid,))
        left = held | one if add else held - one
        if left:
            places[which][node] = left
        else:
            places[which].pop(node, None)


def _check_references(after: Cluster, change: Change) -> None:
    for instance in change.instances:
        if instance.primary_node not in after.nodes:
            raise errors.ConfigurationError(
                f"Instance {instance.name} has primary node {instance.primary_node}, "
                "which is not in the configuration."
            )
    for node in change.nodes:
        if node.group not in after.nodegroups:
            raise errors.ConfigurationError(
                f"Node {node.name} is in group {node.group}, which is not in the configuration."
            )
    _check_drops(after, change)
    if after.cluster.master_node not in after.nodes:
        raise errors.ConfigurationError(
            f"The master node {after.cluster.master_node} is not in the configuration."
        )


def _check_drops(after: Cluster, change: Change) -> None:
    index = after.indexes
    for uuid in change.drop_nodes:
        if index.primaries.get(uuid) or index.secondaries.get(uuid):
            raise errors.ConfigurationError(f"Node {uuid} can't go: instances use it.")
    for uuid in change.drop_nodegroups:
        if any(node.group == uuid for node in after.nodes.values()):
            raise errors.ConfigurationError(f"Node group {uuid} can't go: it has nodes.")
    for uuid in change.drop_networks:
        if any(uuid in group.networks for group in after.nodegroups.values()):
            raise errors.ConfigurationError(f"Network {uuid} can't go: groups are connected to it.")
