"""OP_CLUSTER_DESTROY: take an empty cluster out of service; the client then cleans the node."""

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.hooks import HooksRunner
from ganetix.master.logic.unit import BGL_EXCLUSIVE, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.cluster import OpClusterDestroy
from ganetix.opcodes.codec import op_id_of


@implementer(IUnit)
@attrs.frozen
class ClusterDestroy:
    """Checks that nothing is left, and runs the last hooks before that is true."""

    resumable = False

    def locks(self, op: OpClusterDestroy, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_EXCLUSIVE]

    async def check(self, op: OpClusterDestroy, context: Context) -> str:
        """See `IUnit`: the master's uuid."""
        cluster = context.cluster
        if len(cluster.nodes) > 1:
            others = sorted(node.name for node in cluster.nodes.values())
            others.remove(cluster.master.name)
            raise errors.OpPrereqError(
                f"The cluster still has other nodes ({', '.join(others)}); remove them with "
                "'gnt-node remove' first.",
                errors.INVAL,
            )
        if cluster.instances:
            told = ", ".join(sorted(cluster.indexes.instance_names))
            raise errors.OpPrereqError(
                f"The cluster still has instances ({told}); remove them with "
                "'gnt-instance remove' first.",
                errors.INVAL,
            )
        return cluster.cluster.master_node

    def hooks(self, op: OpClusterDestroy, plan: str, cluster: Cluster) -> Hooks | None:
        """See `IUnit`: they run inside `execute`, before the work."""
        return None

    async def execute(self, op: OpClusterDestroy, plan: str, context: Context) -> str:
        """Run the post hooks on the master, and answer who that is; the client does the rest."""
        cluster = context.cluster
        env = {"OP_TARGET": cluster.cluster.cluster_name}
        hooks = Hooks("cluster-destroy", "CLUSTER", env, (), (plan,))
        runner = HooksRunner(context.nodes(), context.paths)
        for line in await runner.post(hooks, None, op_id_of(op), cluster):
            context.log(f"WARNING: {line}")
        return plan
