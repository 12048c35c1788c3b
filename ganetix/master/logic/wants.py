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


def instance_and_nodes(cluster: Cluster, instance: Instance) -> list[Want]:
    """Return the wants for *instance* with its own nodes and their resources."""
    own = cluster.nodes_of(instance)
    return [*instance_only(instance), nodes(own), resources(own)]
