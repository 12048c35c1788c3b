"""The memory of a running instance, changed while it runs."""

from ganetix import errors
from ganetix.master.logic import capacity, names
from ganetix.master.logic.unit import Context
from ganetix.model import params
from ganetix.model.objects import Instance
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.rpc.tables.guests import INSTANCE_BALLOON_MEMORY, Balloon


async def check(
    op: OpInstanceSetParams, instance: Instance, fresh: Instance, context: Context
) -> None:
    """Raise `errors.OpPrereqError` if *op* asks *instance* for memory that it can't get now.

    *fresh* is the instance with the parameters that it will have.
    """
    if op.runtime_mem is None:
        return
    wanted, cluster = op.runtime_mem, context.cluster
    names.require_online(
        cluster.nodes[instance.primary_node], f"changing the memory of instance {instance.name}"
    )
    state = await names.running(context, instance)
    if state is None or state.state == "shutdown":
        raise errors.OpPrereqError(
            f"Instance {instance.name} does not run: its memory at run time can't be changed. "
            "-B memory=... changes what it gets at its next start.",
            errors.STATE,
        )
    backend = params.of_backend(cluster, fresh)
    if not op.force and not backend["minmem"] <= wanted <= backend["maxmem"]:
        raise errors.OpPrereqError(
            f"Instance {instance.name} may have from {backend['minmem']} to {backend['maxmem']} "
            f"MiB of memory, not {wanted}.",
            errors.INVAL,
        )
    more = wanted - state.memory
    if more > 0:
        what = f"giving instance {instance.name} more"
        await capacity.require_memory(
            context, instance.primary_node, more, instance.hypervisor, what
        )


async def change(op: OpInstanceSetParams, instance: Instance, context: Context) -> int:
    """Give the running *instance* the memory of *op*; return how many changes that was."""
    if op.runtime_mem is None:
        return 0
    request = Balloon(instance.name, instance.hypervisor, op.runtime_mem)
    await context.call(instance.primary_node, INSTANCE_BALLOON_MEMORY, request)
    return 1
