"""OP_TEST_JQUEUE and OP_TEST_OS_PARAMS: jobs that only try out the queue, and secrets."""

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.test import OpTestJqueue, OpTestOsParams


@implementer(IUnit)
class TestJqueue:
    """Logs what it is told, and fails if it is told to."""

    resumable = False

    def locks(self, op: OpTestJqueue, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_SHARED]

    async def check(self, op: OpTestJqueue, context: Context) -> None:
        """See `IUnit`: with ``notify_waitlock`` the log says that the locks are held."""
        if op.notify_waitlock:
            context.log("The locks are held.")

    def hooks(self, op: OpTestJqueue, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpTestJqueue, plan: None, context: Context) -> bool:
        """Log the messages, then end as asked."""
        if op.notify_exec:
            context.log("The opcode is executed.")
        for message in op.log_messages:
            context.log(message)
        if op.fail:
            raise errors.OpExecError("This job fails because it was asked to.")
        return True


@implementer(IUnit)
class TestOsParams:
    """Tells the names of the secrets that arrived: nothing may ever show their values."""

    resumable = False

    def locks(self, op: OpTestOsParams, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_SHARED]

    async def check(self, op: OpTestOsParams, context: Context) -> None:
        """See `IUnit`."""

    def hooks(self, op: OpTestOsParams, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpTestOsParams, plan: None, context: Context) -> None:
        """Log the names."""
        for name in sorted(op.osparams_secret or {}):
            context.log(f"The secret parameter {name} has arrived; its value is not shown.")
