"""OP_NODE_POWERCYCLE: reboot a machine at once."""

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import names
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.opcodes.node import OpNodePowercycle
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.tables.node_care import NODE_POWERCYCLE


@implementer(IUnit)
class NodePowercycle:
    """Reboots a node; takes no lock, since whatever holds one may hang."""

    resumable = False

    def locks(self, op: OpNodePowercycle, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        names.node_of(cluster, op.node_name, op.node_uuid)
        return [BGL_SHARED]

    async def check(self, op: OpNodePowercycle, context: Context) -> Node:
        """See `IUnit`."""
        node = names.node_of(context.cluster, op.node_name, op.node_uuid)
        if node.uuid == context.cluster.cluster.master_node and not op.force:
            raise errors.OpPrereqError(
                f"Node {node.name} is the master: rebooting it stops the cluster's own daemons. "
                "--force does it nevertheless.",
                errors.INVAL,
            )
        return node

    def hooks(self, op: OpNodePowercycle, plan: Node, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpNodePowercycle, plan: Node, context: Context) -> str:
        """Tell the node."""
        done: Done = await context.call(plan.uuid, NODE_POWERCYCLE, Nothing())
        return done.note
