"""What fields are computed from: one configuration, live facts, jobs and locks."""

from collections.abc import Iterable, Mapping, Set
from typing import Any, Protocol

import attrs

from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Nic, NodeGroup


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

    def running_on(self, name: str) -> Set[str]:
        """The nodes on which an instance runs now; not to be kept."""


class NoLiveFacts:
    """Live facts of a cluster of which no node is heard."""

    def node(self, uuid: str) -> NodeFacts | None:
        """Nothing is known."""
        return None

    def running_on(self, name: str) -> Set[str]:
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
    _filled: dict[Any, dict[str, Any]] = attrs.field(factory=dict, init=False, repr=False, eq=False)
    """Parameters that were filled in this moment: what instances inherit is mostly the same."""

    def beparams(self, row: Instance) -> dict[str, Any]:
        """Return the filled backend parameters of an instance; shared: not to be changed."""
        filled = self._filled.get("be")
        if filled is None:
            filled = self._filled["be"] = params.backend(self.cluster, {})
        return {**filled, **row.beparams} if row.beparams else filled

    def hvparams(self, row: Instance) -> dict[str, Any]:
        """Return the filled hypervisor parameters of an instance; shared: not to be changed."""
        kind = (row.hypervisor, row.os)
        filled = self._filled.get(kind)
        if filled is None:
            filled = self._filled[kind] = params.hypervisor(self.cluster, *kind, {})
        return {**filled, **row.hvparams} if row.hvparams else filled

    def nicparams(self, nic: Nic, group: NodeGroup) -> dict[str, Any]:
        """Return the filled parameters of a NIC in *group*; shared: not to be changed."""
        if nic.nicparams:
            return params.nic_in_group(self.cluster, nic, group)
        kind = (group.uuid, nic.network)
        filled = self._filled.get(kind)
        if filled is None:
            filled = self._filled[kind] = params.nic_in_group(self.cluster, nic, group)
        return filled
