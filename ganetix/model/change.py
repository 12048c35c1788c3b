"""What a change of the configuration says: which objects become what, and which go."""

from typing import Final

import msgspec

from ganetix.model.objects import Disk, Filter, Instance, Network, Node, NodeGroup, Settings


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """Objects that become as given here, and the uuids of those that go."""

    cluster: Settings | None = None
    nodes: tuple[Node, ...] = ()
    nodegroups: tuple[NodeGroup, ...] = ()
    instances: tuple[Instance, ...] = ()
    networks: tuple[Network, ...] = ()
    disks: tuple[Disk, ...] = ()
    filters: tuple[Filter, ...] = ()
    drop_nodes: tuple[str, ...] = ()
    drop_nodegroups: tuple[str, ...] = ()
    drop_instances: tuple[str, ...] = ()
    drop_networks: tuple[str, ...] = ()
    drop_disks: tuple[str, ...] = ()
    drop_filters: tuple[str, ...] = ()


TABLES: Final = ("nodes", "nodegroups", "instances", "networks", "disks", "filters")
