"""OP_CLUSTER_POST_INIT: the hooks of a cluster that was just initialised."""

from zope.interface import implementer

from ganetix.master.logic.unit import BGL_EXCLUSIVE, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.cluster import OpClusterPostInit


@implementer(IUnit)
class ClusterPostInit:
    """Runs the post hooks; there is nothing else to do."""

    resumable = True

    def locks(self, op: OpClusterPostInit, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_EXCLUSIVE]

    async def check(self, op: OpClusterPostInit, context: Context) -> None:
        """See `IUnit`."""

    def hooks(self, op: OpClusterPostInit, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = {"OP_TARGET": cluster.cluster.cluster_name}
        return Hooks("cluster-init", "CLUSTER", env, (), (cluster.cluster.master_node,))

    async def execute(self, op: OpClusterPostInit, plan: None, context: Context) -> bool:
        """See `IUnit`."""
        return True
