"""OP_TEST_DELAY: where it waits, that it can be resumed, and that it locks only when asked."""

from twisted.internet.defer import CancelledError, Deferred

from ganetix import errors
from ganetix.opcodes.test import OpTestDelay
from ganetix.testing.logic import node_uuid, run
from ganetix_test.master.logic.cases import UnitTestCase


class DelayTests(UnitTestCase):
    """Waiting on a fake clock."""

    def started(self, op: OpTestDelay) -> "Deferred[None]":
        """Start *op* and return its end."""
        return Deferred.fromCoroutine(run(self.unit(op), op, self.context))

    def test_master(self) -> None:
        """On the master it waits for its duration, to be resumed from the time of its end."""
        work = self.started(OpTestDelay(duration=2))
        self.context.reactor.advance(1.9)
        self.assertNoResult(work)
        self.context.reactor.advance(0.1)
        self.assertIsNone(self.successResultOf(work))
        self.assertEqual(self.context.rests, [[0, 2.0]])

    def test_nothing(self) -> None:
        """Neither on the master nor on nodes there is nothing to wait for."""
        self.run_op(OpTestDelay(duration=1, on_master=False))
        self.assertEqual((self.context.rests, self.context.logged), ([], []))

    def test_nodes(self) -> None:
        """Nodes get the call; one that fails fails the job."""
        op = OpTestDelay(duration=1, on_master=False, on_nodes=["node2", "node3"])
        self.run_op(op)
        self.assertEqual([m.node for m in self.context.fake.made], [node_uuid(2), node_uuid(3)])
        self.context.fake.down = {node_uuid(3)}
        self.assertIn("node3.example.com failed", self.refusal(op, errors.OpExecError))

    def test_repeat(self) -> None:
        """It is done as often as asked, and each time is told."""
        work = self.started(OpTestDelay(duration=1, repeat=3))
        for _ in range(3):
            self.assertNoResult(work)
            self.context.reactor.advance(1)
        self.successResultOf(work)
        self.assertEqual(self.context.logged, [f"Delay {n} of 3" for n in (1, 2, 3)])

    def test_resumed(self) -> None:
        """After a restart the time that was left is waited for, and the repetitions after it."""
        self.context.reactor.advance(100)
        self.context.resumed = [1, 100.5]
        work = self.started(OpTestDelay(duration=2, repeat=3))
        self.context.reactor.advance(0.5)
        self.assertNoResult(work)
        self.context.reactor.advance(2)
        self.successResultOf(work)
        self.assertEqual(len(self.context.rests), 2)

    def test_cancelled(self) -> None:
        """Cancelling ends the wait and leaves no timer."""
        work = self.started(OpTestDelay(duration=2, interruptible=True))
        self.assertIn("gnt-job cancel 1", self.context.logged[0])
        work.cancel()
        self.failureResultOf(work, CancelledError)
        self.assertEqual(self.context.reactor.getDelayedCalls(), [])

    def test_locks(self) -> None:
        """Nodes are locked unless no_locks, which is the default."""
        quiet = OpTestDelay(duration=1, on_nodes=["node2"])
        self.assertEqual(self.locks(quiet), [("cluster", ("BGL",), "shared")])
        loud = OpTestDelay(duration=1, on_nodes=["node2"], no_locks=False)
        self.assertEqual(self.locks(loud)[1:], [("node", (node_uuid(2),), "exclusive")])

    def test_negative(self) -> None:
        """Time does not go backwards."""
        self.assertIn("less than nothing", self.refusal(OpTestDelay(duration=-1)))
