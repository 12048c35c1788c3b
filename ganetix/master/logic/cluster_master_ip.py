"""OP_CLUSTER_ACTIVATE_MASTER_IP and OP_CLUSTER_DEACTIVATE_MASTER_IP."""

from zope.interface import implementer

from ganetix.master.logic.unit import BGL_EXCLUSIVE, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.cluster import OpClusterActivateMasterIp, OpClusterDeactivateMasterIp
from ganetix.rpc.call import Call, Done
from ganetix.rpc.tables.cluster import (
    NODE_ACTIVATE_MASTER_IP,
    NODE_DEACTIVATE_MASTER_IP,
    MasterIp,
)


def address_of(cluster: Cluster) -> MasterIp:
    """Return the cluster's address as nodes are told it."""
    own = cluster.cluster
    family = 6 if own.primary_ip_family == 10 else 4
    return MasterIp(
        own.master_ip, own.master_netdev, own.master_netmask, family, own.use_external_mip_script
    )


async def turn(context: Context, call: Call[MasterIp, Done]) -> None:
    """Have the master's node turn the address up or down, and log what it did."""
    cluster = context.cluster
    done = await context.call(cluster.cluster.master_node, call, address_of(cluster))
    context.log(done.note)


@implementer(IUnit)
class ClusterActivateMasterIp:
    """Turns the master IP up. Its hooks run on the node, around the set-up itself."""

    resumable = True

    def locks(self, op: OpClusterActivateMasterIp, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_EXCLUSIVE]

    async def check(self, op: OpClusterActivateMasterIp, context: Context) -> None:
        """See `IUnit`."""

    def hooks(self, op: OpClusterActivateMasterIp, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpClusterActivateMasterIp, plan: None, context: Context) -> None:
        """Turn it up on the master."""
        await turn(context, NODE_ACTIVATE_MASTER_IP)


@implementer(IUnit)
class ClusterDeactivateMasterIp:
    """Turns the master IP down."""

    resumable = True

    def locks(self, op: OpClusterDeactivateMasterIp, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_EXCLUSIVE]

    async def check(self, op: OpClusterDeactivateMasterIp, context: Context) -> None:
        """See `IUnit`."""

    def hooks(self, op: OpClusterDeactivateMasterIp, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpClusterDeactivateMasterIp, plan: None, context: Context) -> None:
        """Turn it down on the master."""
        await turn(context, NODE_DEACTIVATE_MASTER_IP)
