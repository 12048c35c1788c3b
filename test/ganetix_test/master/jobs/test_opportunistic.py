"""What finds too little in the locks that were free waits for the others, and tries once more."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import OpInstanceMultiAlloc
from ganetix.opcodes.test import OpTestDelay
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld, ScriptedUnit


class Chance:
    """Locks nodes, and needs *needed* of them to be content."""

    resumable = False

    def __init__(self, needed: int) -> None:
        self.needed = needed
        self.seen: list[frozenset[str]] = []

    def locks(self, op: OpInstanceMultiAlloc, cluster: Cluster) -> list[Want]:
        """Take what is free, or everything."""
        keys = tuple(sorted(cluster.nodes)) if op.opportunistic_locking else (ALL,)
        return [BGL_SHARED, Want("node", keys, "exclusive", op.opportunistic_locking)]

    async def check(self, op: OpCode, context: Context) -> None:
        """Refuse fewer nodes."""
        self.seen.append(context.owned("node"))
        if len(self.seen[-1]) < self.needed:
            raise errors.OpPrereqError("There is too little room.", errors.TEMP_NORES)

    def hooks(self, op: OpCode, plan: None, cluster: Cluster) -> Hooks | None:
        """There are none."""
        return None

    async def execute(self, op: OpCode, plan: None, context: Context) -> str:
        """Be content."""
        return "done"


async def sleep(op: OpTestDelay, context: Context) -> None:
    """Hold the lock for a while."""
    await context.clock.sleep(op.duration)


class RetryTests(SynchronousTestCase):
    """Three nodes, one of which another job has."""

    def start(self, needed: int) -> None:
        """Boot a master whose opcode needs that many nodes; a job has node2."""
        self.unit = Chance(needed)
        busy = ScriptedUnit(sleep, (BGL_SHARED, Want("node", ("node2-uuid",))))
        self.world = MasterWorld({OpInstanceMultiAlloc: self.unit, OpTestDelay: busy})
        self.world.install(masters.cluster(nodes=3))
        self.successResultOf(self.world.boot())
        self.submit(OpTestDelay(duration=5.0))

    def submit(self, op: Any) -> int:
        """Submit a job and return its id."""
        queue = self.world.master.queue
        return self.successResultOf(Deferred.fromCoroutine(queue.submit([op])))

    def test_enough(self) -> None:
        """When the free nodes will do nothing is waited for."""
        self.start(2)
        number = self.submit(OpInstanceMultiAlloc(instances=[], opportunistic_locking=True))
        self.assertEqual(self.world.statuses()[number], "success")
        self.assertEqual(self.unit.seen, [{"node1-uuid", "node3-uuid"}])

    def test_again(self) -> None:
        """When they will not, all are waited for; the job waits, says why, and is done then."""
        self.start(3)
        number = self.submit(OpInstanceMultiAlloc(instances=[], opportunistic_locking=True))
        self.assertEqual(self.world.statuses()[number], "waiting")
        self.world.reactor.advance(5)
        self.assertEqual(self.world.statuses()[number], "success")
        self.assertEqual(len(self.unit.seen), 2)
        log = self.world.master.queue.job(number).ops[0].log
        self.assertIn("There is too little room. Trying again", log[0][3])

    def test_only_once(self) -> None:
        """With all nodes in hand it is an error, and so it is without opportunistic locking."""
        self.start(4)
        self.world.reactor.advance(5)
        for chance, tries in ((True, 2), (False, 1)):
            self.unit.seen.clear()
            op = OpInstanceMultiAlloc(instances=[], opportunistic_locking=chance)
            number = self.submit(op)
            self.assertEqual(self.world.statuses()[number], "error")
            self.assertEqual(len(self.unit.seen), tries)
