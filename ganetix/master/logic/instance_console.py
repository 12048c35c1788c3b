"""OP_INSTANCE_CONSOLE: how to reach the console of a running instance."""

from typing import Any

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import names, wants
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.instance import OpInstanceConsole
from ganetix.query.consoles import console


@implementer(IUnit)
class InstanceConsole:
    """Tells about consoles; changes nothing."""

    resumable = True

    def locks(self, op: OpInstanceConsole, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        return wants.instance_only(instance, "shared")

    async def check(self, op: OpInstanceConsole, context: Context) -> Instance:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        primary = cluster.nodes[instance.primary_node]
        names.require_online(primary, f"opening the console of instance {instance.name}")
        return instance

    def hooks(self, op: OpInstanceConsole, plan: Instance, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpInstanceConsole, plan: Instance, context: Context
    ) -> dict[str, Any]:
        """Return the console's description; raise `errors.OpExecError` if it does not run."""
        state = await names.running(context, plan)
        if state is None:
            status = "ERROR_down" if plan.admin_state == "up" else f"ADMIN_{plan.admin_state}"
            raise errors.OpExecError(
                f"Instance {plan.name} does not run (status {status}); "
                f"'gnt-instance start {plan.name}' starts it."
            )
        return console(context.cluster, plan)
