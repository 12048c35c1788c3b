"""The locks that most operations on instances and nodes take."""

from collections.abc import Iterable

from ganetix.master.logic.unit import BGL_SHARED, Mode, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance


def instance_only(instance: Instance, mode: Mode = "exclusive") -> list[Want]:
    """Return the wants for *instance* alone."""
    return [BGL_SHARED, Want("instance", (instance.name,), mode)]


def nodes(uuids: Iterable[str], mode: Mode = "exclusive") -> Want:
    """Return the want for the nodes *uuids*, sorted."""
    return Want("node", tuple(sorted(set(uuids))), mode)


def resources(uuids: Iterable[str], mode: Mode = "exclusive") -> Want:
    """Return the want for the storage and memory of the nodes *uuids*, sorted."""
    return Want("node-res", tuple(sorted(set(uuids))), mode)


def groups_of(cluster: Cluster, instances: Iterable[Instance]) -> set[str]:
    """Return the uuids of the groups in which *instances* have a node."""
    return {cluster.nodes[uuid].group for one in instances for uuid in cluster.nodes_of(one)}


def neighbours(cluster: Cluster, instance: Instance) -> list[str]:
    """Return all nodes of the groups in which *instance* has a node, its own ones too."""
    return [
        node.uuid for group in groups_of(cluster, [instance]) for node in cluster.members(group)
    ]


def for_allocator(cluster: Cluster, instance: Instance) -> list[Want]:
    """Return the wants for *instance* where an allocator chooses nodes for it in its groups."""
    groups = tuple(sorted(groups_of(cluster, [instance])))
    choice = neighbours(cluster, instance)
    shared = Want("nodegroup", groups, "shared")
    return [*instance_only(instance), shared, nodes(choice), resources(choice)]


def instance_and_nodes(cluster: Cluster, instance: Instance) -> list[Want]:
    """Return the wants for *instance* with its own nodes and their resources."""
    own = cluster.nodes_of(instance)
    return [*instance_only(instance), nodes(own), resources(own)]
