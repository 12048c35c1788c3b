"""What jobs that had begun find after a restart: their turn, their locks, their hooks."""

from typing import Any

from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, UndoAction, Want
from ganetix.opcodes.test import OpTestDelay
from ganetix.rpc.call import Done
from ganetix.rpc.tables.hooks import HookResults, HooksRun
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld, ScriptedUnit
from ganetix_test.master.jobs.test_queue import QueueCase

BEGUN = UndoAction("The first step", "node1-uuid", "test_delay", {"duration": 2.0})
INSTANCE = (BGL_SHARED, Want("instance", ("instance1.example.com",)))


async def steps(op: OpTestDelay, context: Context) -> None:
    """Take a step of a second, and rest for as long as the opcode says."""
    if context.resumed is None:
        await context.clock.sleep(1.0)
    await context.rest("here", lambda: context.clock.sleep(op.duration))


class StepTests(QueueCase):
    """Jobs that are in a step when the daemon stops, and rest after it."""

    work = staticmethod(steps)

    def test_stops_at_the_next_rest(self) -> None:
        """A clean stop waits for the step, and not for the rest after it, however long that is."""
        job_id = self.submit(OpTestDelay(duration=3600.0))
        stopping = Deferred.fromCoroutine(self.world.master.stop())
        self.assertNoResult(stopping)
        self.advance(1.0)
        self.successResultOf(stopping)
        self.successResultOf(self.world.boot())
        self.advance(3600.0)
        self.assertEqual(self.world.statuses(), {job_id: "success"})

    def test_before_those_that_waited(self) -> None:
        """What had begun goes on before anything else begins, however urgent that is."""
        resting = [self.submit(OpTestDelay(duration=3600.0)) for _ in range(2)]
        self.advance(1.0)
        urgent = self.submit(OpTestDelay(duration=1.0, priority=-10))
        self.reboot()
        self.assertEqual(
            self.world.statuses(), dict.fromkeys(resting, "running") | {urgent: "queued"}
        )


async def broken(op: OpTestDelay, context: Context) -> None:
    """Begin something, and be inside a step."""
    await context.undo(BEGUN)
    await context.clock.sleep(op.duration)


class LockTests(QueueCase):
    """Jobs on an instance that are inside a step when the power goes."""

    def setUp(self) -> None:
        """Let one job run at a time, and the node take its time."""
        self.world = MasterWorld({OpTestDelay: ScriptedUnit(broken, INSTANCE)})
        state = masters.cluster(instances=(masters.instance(1),), max_running_jobs=1)
        self.world.install(state)
        self.successResultOf(self.world.boot())
        self.world.nodes.handlers["test_delay"] = self.slow

    async def slow(self, node: str, request: Any) -> Done:
        """Take a second."""
        await self.world.clock.sleep(1.0)
        return Done()

    def test_nobody_is_at_it(self) -> None:
        """No other job is at the instance while what was begun is undone."""
        first, second = self.submit(), self.submit()
        self.reboot()
        self.assertEqual(self.world.statuses(), {first: "running", second: "waiting"})
        self.advance(1.0)
        self.assertEqual(self.world.statuses(), {first: "error", second: "running"})
        job = self.world.master.queue.job(first)
        self.assertIn("what it had begun was undone", job.ops[0].result[1][0])


class GoneTests(QueueCase):
    """Jobs at rest whose object is gone after the restart."""

    def test_undone(self) -> None:
        """What it had begun is undone all the same."""
        called: list[str] = []

        async def answer(node: str, request: Any) -> Done:
            called.append(node)
            return Done()

        async def work(op: OpTestDelay, context: Context) -> None:
            await context.undo(BEGUN)
            await context.rest("here", lambda: context.clock.sleep(op.duration))

        self.world.nodes.handlers["test_delay"] = answer
        self.world.master.queue.executor.units = {OpTestDelay: ScriptedUnit(work)}
        job_id = self.submit()
        self.world.units = {OpTestDelay: GoneUnit(work)}
        self.reboot()
        self.advance(0.1)
        self.assertEqual(self.world.statuses(), {job_id: "error"})
        self.assertEqual(called, ["node1-uuid"])


class GoneUnit(ScriptedUnit):
    """A unit whose object is not known."""

    def locks(self, op: Any, cluster: Any) -> list[Want]:
        """Refuse."""
        raise errors.OpPrereqError("Instance x is not known.", errors.NOENT)


class HookTests(QueueCase):
    """Jobs with hooks."""

    def test_once(self) -> None:
        """The hooks before an operation run once, those after it when it is done."""
        ran: list[str] = []

        async def answer(node: str, request: HooksRun) -> HookResults:
            ran.append(request.phase)
            return HookResults([])

        nodes = ("node1-uuid",)
        unit = ScriptedUnit(steps, hooked=Hooks("x", "CLUSTER", {}, nodes, nodes))
        self.world = MasterWorld({OpTestDelay: unit})
        self.world.nodes.handlers["hooks_runner"] = answer
        self.world.install(masters.cluster())
        self.successResultOf(self.world.boot())
        self.submit(OpTestDelay(duration=10.0))
        self.advance(1.0)
        self.result(self.world.master.stop())
        self.successResultOf(self.world.boot())
        self.advance(10.0)
        self.assertEqual(ran, ["pre", "post"])
