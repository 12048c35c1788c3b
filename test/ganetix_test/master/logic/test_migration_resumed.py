"""Live migrations that a restart of the master daemon interrupts."""

from twisted.internet.defer import CancelledError, Deferred

from ganetix import errors
from ganetix.rpc.tables.instances import InstanceState
from ganetix.testing.logic import LogicContext, run
from ganetix_test.master.logic.test_instance_move import NODE1, NODE2, VM, MoveTestCase, migration


class InterruptedTests(MoveTestCase):
    """Migrations that a restart of the daemon finds on their way."""

    def setUp(self) -> None:
        """Stop the daemon while the guest moves from node 1 to node 2."""
        super().setUp()

        def stopped(node: str, call: str) -> None:
            if call == "instance_migrate":
                raise CancelledError

        self.context.world.before = stopped
        work = Deferred.fromCoroutine(run(self.unit(migration()), migration(), self.context))
        self.failureResultOf(work, CancelledError)
        self.context.world.before = LogicContext(self.context.cluster).world.before
        self.assertEqual(self.context.rests, [["migrating", NODE1, NODE2]])
        self.context.resumed = self.context.rests[0]
        self.context.fake.made.clear()

    def guest(self, *nodes: str) -> None:
        """Let the guest be on *nodes*."""
        state = InstanceState(VM, 128, 1, "running")
        self.context.world.guests = {(node, VM): state for node in nodes}

    def calls(self) -> list[str]:
        """Return the calls about the migration."""
        return [made.call for made in self.context.fake.made if made.call.startswith("instance_m")]

    def test_arrived(self) -> None:
        """A guest that has arrived is where it is: that is noted, and the source tidied up."""
        self.guest(NODE2)
        self.run_op(migration())
        self.assertEqual((self.instance().primary_node, self.calls()), (NODE2, []))

    def test_not_gone(self) -> None:
        """A guest that is at the source alone is migrated again."""
        self.guest(NODE1)
        self.run_op(migration())
        self.assertEqual(self.instance().primary_node, NODE2)
        self.assertEqual(self.calls(), ["instance_migrate"])

    def test_on_its_way(self) -> None:
        """As long as it is on both nodes the job waits."""
        self.guest(NODE1, NODE2)
        work = Deferred.fromCoroutine(run(self.unit(migration()), migration(), self.context))
        self.assertNoResult(work)
        self.guest(NODE2)
        self.context.reactor.advance(1.0)
        self.successResultOf(work)
        self.assertEqual((self.instance().primary_node, self.calls()), (NODE2, []))

    def test_silent(self) -> None:
        """A node that does not answer is an error with what finds out."""
        self.context.fake.down = {NODE1}
        self.assertIn("migrate --cleanup", self.refusal(migration(), errors.OpExecError))
