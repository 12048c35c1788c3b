"""Calls between a pool and servers, on a network in memory under a fake clock."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model.objects import Instance
from ganetix.rpc import codec
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.events import TaskEvent
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.checks import TEST_DELAY, Delay
from ganetix.rpc.tables.files import UPLOAD_FILE, FileUpload
from ganetix.rpc.tables.hooks import HOOKS_RUN, HooksRun
from ganetix.rpc.tables.instances import INSTANCE_REBOOT, InstanceReboot
from ganetix.rpc.tables.oses import OS_DIAGNOSE
from ganetix.rpc.tables.roles import NODE_DEMOTE, Demote
from ganetix.rpc.tables.sessions import MASTER_INFO, REQUEST_STATUS, RequestQuery, VersionInfo
from ganetix.rpc.tables.spec import InstanceSpec
from ganetix.toolkit.logcontext import working_for
from ganetix_test.rpc.hands import Hands
from ganetix_test.rpc.world import World


class CallTests(SynchronousTestCase):
    """What a call promises, on good days and bad."""

    def setUp(self) -> None:
        """One master, one node."""
        self.world = World()
        self.world.host("master")
        self.world.host("n1")
        self.hands = Hands()
        self.node = self.world.node("n1", self.hands.table())

    def test_answer(self) -> None:
        """A call reaches its handler with job, role, peer and deadline; its answer comes back."""
        pool = self.world.pool()
        with working_for(job=7):
            answer = self.world.done(pool.call("n1", TEST_DELAY, Delay(1.0), 60.0), 1)
        self.assertEqual(answer, Done("delay"))
        context = self.hands.contexts[0]
        self.assertEqual((context.job_id, context.role, context.peer.uuid), (7, "master", "master"))
        self.assertAlmostEqual(context.deadline, 60.0, places=1)

    def test_unknown_call(self) -> None:
        """A call that the node has no handler for is refused by its name."""
        pool = self.world.pool()
        error = self.assertRaises(
            errors.RemoteError,
            self.world.done,
            pool.call("n1", NODE_DEMOTE, Demote()),
            1,
        )
        self.assertIn("node_demote_from_mc", error.message)

    def test_defect(self) -> None:
        """A defect is logged on the node and reaches the caller as one sentence."""
        pool = self.world.pool()
        error = self.assertRaises(
            errors.RemoteError,
            self.world.done,
            pool.call("n1", OS_DIAGNOSE, Nothing()),
            1,
        )
        self.assertIn("defect", error.message)
        self.assertNotIn("Traceback", error.message)
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_roles(self) -> None:
        """Who claims no mastership may ask who is master, and may not command."""
        pool = self.world.pool(claim=None)
        info = self.world.done(pool.call("n1", MASTER_INFO, Nothing()), 1)
        self.assertEqual(info.epoch, 0)
        error = self.assertRaises(
            errors.RemoteError, self.world.done, pool.call("n1", TEST_DELAY, Delay(1)), 1
        )
        self.assertIn("candidate", error.message)
        self.assertEqual(self.hands.did, [])

    def test_offline_and_unknown_nodes(self) -> None:
        """Nodes that are offline or not in the cluster are refused without a connection."""
        pool = self.world.pool(offline=["n1"])
        for node, word in (("n1", "offline"), ("n9", "not in this cluster")):
            error = self.assertRaises(
                errors.RemoteError, self.world.done, pool.call(node, TEST_DELAY, Delay(1))
            )
            self.assertIn(word, error.message)

    def test_nobody_there(self) -> None:
        """A node that refuses the connection fails the call at once, by name."""
        self.world.network.die("n1")
        pool = self.world.pool()
        error = self.assertRaises(
            errors.RemoteError, self.world.done, pool.call("n1", TEST_DELAY, Delay(1)), 1
        )
        self.assertIn("Node n1", error.message)
        self.assertIn("start ganeti-noded on it", error.message)

    def test_comes_back(self) -> None:
        """A call to a node that came back does not wait for the pause to end."""
        self.world.network.die("n1")
        pool = self.world.pool()
        self.world.run(60)
        self.world.node("n1", self.hands.table())
        self.assertEqual(self.world.done(pool.call("n1", TEST_DELAY, Delay(1)), 0.1), Done("delay"))

    def test_lost_answer_idempotent(self) -> None:
        """An idempotent call whose answer was lost is answered after the reconnect, run once."""
        self._lose_answer(TEST_DELAY, Delay(1))
        self.assertEqual(self.hands.did, ["delay"])

    def test_lost_answer(self) -> None:
        """A call that must not be repeated is not, when its answer was lost after the work."""
        self._lose_answer(INSTANCE_REBOOT, self._reboot())
        self.assertEqual(self.hands.did, ["reboot"])

    def _reboot(self) -> Any:
        spec = InstanceSpec(Instance("u", "i1", "n1", "os", "fake"), [], {}, {}, {})
        return InstanceReboot(spec, "hard", 10.0)

    def _lose_answer(self, call: Any, request: Any) -> None:
        pool = self.world.pool()
        self.world.run(1)
        self.hands.gate = Deferred()
        answer = Deferred.fromCoroutine(pool.call("n1", call, request))
        self.world.run(0.1)
        self.hands.gate.callback(None)
        self.world.network.reset("master", "n1")
        self.world.run(1)
        self.assertIsInstance(self.successResultOf(answer), Done)

    def test_lost_request(self) -> None:
        """A request that was lost before it arrived is sent again."""
        pool = self.world.pool()
        self.world.run(1)
        answer = Deferred.fromCoroutine(pool.call("n1", INSTANCE_REBOOT, self._reboot()))
        self.world.network.reset("master", "n1")
        self.world.run(1)
        self.assertEqual(self.successResultOf(answer), Done("reboot"))
        self.assertEqual(self.hands.did, ["reboot"])

    def test_restarted(self) -> None:
        """When the node's daemon was started anew, the outcome is unknown, nothing is repeated."""
        pool = self.world.pool()
        self.world.run(1)
        self.hands.gate = Deferred()
        answer = Deferred.fromCoroutine(pool.call("n1", INSTANCE_REBOOT, self._reboot()))
        self.world.run(0.1)
        self.world.network.die("n1")
        self.world.node("n1", self.hands.table())
        self.world.run(1)
        error = self.failureResultOf(answer, errors.RemoteError).value
        self.assertIn("unknown", error.message)
        self.assertEqual(self.hands.did, ["reboot"])

    def test_stays_away(self) -> None:
        """A node that is lost and stays away ends the call with an unknown outcome."""
        pool = self.world.pool()
        self.world.run(1)
        self.hands.gate = Deferred()
        answer = Deferred.fromCoroutine(pool.call("n1", INSTANCE_REBOOT, self._reboot()))
        self.world.run(0.1)
        self.world.network.die("n1")
        self.world.run(29)
        self.assertNoResult(answer)
        self.world.run(5)
        self.assertIn("unknown", self.failureResultOf(answer, errors.RemoteError).value.message)

    def test_cancel(self) -> None:
        """Cancelling the awaiting coroutine cancels the handler on the node."""
        pool = self.world.pool()
        self.world.run(1)
        self.hands.gate = Deferred()
        answer = Deferred.fromCoroutine(pool.call("n1", TEST_DELAY, Delay(99)))
        self.world.run(1)
        answer.cancel()
        self.failureResultOf(answer, CancelledError)
        self.world.run(1)
        self.assertEqual(self.hands.cancelled, 1)

    def test_time_out(self) -> None:
        """A call that takes too long fails at its deadline and its handler is cancelled."""
        pool = self.world.pool()
        self.world.run(1)
        for call, request in (
            (TEST_DELAY, Delay(99)),
            (INSTANCE_REBOOT, self._reboot()),
        ):
            self.hands.gate = Deferred()
            answer = Deferred.fromCoroutine(pool.call("n1", call, request, 2.0))
            self.world.run(1.9)
            self.assertNoResult(answer)
            self.world.run(0.2)
            self.failureResultOf(answer, errors.RemoteError)
        self.world.run(1)
        self.assertEqual(self.hands.cancelled, 2)

    def test_big(self) -> None:
        """Requests and answers of megabytes come through, in pages."""
        pool = self.world.pool()
        data = b"z" * 3_000_000
        answer = self.world.done(pool.call("n1", UPLOAD_FILE, FileUpload("/x", data, 0o600)), 5)
        self.assertEqual(answer.note, "3000000")
        hooks = HooksRun("p", "pre", {"SIZE": "2000000"})
        answer = self.world.done(pool.call("n1", HOOKS_RUN, hooks), 5)
        self.assertEqual(len(answer.results[0].output), 2_000_000)

    def test_too_big(self) -> None:
        """A request over the limit is refused before anything is sent."""
        pool = self.world.pool()
        data = b"z" * (codec.MAX_FRAME + 1)
        self.assertRaises(
            errors.RemoteError,
            self.world.done,
            pool.call("n1", UPLOAD_FILE, FileUpload("/x", data, 0o600)),
        )

    def test_answer_kept(self) -> None:
        """An answer can be asked for by its request id for ten minutes, then it is unknown."""
        pool = self.world.pool()
        self.world.done(pool.call("n1", INSTANCE_REBOOT, self._reboot()), 1)
        query = RequestQuery(self.hands.contexts[0].request_id)
        for seconds, state in ((0, "done"), (590, "done"), (20, "unknown")):
            self.world.run(seconds)
            found = self.world.done(pool.call("n1", REQUEST_STATUS, query), 1)
            self.assertEqual(found.state, state)

    def test_silence(self) -> None:
        """After six seconds of silence a node is not connected, and what it pushed is no data."""
        pool = self.world.pool()
        self.world.run(30)
        self.assertTrue(pool.connected("n1"))
        self.world.network.partition("master", "n1")
        self.world.run(4)
        self.assertTrue(pool.connected("n1"))
        self.world.run(2.1)
        self.assertFalse(pool.connected("n1"))
        self.world.run(2)
        self.assertIn(("lost", "n1", None), self.world.heard.notes)
        self.assertEqual(self.node.server.sessions(), ())
        self.world.network.heal("master", "n1")
        self.world.run(30)
        self.assertTrue(pool.connected("n1"))

    def test_call_each(self) -> None:
        """Several nodes are called at once; a failed one has its error as value."""
        self.world.host("n2")
        self.world.node("n2", Hands().table())
        self.world.host("n3")
        self.world.node("n3", {})
        pool = self.world.pool()
        answers = self.world.done(pool.call_each(["n1", "n2", "n3"], TEST_DELAY, Delay(1)), 1)
        self.assertEqual(list(answers), ["n1", "n2", "n3"])
        self.assertEqual(answers["n2"], Done("delay"))
        self.assertIsInstance(answers["n3"], errors.RemoteError)

    def test_versions(self) -> None:
        """Call tables may differ by one version, and not by two."""
        for theirs, fine in ((2, True), (3, False)):
            pool = self.world.pool(versions=VersionInfo("9", theirs, 1))
            work = pool.call("n1", TEST_DELAY, Delay(1))
            if fine:
                self.world.done(work, 1)
            else:
                error = self.assertRaises(errors.RemoteError, self.world.done, work, 1)
                self.assertIn("call table", error.message)
            self.world.done(pool.stop(), 1)

    def test_events(self) -> None:
        """The master gets the whole table first, then changes, each before a later answer."""
        self.node.events.publish(TaskEvent("r0", 1, 0.5))
        pool = self.world.pool()
        self.world.run(1)

        async def handler(request: Any, context: CallContext) -> Done:
            self.node.events.publish(TaskEvent("r1", 1, 0.1))
            return Done()

        self.node.server.dispatch.handlers["test_delay"] = handler  # type: ignore[index]
        seen: list[int] = []
        answer = Deferred.fromCoroutine(pool.call("n1", TEST_DELAY, Delay(1)))
        answer = answer.addCallback(lambda _: seen.append(len(self.world.heard.notes)))
        self.world.run(1)
        self.assertEqual(
            self.world.heard.notes,
            [
                ("whole", "n1", [TaskEvent("r0", 1, 0.5)]),
                ("event", "n1", TaskEvent("r1", 1, 0.1)),
            ],
        )
        self.assertEqual(seen, [2])
