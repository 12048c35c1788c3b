"""The door: every method of the table is there and answers in the table's shape."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.luxi import messages
from ganetix.luxi.messages import MalformedRequest
from ganetix.luxi.peercred import Peer
from ganetix.luxi.server import encode_result
from ganetix.master.handler.door import Door
from ganetix.master.handler.table import METHODS, Handler
from ganetix.master.livestate import LiveState
from ganetix.master.logic.unit import Context
from ganetix.opcodes.test import OpTestDelay
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.export import EXPORT_LIST, ExportList
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld, ScriptedUnit
from ganetix_test import spec

DELAY = {"OP_ID": "OP_TEST_DELAY", "duration": 1.0, "reason": []}


async def _exports(node: str, request: Nothing) -> ExportList:
    return ExportList(["db", "web"])


async def work(op: OpTestDelay, context: Context) -> None:
    """Say something, then rest."""
    context.log("working")
    await context.rest(None, lambda: context.clock.sleep(op.duration))


class DoorTests(SynchronousTestCase):
    """Calls as a client makes them."""

    def setUp(self) -> None:
        """Boot a master and open its door."""
        self.world = MasterWorld({OpTestDelay: ScriptedUnit(work)})
        self.world.install(masters.cluster())
        self.successResultOf(self.world.boot())
        door = Door(self.world.master, LiveState(), self.world.clock)
        self.handler = Handler(door)

    def begin(self, method: str, *args: Any) -> Deferred[Any]:
        """Call *method*."""
        return Deferred.fromCoroutine(self.handler(method, list(args), Peer(1, 0, 0)))

    def call(self, method: str, *args: Any) -> Any:
        """Call *method* and return its answer as a client gets it."""
        return self.answer_to(self.begin(method, *args))

    def answer_to(self, asked: "Deferred[Any]") -> Any:
        """Return the answer to what was *asked*, which is there, as a client gets it."""
        answer = encode_result(self.successResultOf(asked))
        return messages.decode_response(answer.removesuffix(messages.TERMINATOR))

    def test_every_method_is_there(self) -> None:
        """The methods are those of the table."""
        missing = {row["method"] for row in spec.load("luxi")["methods"]} - METHODS.keys()
        self.assertEqual(missing, set())

    def test_exports(self) -> None:
        """Each node that is heard is asked for its exports; the others have null."""
        self.world.master.store.cluster = masters.cluster(2)
        self.world.nodes.handlers[EXPORT_LIST.name] = _exports
        first, second = sorted(row.name for row in self.world.master.store.cluster.nodes.values())
        self.world.nodes.down.add(self.world.master.store.cluster.node_named(second).uuid)
        self.assertEqual(
            self.call("QueryExports", [], False), [[first, "db"], [first, "web"], [second, None]]
        )
        self.assertEqual(self.call("QueryExports", [second], False), [[second, None]])
        found = self.call("Query", "export", ["export"], ["=", "export", "web"])
        self.assertEqual(found["data"], [[[0, "web"]], [[2, None]]])
        self.failureResultOf(self.begin("QueryExports", [], True), errors.OpPrereqError)

    def test_job_round_trip(self) -> None:
        """A job is submitted, watched to its end, and queried."""
        job_id = self.call("SubmitJob", [DELAY])
        info, log = self.call("WaitForJobChange", job_id, ["status"], None, None, 60)
        self.assertEqual((info, [row[3] for row in log]), (["running"], ["working"]))
        waiting = self.begin("WaitForJobChange", job_id, ["status"], info, log[-1][0], 60)
        self.assertNoResult(waiting)
        self.world.reactor.advance(1.0)
        self.assertEqual(self.successResultOf(waiting), [["success"], []])
        rows = self.call("QueryJobs", [job_id, 99], ["id", "status", "summary"])
        self.assertEqual(rows, [[job_id, "success", ["TEST_DELAY(1.0)"]], [99, None, None]])

    def test_wait_times_out_with_the_old_values(self) -> None:
        """Nothing changed: the old values and no log entries."""
        job_id = self.call("SubmitJob", [{**DELAY, "duration": 500.0}])
        waiting = self.begin("WaitForJobChange", job_id, ["status"], ["running"], 99, 1000)
        self.world.reactor.advance(88.9)
        self.assertNoResult(waiting)
        self.world.reactor.advance(0.2)
        self.assertEqual(self.successResultOf(waiting), [["running"], []])

    def test_submit_many_is_one_block(self) -> None:
        """Ids are consecutive, one answer a job."""
        answer = self.call("SubmitManyJobs", [[DELAY], [DELAY], [DELAY]])
        first = answer[0][1]
        self.assertEqual(answer, [[True, first], [True, first + 1], [True, first + 2]])

    def test_filters(self) -> None:
        """Rules are made, replaced, queried and deleted, and what can't be one is refused."""
        predicates = [["jobid", [">", "id", "watermark"]]]
        self.call("SubmitJob", [DELAY])
        uuid = self.call("ReplaceFilter", None, 3, predicates, ["RATE_LIMIT", 2], [])
        fields = ["watermark", "priority", "predicates", "action"]
        rows = self.call("QueryFilters", [uuid], fields)
        self.assertEqual(rows, [[1, 3, predicates, ["RATE_LIMIT", 2]]])
        self.assertEqual(self.call("ReplaceFilter", uuid, 0, [], "PAUSE", []), uuid)
        job_id = self.call("SubmitJob", [DELAY])
        self.assertEqual(self.call("QueryJobs", [job_id], ["status"]), [["queued"]])
        self.assertEqual(self.call("DeleteFilter", uuid), None)
        self.assertEqual(self.call("QueryJobs", [job_id], ["status"]), [["running"]])
        for args in ((-1, [], "PAUSE"), (0, [], "STOP"), (0, [["x", None]], "PAUSE")):
            failed = self.begin("ReplaceFilter", None, *args, [])
            self.assertTrue(str(self.failureResultOf(failed, MalformedRequest).value))
        self.failureResultOf(self.begin("DeleteFilter", uuid), errors.OpPrereqError)

    def test_lost_job(self) -> None:
        """A job that there is not is lost to the waiter, and not cancelled."""
        self.failureResultOf(
            self.begin("WaitForJobChange", 77, ["status"], None, None, 1), errors.JobLost
        )
        self.assertEqual(self.call("CancelJob", 77)[0], False)

    def test_archived(self) -> None:
        """An archived job is shown to who asks for the field that tells so, and to nobody else."""
        first, second = (self.call("SubmitJob", [DELAY]) for _ in range(2))
        self.world.reactor.advance(1.0)
        self.assertIs(self.call("ArchiveJob", first), True)
        self.assertEqual(self.call("QueryJobs", None, ["id"]), [[second]])
        both = [[first, True, "success"], [second, False, "success"]]
        fields = ["id", "archived", "status"]
        self.assertEqual(self.call("QueryJobs", None, fields), both)
        self.assertEqual(self.call("QueryJobs", [first], fields), both[:1])
        answer = self.call("Query", "job", fields, ["=", "id", first])
        self.assertEqual([[cell[1] for cell in row] for row in answer["data"]], both[:1])
        self.assertEqual(self.call("Query", "job", ["id"], None)["data"], [[[0, second]]])
        only = self.call("Query", "job", ["id"], ["?", "archived"])["data"]
        self.assertEqual(only, [[[0, first]]])

    def test_malformed(self) -> None:
        """Unknown methods, wrong counts and types, unknown opcodes and keys are parse errors."""
        for method, args in (
            ("Nonsense", []),
            ("SubmitJob", []),
            ("SubmitJob", [1]),
            ("SubmitJob", [[{"OP_ID": "OP_NONSENSE", "reason": []}]]),
            ("SubmitJob", [[{**DELAY, "nonsense": 1}]]),
            ("SubmitJob", [[{"OP_ID": "OP_TEST_DELAY", "duration": 1.0}]]),
            ("Query", ["nonsense", [], None]),
            ("Query", ["instance", ["name"], ["nonsense"]]),
        ):
            self.failureResultOf(self.begin(method, *args), MalformedRequest)

    def test_cluster_info_has_every_key(self) -> None:
        """QueryClusterInfo answers all keys of the table."""
        missing = set(spec.load("luxi")["cluster_info_keys"]) - set(self.call("QueryClusterInfo"))
        self.assertEqual(missing, set())

    def test_a_long_list_gives_others_a_turn(self) -> None:
        """Jobs are read and rows computed in slices with turns between, and all are there."""
        self.call("SetDrainFlag", False)
        submission = self.begin("SubmitManyJobs", [[{**DELAY, "duration": 900.0}]] * 600)
        self.assertNoResult(submission)
        self.world.reactor.pump([0.0] * 4)
        self.assertEqual(len(self.successResultOf(submission)), 600)
        listing = self.begin("Query", "job", ["id", "status"], None)
        self.assertNoResult(listing)
        self.world.reactor.pump([0.0] * 3)
        rows = self.answer_to(listing)["data"]
        self.assertEqual([row[0][1] for row in rows], sorted(self.world.statuses()))
        listing = self.begin("QueryJobs", None, ["id", "status"])
        self.assertNoResult(listing)
        self.world.reactor.pump([0.0] * 3)
        self.assertEqual([row[0] for row in self.answer_to(listing)], [row[0][1] for row in rows])

    def test_a_long_classic_list_gives_others_a_turn(self) -> None:
        """So does the form that the remote API asks for."""
        rows = tuple(masters.instance(number) for number in range(1, 601))
        self.world.master.store.cluster = masters.cluster(1, rows)
        listing = self.begin("QueryInstances", [], ["name"], False)
        self.assertNoResult(listing)
        self.world.reactor.pump([0.0] * 3)
        self.assertEqual(len(self.answer_to(listing)), 600)

    def test_daemon(self) -> None:
        """What the daemon says of itself follows its journal and jobs."""
        before = self.call("QueryDaemon")
        self.call("SubmitJob", [DELAY])
        after = self.call("QueryDaemon")
        self.assertGreater(after["serial"], before["serial"])
        self.assertEqual((before["running_jobs"], after["running_jobs"]), (0, 1))

    def test_flags(self) -> None:
        """The drain flag and the watcher's pause are set, shown and cleared."""
        self.assertIs(self.call("SetDrainFlag", True), True)
        until = self.world.clock.wall() + 60
        self.call("SetWatcherPause", until)
        shown = self.call("QueryConfigValues", ["drain_flag", "watcher_pause", "nonsense"])
        self.assertEqual(shown, [True, float(int(until)), None])
        self.call("SetWatcherPause", None)
        self.assertEqual(self.call("QueryConfigValues", ["watcher_pause"]), [None])
