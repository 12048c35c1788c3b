"""OP_BACKUP_REMOVE: remove the export of an instance from every node that has one."""

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.backup import OpBackupRemove
from ganetix.rpc.tables.export import EXPORT_REMOVE, ExportName


@attrs.frozen
class Plan:
    """The name of the export, that of an instance or of one that is no more."""

    name: str


@implementer(IUnit)
class BackupRemove:
    """Removes exports."""

    resumable = False

    def locks(self, op: OpBackupRemove, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_SHARED, Want("node", (ALL,))]

    async def check(self, op: OpBackupRemove, context: Context) -> Plan:
        """See `IUnit`: the instance may be gone, its export is what counts."""
        try:
            return Plan(context.cluster.instance_named(op.instance_name).name)
        except errors.OpPrereqError:
            return Plan(op.instance_name)

    def hooks(self, op: OpBackupRemove, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`: there are none."""
        return None

    async def execute(self, op: OpBackupRemove, plan: Plan, context: Context) -> None:
        """Remove it; what a node says against that is told."""
        nodes = [node.uuid for node in context.cluster.online_nodes()]
        answers = await context.call_each(nodes, EXPORT_REMOVE, ExportName(plan.name))
        removed = False
        for uuid, answer in answers.items():
            if isinstance(answer, errors.GanetiError):
                name = context.cluster.nodes[uuid].name
                context.log(f"WARNING: The export on node {name} stays: {answer.message}")
            else:
                removed = removed or answer.removed
        if not removed:
            context.log(
                f"No node has an export '{plan.name}'; 'gnt-backup list' shows those that there "
                "are. An instance that was removed is named in full."
            )
