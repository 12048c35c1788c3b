"""Putting the configuration right after a migration or failover that went wrong."""

from ganetix import errors
from ganetix.master.logic import names, relocation
from ganetix.master.logic.migration_disks import close_source
from ganetix.master.logic.relocation import Move, Op
from ganetix.master.logic.specs import spec_of
from ganetix.master.logic.unit import Context
from ganetix.rpc.tables.instances import (
    ALL_INSTANCES_INFO,
    INSTANCE_FINALIZE,
    AllInstancesRequest,
    InstanceFinalize,
    InstanceList,
)


def plan_cleanup(op: Op, context: Context) -> Move:
    """Return the move from the primary to itself: where the guest is will be found out."""
    instance = names.instance_of(context.cluster, op.instance_name, op.instance_uuid)
    relocation.require_mirrored(context.cluster, instance, "a clean-up")
    return Move(instance, instance.primary_node, instance.primary_node)


async def clean_up(plan: Move, context: Context) -> None:
    """Find where the guest runs and make that its primary; on two nodes, try to abort.

    What is only defined on another node, shut off, is removed there.
    """
    found, defined = await _where(plan, context)
    instance = context.cluster.instances[plan.instance.uuid]
    if len(found) > 1 or defined:
        await _abort(plan, [*(found if len(found) > 1 else []), *defined], context)
        found, _ = await _where(plan, context)
    told = ", ".join(names.node_names(context.cluster, found))
    if len(found) > 1:
        raise errors.OpExecError(
            f"Instance {instance.name} runs on more than one node ({told}); stop it by hand on all "
            "but one of them, and clean up again."
        )
    if not found:
        context.log(f"Instance {instance.name} runs nowhere; its primary node stays.")
    elif found[0] == instance.primary_node:
        context.log(f"Instance {instance.name} runs on its primary node.")
    else:
        context.log(f"Instance {instance.name} runs on {told}, which is its primary node now.")
        await context.commit(lambda cluster: relocation.switched(cluster, instance.uuid, found[0]))
    await _close_mirrors(instance.uuid, context)


async def _close_mirrors(uuid: str, context: Context) -> None:
    """Leave active mirrors to the primary node alone; what fails is only told."""
    cluster = context.cluster
    instance = cluster.instances[uuid]
    for node in cluster.secondaries_of(instance) if instance.disks_active else ():
        if not cluster.nodes[node].offline:
            try:
                await close_source(context, Move(instance, node, instance.primary_node))
            except errors.GanetiError as error:
                context.log(f"WARNING: Disks may be open on both nodes: {error.message}")


async def _where(plan: Move, context: Context) -> tuple[list[str], list[str]]:
    """Return the nodes that run the guest, and those where it is defined and shut off.

    All nodes must answer, or nothing is certain.
    """
    cluster = context.cluster
    asked = [node.uuid for node in cluster.online_nodes() if node.vm_capable]
    request = AllInstancesRequest([plan.instance.hypervisor])
    answers = await context.call_each(asked, ALL_INSTANCES_INFO, request)
    found: tuple[list[str], list[str]] = ([], [])
    for uuid in asked:
        answer = answers[uuid]
        if not isinstance(answer, InstanceList):
            raise errors.OpExecError(
                f"Node {cluster.nodes[uuid].name} does not tell what it runs: {answer.message} "
                "Mark it offline if it is down, and clean up again."
            )
        for row in answer.instances:
            if row.name == plan.instance.name:
                found[row.state == "shutdown"].append(uuid)
    return found


async def _abort(plan: Move, found: list[str], context: Context) -> None:
    """Take the migration back on all of *found* but the primary."""
    spec = spec_of(context.cluster, plan.instance)
    for uuid in found:
        if uuid != plan.instance.primary_node:
            request = InstanceFinalize(spec, success=False, source=False)
            try:
                await context.call(uuid, INSTANCE_FINALIZE, request)
            except errors.GanetiError as error:
                context.log(f"WARNING: {error.message}")
