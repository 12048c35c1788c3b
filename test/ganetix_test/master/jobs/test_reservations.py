"""Addresses that running opcodes keep: from others, and no longer than they run."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.jobs.reservations import Reservations
from ganetix.opcodes.test import OpTestDelay
from ganetix.testing.masters import MasterWorld, ScriptedUnit, cluster


class ReservationsTests(SynchronousTestCase):
    """The bookkeeping."""

    def test_owners(self) -> None:
        """Others see what one keeps, itself does not; a network is not another one."""
        kept = Reservations()
        kept.keep((1, 0), "lan", "192.0.2.1")
        kept.keep((2, 0), "lan", "192.0.2.2")
        self.assertEqual(kept.of_others((2, 0), "lan"), {"192.0.2.1"})
        self.assertEqual(kept.of_others((3, 0), "lan"), {"192.0.2.1", "192.0.2.2"})
        self.assertEqual(kept.of_others((3, 0), "dmz"), set())
        kept.end((1, 0))
        self.assertEqual(kept.of_others((3, 0), "lan"), {"192.0.2.2"})


class RunningTests(SynchronousTestCase):
    """Opcodes of jobs that run at the same time."""

    def test_jobs(self) -> None:
        """What a job keeps is seen by another until it ends, also when it fails."""
        waits: list[Deferred[None]] = []
        seen: list[Any] = []

        async def work(op: Any, context: Any) -> None:
            seen.append(context.reserved("lan"))
            context.reserve("lan", f"192.0.2.{context.job_id}")
            waits.append(Deferred())
            await waits[-1]

        world = MasterWorld({OpTestDelay: ScriptedUnit(work)})
        world.install(cluster())
        self.successResultOf(world.boot())
        op = OpTestDelay(duration=0)
        for _ in range(2):
            self.successResultOf(Deferred.fromCoroutine(world.master.queue.submit([op])))
            world.reactor.advance(1)
        self.assertEqual(seen, [frozenset(), {"192.0.2.1"}])
        waits[0].errback(errors.OpExecError("It broke."))
        waits[1].callback(None)
        world.reactor.advance(1)
        self.assertEqual(world.statuses(), {1: "error", 2: "success"})
        self.successResultOf(Deferred.fromCoroutine(world.master.queue.submit([op])))
        world.reactor.advance(1)
        self.assertEqual(seen[2], frozenset())
