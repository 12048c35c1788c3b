"""OP_CLUSTER_QUERY and OP_CLUSTER_CONFIG_QUERY: the cluster's parameters and single values."""

from typing import Any, Final

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic.outside import Facts, Outside
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.cluster import OpClusterConfigQuery, OpClusterQuery
from ganetix.query.definitions import fields_of

_VALUES: Final = ("cluster_name", "master_node", "drain_flag", "watcher_pause")


async def row(facts: Facts) -> dict[str, Any]:
    """Return every field of the query resource ``cluster``."""
    values = {**facts.information(), **await facts.values(_VALUES)}
    return {name: values[name] for name in fields_of("cluster")}


@implementer(IUnit)
@attrs.frozen
class ClusterQuery:
    """Returns what ``gnt-cluster info`` shows."""

    outside: Outside
    resumable = True

    def locks(self, op: OpClusterQuery, cluster: Cluster) -> list[Want]:
        """See `IUnit`: one moment of the configuration needs no lock."""
        return []

    async def check(self, op: OpClusterQuery, context: Context) -> None:
        """See `IUnit`."""

    def hooks(self, op: OpClusterQuery, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpClusterQuery, plan: None, context: Context) -> dict[str, Any]:
        """Return the parameters."""
        return self.outside.facts().information()


@implementer(IUnit)
@attrs.frozen
class ClusterConfigQuery:
    """Returns single fields of the cluster."""

    outside: Outside
    resumable = True

    def locks(self, op: OpClusterConfigQuery, cluster: Cluster) -> list[Want]:
        """See `IUnit`: one moment of the configuration needs no lock."""
        return []

    async def check(self, op: OpClusterConfigQuery, context: Context) -> None:
        """See `IUnit`: every field must be known."""
        unknown = [name for name in op.output_fields if name not in fields_of("cluster")]
        if unknown:
            raise errors.OpPrereqError(
                f"The cluster has no field {', '.join(unknown)}; there are "
                f"{', '.join(fields_of('cluster'))}.",
                errors.INVAL,
            )

    def hooks(self, op: OpClusterConfigQuery, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpClusterConfigQuery, plan: None, context: Context) -> list[Any]:
        """Return the values in the order of the fields."""
        found = await row(self.outside.facts())
        return [found[name] for name in op.output_fields]
