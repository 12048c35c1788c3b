"""OP_TEST_DELAY: wait, on the master, on nodes, or both."""

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.test import OpTestDelay
from ganetix.rpc.tables.checks import TEST_DELAY, Delay

_NO_LOCKS = [BGL_SHARED]


@implementer(IUnit)
class TestDelay:
    """Resumable: after a restart it goes on with the iteration and the time that were left."""

    resumable = True

    def locks(self, op: OpTestDelay, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        if op.no_locks or not op.on_nodes:
            return _NO_LOCKS
        uuids = sorted({cluster.node_named(name).uuid for name in op.on_nodes})
        return [BGL_SHARED, Want("node", tuple(uuids))]

    async def check(self, op: OpTestDelay, context: Context) -> tuple[str, ...]:
        """Return the uuids of the nodes that wait too."""
        if op.duration < 0:
            raise errors.OpPrereqError(
                f"The duration is {op.duration} seconds; it can't be less than nothing.",
                errors.INVAL,
            )
        if not op.on_nodes:
            return ()
        return tuple(context.cluster.node_named(name).uuid for name in op.on_nodes)

    def hooks(self, op: OpTestDelay, plan: tuple[str, ...], cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpTestDelay, plan: tuple[str, ...], context: Context) -> None:
        """Wait as often as asked; *resumed* is [iteration, wall time when the wait ends]."""
        first, end = context.resumed or (0, None)
        if op.interruptible:
            context.log(f"'gnt-job cancel {context.job_id}' interrupts this delay.")
        for iteration in range(first, max(op.repeat, 1)):
            if op.repeat:
                context.log(f"Delay {iteration + 1} of {op.repeat}")
            await self._once(op, plan, context, iteration, end)
            end = None

    async def _once(
        self,
        op: OpTestDelay,
        nodes: tuple[str, ...],
        context: Context,
        iteration: int,
        end: float | None,
    ) -> None:
        now = context.clock.wall()
        until = now + op.duration if end is None else end
        seconds = min(max(0.0, until - now), op.duration)
        if op.on_master:
            await context.rest([iteration, until], lambda: context.clock.sleep(seconds))
        if nodes:
            await context.rest([iteration, until], lambda: _on_nodes(context, nodes, seconds))


async def _on_nodes(context: Context, nodes: tuple[str, ...], seconds: float) -> None:
    results = await context.call_each(nodes, TEST_DELAY, Delay(seconds))
    for uuid, found in results.items():
        if isinstance(found, errors.GanetiError):
            raise errors.OpExecError(
                f"The delay on node {context.cluster.nodes[uuid].name} failed: {found.message}"
            )
