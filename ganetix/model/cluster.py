"""The immutable root of a configuration, with the indexes that make checks cheap."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from ganetix import errors
from ganetix.model.objects import (
    Disk,
    Filter,
    Instance,
    Network,
    Node,
    NodeGroup,
    Settings,
)

CONFIG_VERSION = 3000000

Named = TypeVar("Named")


class Indexes(msgspec.Struct, frozen=True):
    """Lookups derived from the objects; a change updates only what it touches."""

    node_names: Mapping[str, str] = {}
    instance_names: Mapping[str, str] = {}
    group_names: Mapping[str, str] = {}
    network_names: Mapping[str, str] = {}
    macs: Mapping[str, str] = {}
    """MAC address to instance uuid."""
    ports: Mapping[int, str] = {}
    """Network port to instance or disk uuid."""
    minors: Mapping[tuple[str, int], str] = {}
    """(node uuid, DRBD minor) to disk uuid."""
    disk_owner: Mapping[str, str] = {}
    """Disk uuid to instance uuid."""
    primaries: Mapping[str, frozenset[str]] = {}
    """Node uuid to the instances that have it as primary."""
    secondaries: Mapping[str, frozenset[str]] = {}
    """Node uuid to the instances that have it as secondary."""


class Cluster(msgspec.Struct, frozen=True):
    """One state of the whole configuration; `ganetix.model.changes.apply` makes the next one."""

    cluster: Settings
    nodes: Mapping[str, Node] = {}
    nodegroups: Mapping[str, NodeGroup] = {}
    instances: Mapping[str, Instance] = {}
    networks: Mapping[str, Network] = {}
    disks: Mapping[str, Disk] = {}
    filters: Mapping[str, Filter] = {}
    version: int = CONFIG_VERSION
    serial_no: int = 1
    ctime: float = 0.0
    mtime: float = 0.0
    indexes: Indexes = Indexes()

    @property
    def master(self) -> Node:
        """The master node."""
        return self.nodes[self.cluster.master_node]

    def node_named(self, name: str) -> Node:
        """Return the node called *name* (full, unique prefix of labels, or uuid)."""
        return _found("Node", name, self.nodes, self.indexes.node_names, "gnt-node list")

    def instance_named(self, name: str) -> Instance:
        """Return the instance called *name* (full, unique prefix of labels, or uuid)."""
        return _found(
            "Instance", name, self.instances, self.indexes.instance_names, "gnt-instance list"
        )

    def group_named(self, name: str) -> NodeGroup:
        """Return the node group called *name*, or with that uuid."""
        return _found(
            "Node group", name, self.nodegroups, self.indexes.group_names, "gnt-group list"
        )

    def network_named(self, name: str) -> Network:
        """Return the network called *name*, or with that uuid."""
        return _found(
            "Network", name, self.networks, self.indexes.network_names, "gnt-network list"
        )

    def disks_of(self, instance: Instance) -> list[Disk]:
        """Return the disks of *instance* in order."""
        return [self.disks[uuid] for uuid in instance.disks]

    def nodes_of(self, instance: Instance) -> list[str]:
        """Return the node uuids of *instance*: the primary, then the secondaries."""
        return [instance.primary_node, *self.secondaries_of(instance)]

    def disks_by_node(self) -> dict[str, list[Disk]]:
        """Return what each node (uuid) has of all disks, also of those that no instance has."""
        owners = {uuid: one for one in self.instances.values() for uuid in one.disks}
        found: dict[str, list[Disk]] = {}
        for disk in self.disks.values():
            owner = owners.get(disk.uuid)
            for node in disk.nodes if owner is None else holders(disk, owner):
                found.setdefault(node, []).append(disk)
        return found

    def secondaries_of(self, instance: Instance) -> list[str]:
        """Return the node uuids that hold a mirror of *instance*, without the primary."""
        found: dict[str, None] = {}
        for disk in instance.disks:
            for uuid in mirror_nodes(self.disks[disk]):
                if uuid != instance.primary_node:
                    found[uuid] = None
        return list(found)

    def members(self, group: str) -> list[Node]:
        """Return the nodes of the group with uuid *group*, by name."""
        found = (node for node in self.nodes.values() if node.group == group)
        return sorted(found, key=lambda node: node.name)

    def online_nodes(self) -> Iterator[Node]:
        """Yield the nodes that are not marked offline."""
        return (node for node in self.nodes.values() if not node.offline)

    def candidates(self) -> list[Node]:
        """Return the master candidates, the master included, by name."""
        found = (n for n in self.nodes.values() if n.master_candidate and not n.offline)
        return sorted(found, key=lambda node: node.name)


def mirror_nodes(disk: Disk) -> list[str]:
    """Return the node uuids that hold *disk* when it is mirrored by DRBD; else nothing."""
    if disk.dev_type == "drbd":
        return [str(disk.logical_id[0]), str(disk.logical_id[1])]
    return []


def holders(disk: Disk, instance: Instance) -> list[str]:
    """Return the node uuids that hold *disk* of *instance*.

    What ``disk.nodes`` says is left out: a configuration of before has nothing there.
    """
    return mirror_nodes(disk) or [instance.primary_node]


def _found(
    kind: str, name: str, objects: Mapping[str, Named], names: Mapping[str, str], command: str
) -> Named:
    uuid = names.get(name)
    if uuid is None and name in objects:
        uuid = name
    if uuid is None:
        near = [full for full in names if full.startswith(f"{name}.")]
        if len(near) > 1:
            told = ", ".join(sorted(near))
            raise errors.OpPrereqError(
                f"{kind} name '{name}' is ambiguous: it matches {told}. Give the full name.",
                errors.INVAL,
            )
        uuid = names[near[0]] if near else None
    if uuid is None:
        raise errors.OpPrereqError(
            f"{kind} '{name}' is not known to this cluster; '{command}' shows the known ones."
            + errors.near(name, names),
            errors.NOENT,
        )
    return objects[uuid]
