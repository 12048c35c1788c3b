"""The job queue: states, order, limits, cancel, dependencies, restart."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.logic.unit import BGL_EXCLUSIVE, Context, UndoAction
from ganetix.opcodes.test import OpTestDelay, OpTestOsParams
from ganetix.rpc.call import Done
from ganetix.rpc.tables.checks import Delay
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld, ScriptedUnit

DELAY = OpTestDelay(duration=1.0)


async def resting(op: OpTestDelay, context: Context) -> None:
    """Rest for the opcode's duration."""
    left = op.duration if context.resumed is None else context.resumed["left"]
    await context.rest({"left": left}, lambda: context.clock.sleep(left))


async def inside(op: OpTestDelay, context: Context) -> None:
    """Be inside a step that can't be resumed."""
    await context.clock.sleep(op.duration)


class QueueCase(SynchronousTestCase):
    """A master with one kind of work."""

    work: Any = staticmethod(resting)

    def setUp(self) -> None:
        """Boot a master that runs two jobs at a time."""
        self.unit = ScriptedUnit(self.work)
        self.world = MasterWorld({OpTestDelay: self.unit})
        self.world.install(masters.cluster(max_running_jobs=2))
        self.successResultOf(self.world.boot())

    def submit(self, *ops: OpTestDelay) -> int:
        """Submit a job and return its id."""
        return self.successResultOf(
            Deferred.fromCoroutine(self.world.master.queue.submit(ops or (DELAY,)))
        )

    def result(self, coroutine: Any) -> Any:
        """Return the result of *coroutine*."""
        return self.successResultOf(Deferred.fromCoroutine(coroutine))

    def advance(self, *seconds: float) -> None:
        """Let time pass in steps."""
        self.world.reactor.pump(seconds)

    def reboot(self) -> None:
        """Cut the power and start again."""
        self.world.crash()
        self.successResultOf(self.world.boot())


class RunTests(QueueCase):
    """Jobs that rest."""

    def test_states(self) -> None:
        """A job is running, then success, with a timestamp for each step, in order."""
        job_id = self.submit()
        self.assertEqual(self.world.statuses(), {job_id: "running"})
        self.advance(1.0)
        job = self.world.master.queue.job(job_id)
        op = job.ops[0]
        stamps = [
            job.received_timestamp,
            op.start_timestamp,
            op.exec_timestamp,
            op.end_timestamp,
            job.end_timestamp,
        ]
        self.assertEqual(job.status, "success")
        self.assertEqual(stamps, sorted(stamps, key=lambda s: s or (0, 0)))

    def test_no_more_than_the_limit_run(self) -> None:
        """A third job waits in the queue until one of two is done."""
        ids = [self.submit() for _ in range(3)]
        self.assertEqual(self.world.statuses()[ids[2]], "queued")
        self.advance(1.0)
        self.assertEqual(self.world.statuses()[ids[2]], "running")

    def test_urgent_jobs_go_first(self) -> None:
        """Among queued jobs the most urgent runs next."""
        self.submit()
        self.submit()
        slow = self.submit(OpTestDelay(duration=1.0, priority=10))
        fast = self.submit(OpTestDelay(duration=1.0, priority=-10))
        self.advance(1.0)
        self.assertEqual(self.world.statuses()[fast], "running")
        self.assertEqual(self.world.statuses()[slow], "running")

    def test_a_failure_fails_the_later_opcodes_too(self) -> None:
        """The job of a failed opcode is error as a whole, with class and sentence."""
        job_id = self.submit(OpTestDelay(duration=1.0), OpTestDelay(duration=1.0))

        async def fail(op: object, context: Context) -> None:
            raise errors.OpExecError("The disk is gone.")

        self.world.master.queue.executor.units = {OpTestDelay: ScriptedUnit(fail)}
        self.advance(1.0)
        job = self.world.master.queue.job(job_id)
        self.assertEqual([op.status for op in job.ops], ["success", "error"])
        self.assertEqual(job.ops[1].result, ["OpExecError", ["The disk is gone."]])

    def test_drained_queue_refuses(self) -> None:
        """A drained queue takes no job, with a sentence that says what to type."""
        self.result(self.world.master.store.set_drained(True))
        refused = Deferred.fromCoroutine(self.world.master.queue.submit((DELAY,)))
        error = self.failureResultOf(refused, errors.GenericError).value
        self.assertIn("undrain", error.message)

    def test_drain_survives(self) -> None:
        """The drain flag is there after a crash."""
        self.result(self.world.master.store.set_drained(True))
        self.reboot()
        self.assertTrue(self.world.master.store.drained)


async def nothing(op: OpTestDelay, context: Context) -> None:
    """Wait for nothing."""


class ManyTests(QueueCase):
    """Jobs that are over at once."""

    work = staticmethod(nothing)

    def test_a_thousand_do_not_nest(self) -> None:
        """Many jobs that wait for nothing all run, over several turns of the reactor."""
        submitted = Deferred.fromCoroutine(self.world.master.queue.submit_many([[DELAY]] * 1000))
        self.successResultOf(submitted)
        self.assertIn("queued", self.world.statuses().values())
        self.advance(*([0.0] * 100), 0.1)
        self.assertEqual(set(self.world.statuses().values()), {"success"})


class CancelTests(QueueCase):
    """Cancelling queued, waiting and resting jobs."""

    def cancel(self, job_id: int) -> bool:
        """Cancel and say whether."""
        return bool(self.result(self.world.master.queue.cancel(job_id))[0])

    def test_queued(self) -> None:
        """A queued job is canceled without ever starting."""
        ids = [self.submit() for _ in range(3)]
        self.assertTrue(self.cancel(ids[2]))
        job = self.world.master.queue.job(ids[2])
        self.assertEqual((job.status, job.start_timestamp), ("canceled", None))

    def test_resting(self) -> None:
        """A job at a place where it can stop is canceled at once."""
        job_id = self.submit()
        self.assertTrue(self.cancel(job_id))
        self.assertEqual(self.world.statuses(), {job_id: "canceled"})

    def test_waiting_for_locks(self) -> None:
        """A job that waits for a lock is canceled and the lock goes on to the next."""
        self.world.master.queue.executor.units = {
            OpTestDelay: ScriptedUnit(resting, (BGL_EXCLUSIVE,))
        }
        first, second = self.submit(), self.submit()
        self.assertEqual(self.world.statuses()[second], "waiting")
        self.assertTrue(self.cancel(second))
        third = self.submit()
        self.advance(1.0)
        self.assertEqual(
            self.world.statuses(), {first: "success", second: "canceled", third: "running"}
        )

    def test_final(self) -> None:
        """A finished job can't be canceled, and the answer says so."""
        job_id = self.submit()
        self.advance(1.0)
        self.assertFalse(self.cancel(job_id))


class DependencyTests(QueueCase):
    """Jobs that wait for jobs."""

    def after(self, job_id: int, *states: Any) -> int:
        """Submit a job that waits for *job_id*."""
        return self.submit(OpTestDelay(duration=1.0, depends=[(job_id, list(states))]))

    def test_waits(self) -> None:
        """It stays queued until the other is final, then runs."""
        first = self.submit()
        second = self.after(first, "success")
        self.assertEqual(self.world.statuses()[second], "queued")
        self.advance(1.0)
        self.assertEqual(self.world.statuses()[second], "running")

    def test_canceled_dependency_cancels(self) -> None:
        """A canceled dependency that is not accepted cancels."""
        first = self.submit()
        second = self.after(first, "success")
        self.result(self.world.master.queue.cancel(first))
        self.assertEqual(self.world.statuses()[second], "canceled")

    def test_unaccepted_end_is_an_error(self) -> None:
        """A dependency that ended otherwise is an error."""
        first = self.submit()
        second = self.after(first, "error")
        self.advance(1.0)
        self.assertEqual(self.world.statuses()[second], "error")

    def test_archived_jobs_count(self) -> None:
        """An archived dependency is read from the archive."""
        first = self.submit()
        self.advance(1.0)
        self.assertTrue(self.result(self.world.master.queue.archived.put(first)))
        second = self.after(first, "success")
        self.assertEqual(self.world.statuses()[second], "running")

    def test_damaged_archive(self) -> None:
        """An archived job that can't be read is left out, and the log names its file."""
        first = self.submit()
        self.advance(1.0)
        self.result(self.world.master.queue.archived.put(first))
        path = self.world.paths.archived_job(first)
        archive = self.world.master.queue.archived
        with capturedLogs() as events:
            self.assertEqual([job.id for job in self.result(archive.jobs())], [first])
            self.assertEqual(len(events), 0)
            self.world.fs.replace(path, b"{torn", 0o600, True)
            self.assertEqual(self.result(archive.jobs()), [])
        self.assertEqual([event["path"] for event in events], [path])

    def test_unknown_job(self) -> None:
        """A dependency on a job that never was is an error."""
        job_id = self.after(999)
        self.assertEqual(self.world.statuses(), {job_id: "error"})


class RestartTests(QueueCase):
    """Crashes and clean stops."""

    def test_queued_jobs_survive_a_crash(self) -> None:
        """No acknowledged job is gone; ids go on."""
        ids = [self.submit() for _ in range(5)]
        self.reboot()
        self.assertEqual(sorted(self.world.statuses()), ids)
        self.assertEqual(self.submit(), ids[-1] + 1)

    def test_resting_jobs_go_on_after_a_clean_stop(self) -> None:
        """A clean restart leaves no job in error: it goes on where it rested."""
        job_id = self.submit()
        self.result(self.world.master.stop())
        self.successResultOf(self.world.boot())
        self.assertEqual(self.world.statuses(), {job_id: "running"})
        self.advance(1.0)
        self.assertEqual(self.world.statuses(), {job_id: "success"})

    def test_finished_jobs_stay_finished(self) -> None:
        """A final state that was shown is there after a crash."""
        job_id = self.submit()
        self.advance(1.0)
        self.reboot()
        self.assertEqual(self.world.statuses(), {job_id: "success"})


class SecretTests(QueueCase):
    """Jobs with parameters that are never stored."""

    def test_a_queued_job_whose_secrets_are_gone_is_an_error(self) -> None:
        """After a restart it does not run with redacted values; it says what to do."""
        unit = ScriptedUnit(resting)
        self.world.units = {OpTestDelay: unit, OpTestOsParams: unit}
        self.world.master.queue.executor.units = self.world.units
        self.submit()
        self.submit()
        secret = OpTestOsParams(osparams_secret={"password": "s3cret"})
        job_id = self.result(self.world.master.queue.submit((secret,)))
        self.reboot()
        job = self.world.master.queue.job(job_id)
        self.assertEqual(job.status, "error")
        self.assertIn("submit the job again", job.ops[0].result[1][0])
        self.assertNotIn("s3cret", str(job))


async def resting_with_something_begun(op: OpTestDelay, context: Context) -> None:
    """Begin something, rest, then fail in a step that can't be done twice."""
    if context.resumed is None:
        await context.undo(UndoAction("The first step", "node-1", "test_delay", {"duration": 2.0}))
    await context.rest("here", lambda: context.clock.sleep(op.duration))
    await context.rested()
    await context.clock.sleep(op.duration)
    raise errors.OpExecError("It failed.")


class BegunTests(QueueCase):
    """Jobs that rest with something begun."""

    work = staticmethod(resting_with_something_begun)

    def setUp(self) -> None:
        """Let the node do what undoes the first step."""
        super().setUp()
        self.world.nodes.handlers["test_delay"] = self.undo

    async def undo(self, node: str, request: Any) -> Done:
        """Answer that it is done."""
        return Done()

    def undone(self) -> list[float]:
        """Return what the nodes were asked to undo."""
        asked: list[Any] = [made.request for made in self.world.nodes.made]
        return [request.duration for request in asked if isinstance(request, Delay)]

    def test_undone_after_a_restart(self) -> None:
        """What was begun before a restart is undone when the job fails after it."""
        self.submit()
        self.advance(0.1)
        self.successResultOf(Deferred.fromCoroutine(self.world.master.stop()))
        self.successResultOf(self.world.boot())
        self.assertEqual(self.undone(), [])
        self.advance(1.0, 1.0)
        self.assertEqual(list(self.world.statuses().values()), ["error"])
        self.assertEqual(self.undone(), [2.0])

    def test_after_the_rest(self) -> None:
        """Once the rest is over a restart ends the job: it is undone, and not resumed."""
        self.submit()
        self.advance(1.0)
        self.reboot()
        self.assertEqual(list(self.world.statuses().values()), ["error"])
        self.assertEqual(self.undone(), [2.0])


class InterruptedTests(QueueCase):
    """Jobs inside a step that can't be resumed."""

    work = staticmethod(inside)

    def test_becomes_error_with_a_remedy(self) -> None:
        """After a crash the job is error, says what it was doing and what to type."""
        job_id = self.submit()
        self.advance(0.1)
        self.reboot()
        job = self.world.master.queue.job(job_id)
        self.assertEqual(job.status, "error")
        self.assertIn("OP_TEST_DELAY", job.ops[0].result[1][0])
        self.assertIn("gnt-cluster verify", job.ops[0].result[1][0])

    def test_a_clean_stop_waits_for_the_step(self) -> None:
        """A clean stop lets the step end within its thirty seconds."""
        job_id = self.submit()
        stopping = Deferred.fromCoroutine(self.world.master.stop())
        self.assertNoResult(stopping)
        self.advance(1.0)
        self.successResultOf(stopping)
        self.successResultOf(self.world.boot())
        self.assertEqual(self.world.statuses(), {job_id: "success"})

    def test_running_job_refuses_cancel(self) -> None:
        """The last opcode inside a step can't be stopped, and the answer says so."""
        job_id = self.submit()
        done, text = self.result(self.world.master.queue.cancel(job_id))
        self.assertFalse(done)
        self.assertIn("can't be stopped", text)
