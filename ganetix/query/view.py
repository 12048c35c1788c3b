"""What fields are computed from: one configuration, live facts, jobs and locks."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import attrs

from ganetix.model.cluster import Cluster


class NodeFacts(Protocol):
    """Live facts of one node."""

    @property
    def figures(self) -> Any:
        """Memory (MiB), CPUs, storage, boot id; None before the first push."""

    @property
    def instances(self) -> Mapping[str, Any]:
        """Running instances by name, with memory (MiB), vcpus and state."""


class LiveFacts(Protocol):
    """Live facts of all nodes that are heard."""

    def node(self, uuid: str) -> NodeFacts | None:
        """The facts of a node, None when it is not heard."""

    def running_on(self, name: str) -> frozenset[str]:
        """The nodes on which an instance runs."""


class NoLiveFacts:
    """Stands for live facts while a filter is judged without them."""

    def node(self, uuid: str) -> NodeFacts | None:
        """Nothing is known."""
        return None

    def running_on(self, name: str) -> frozenset[str]:
        """Nothing is known."""
        return frozenset()


@attrs.frozen
class View:
    """One moment of the cluster."""

    cluster: Cluster
    live: LiveFacts
    jobs: Iterable[Any] = ()
    locks: Iterable[Any] = ()
    exports: Mapping[str, list[str] | None] = {}
    """Node uuid to the exports on it; None when the node did not answer."""
    told: Iterable[Mapping[str, Any]] = ()
    """Rows, field name to value, of a resource that is gathered for the query: cluster, os."""
