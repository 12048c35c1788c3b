"""OP_NETWORK_REMOVE: a network that no group is connected to goes."""

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import network_values
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Network
from ganetix.opcodes.network import OpNetworkRemove


@implementer(IUnit)
class NetworkRemove:
    """Removes networks."""

    resumable = False

    def locks(self, op: OpNetworkRemove, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        network = cluster.network_named(op.network_name)
        groups = Want("nodegroup", (ALL,), "shared")
        return [BGL_SHARED, groups, Want("network", (network.uuid,))]

    async def check(self, op: OpNetworkRemove, context: Context) -> Network:
        """See `IUnit`: the network."""
        network = context.cluster.network_named(op.network_name)
        groups = context.cluster.nodegroups.values()
        connected = sorted(group.name for group in groups if network.uuid in group.networks)
        if connected:
            raise errors.OpPrereqError(
                f"Network {network.name} is connected to the node groups {', '.join(connected)}; "
                f"'gnt-network disconnect {network.name}' ends that.",
                errors.STATE,
            )
        return network

    def hooks(self, op: OpNetworkRemove, plan: Network, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return network_values.on_master("network-remove", plan, cluster)

    async def execute(self, op: OpNetworkRemove, plan: Network, context: Context) -> None:
        """Drop it."""
        await context.commit(lambda cluster: Change(drop_networks=(plan.uuid,)))
