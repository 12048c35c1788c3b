"""Job filters: which rule decides, which jobs start, and that a change of rules is felt at once."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.jobs import filters
from ganetix.master.jobs.admission import Admission
from ganetix.master.jobs.records import Job, OpRecord
from ganetix.master.jobs.scheduler import Scheduler
from ganetix.model.changes import Change
from ganetix.model.objects import Filter
from ganetix.opcodes.test import OpTestDelay
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld, ScriptedUnit
from ganetix_test.master.jobs.test_queue import resting

ANY: list[Any] = []
PATIENT = settings(deadline=None, suppress_health_check=list(HealthCheck))
"""The machine may be busy with something else."""


def rule(uuid: str = "u1", predicates: list[Any] = ANY, **fields: Any) -> Filter:
    """Return a rule that rejects everything unless *fields* say otherwise."""
    given_fields: dict[str, Any] = {"watermark": 10, "priority": 0, "action": "REJECT", **fields}
    return Filter(uuid, predicates=predicates, **given_fields)


def job(job_id: int, *inputs: dict[str, Any], reasons: tuple[str, ...] = ()) -> Job:
    """Return a queued job with opcodes of *inputs*."""
    trail = [["gnt:user", text, 1] for text in reasons]
    rows = inputs or ({"OP_ID": "OP_TEST_DELAY", "duration": 1.5, "instance_name": "web1"},)
    return Job(job_id, tuple(OpRecord({**row, "reason": trail}) for row in rows))


def decides(predicates: list[Any], subject: Job, **fields: Any) -> bool:
    """Whether a rule with *predicates* decides on *subject*."""
    return (
        filters.deciding(filters.compiled([rule(predicates=predicates, **fields)]), subject)
        is not None
    )


class PredicateTests(SynchronousTestCase):
    """What holds for which job."""

    def test_job_id(self) -> None:
        """Ids are compared with numbers and with the watermark."""
        for expression, holds in (
            (["<", "id", 12], True),
            (["<", "id", 11], False),
            (["=", "id", 11], True),
            (["<=", "id", "watermark"], False),
            ([">", "id", "watermark"], True),
            (["!", [">", "id", "watermark"]], False),
            (["|", ["==", "id", 1], ["&", [">", "id", "watermark"]]], True),
            (None, True),
        ):
            self.assertEqual(decides([["jobid", expression]], job(11)), holds, expression)

    def test_opcode(self) -> None:
        """One opcode for which it holds is enough; nested parameters are reached by dots."""
        subject = job(
            1,
            {"OP_ID": "OP_TEST_DELAY", "duration": 3},
            {"OP_ID": "OP_INSTANCE_SET_PARAMS", "beparams": {"vcpus": 2}, "instance_name": "web1"},
        )
        for expression, holds in (
            (["=", "OP_ID", "OP_TEST_DELAY"], True),
            (["=~", "OP_ID", "^OP_INSTANCE_"], True),
            (["=", "OP_ID", "OP_NODE_ADD"], False),
            (["&", ["=", "OP_ID", "OP_TEST_DELAY"], ["=", "instance_name", "web1"]], False),
            (["=", "beparams.vcpus", 2], True),
            (["=", "beparams.memory", 2], False),
            (["=", "duration", "3"], False),
            (["=", "colour", "red"], False),
        ):
            self.assertEqual(decides([["opcode", expression]], subject), holds, expression)

    def test_reason(self) -> None:
        """One entry of one trail is enough."""
        subject = job(1, reasons=("because", "maintenance of rack 3"))
        for expression, holds in (
            (["=", "reason", "because"], True),
            (["=~", "reason", "rack [0-9]"], True),
            (["=", "source", "gnt:user"], True),
            ([">", "timestamp", 5], False),
            (["&", ["=", "reason", "because"], ["=~", "reason", "rack"]], False),
        ):
            self.assertEqual(decides([["reason", expression]], subject), holds, expression)
        self.assertFalse(decides([["reason", ["=", "reason", "x"]]], job(1)))

    def test_all_must_hold(self) -> None:
        """A rule without predicates is for every job; of several each must hold."""
        self.assertTrue(decides([], job(1)))
        both = [["jobid", ["<", "id", 5]], ["opcode", ["=", "OP_ID", "OP_TEST_DELAY"]]]
        self.assertTrue(decides(both, job(1)))
        self.assertFalse(decides(both, job(9)))

    def test_invalid(self) -> None:
        """What can't be a rule is refused in a sentence before it is stored."""
        for priority, predicates, action in (
            (-1, [], "PAUSE"),
            (2**63, [], "PAUSE"),
            (0, [], "STOP"),
            (0, [], ["RATE_LIMIT", 0]),
            (0, [], ["RATE_LIMIT"]),
            (0, [], 7),
            (0, [["jobid"]], "PAUSE"),
            (0, [["user", ["=", "a", "b"]]], "PAUSE"),
            (0, [["jobid", ["=", "number", 3]]], "PAUSE"),
            (0, [["jobid", ["=", "id", "x"]]], "PAUSE"),
            (0, [["jobid", "id"]], "PAUSE"),
            (0, [["opcode", ["=~", "OP_ID", "("]]], "PAUSE"),
            (0, [["reason", ["=", "colour", "x"]]], "PAUSE"),
        ):  # fmt: skip
            caught = self.assertRaises(
                errors.GanetiError, filters.require_valid, priority, predicates, action
            )
            self.assertTrue(caught.message.endswith("."), caught.message)
        filters.require_valid(0, [["jobid", [">", "id", "watermark"]]], ["RATE_LIMIT", 3])


ACTIONS = st.sampled_from(["ACCEPT", "CONTINUE", "PAUSE", "REJECT", ["RATE_LIMIT", 2]])
PREDICATES = st.lists(
    st.one_of(
        st.tuples(st.just("jobid"), st.tuples(st.sampled_from(["<", ">", "="]), st.just("id"),
                  st.one_of(st.integers(0, 20), st.just("watermark")))),
        st.tuples(st.just("opcode"), st.tuples(st.just("="), st.sampled_from(["OP_ID", "x"]),
                  st.sampled_from(["OP_TEST_DELAY", "OP_OTHER"]))),
    ).map(lambda row: [row[0], list(row[1])]),
    max_size=2,
)  # fmt: skip
RULES = st.lists(
    st.builds(
        rule,
        uuid=st.uuids().map(str),
        predicates=PREDICATES,
        action=ACTIONS,
        priority=st.integers(0, 2),
        watermark=st.integers(0, 20),
    ),
    max_size=5,
)


def by_hand(row: Filter, subject: Job) -> bool:
    """Whether *row* holds for *subject*, worked out another way."""
    for name, (operator, field, value) in row.predicates:
        if name == "opcode":
            held = any(op.input.get(field) == value for op in subject.ops)
        else:
            other = row.watermark if value == "watermark" else value
            held = {"<": subject.id < other, ">": subject.id > other, "=": subject.id == other}[
                operator
            ]
        if not held:
            return False
    return True


class DecisionTests(SynchronousTestCase):
    """Which rule decides."""

    @PATIENT
    @given(RULES, st.integers(0, 20))
    def test_first_that_holds(self, rows: list[Filter], number: int) -> None:
        """By priority, watermark and uuid the first that holds and does not say CONTINUE."""
        subject = job(number)
        ordered = sorted(rows, key=lambda row: (row.priority, row.watermark, row.uuid))
        wanted = [r for r in ordered if r.action != "CONTINUE" and by_hand(r, subject)]
        found = filters.deciding(filters.compiled(rows), subject)
        self.assertEqual(found and found.row, wanted[0] if wanted else None)

    @PATIENT
    @given(
        RULES,
        st.lists(
            st.lists(
                st.sampled_from(["rate-limit:1:a", "rate-limit:3:a", "rate-limit:2:b"]), max_size=2
            ),
            max_size=12,
        ),
    )
    def test_limits(self, rows: list[Filter], trails: list[list[str]]) -> None:
        """No limit is ever exceeded, and whatever is not paused or rejected runs in the end."""
        admission, scheduler = Admission(), Scheduler()
        admission.load({row.uuid: row for row in rows}, ())
        jobs = {n: job(n, reasons=tuple(trail)) for n, trail in enumerate(trails)}
        decided = {n: filters.deciding(filters.compiled(rows), one) for n, one in jobs.items()}
        action = {n: "ACCEPT" if r is None else r.row.action for n, r in decided.items()}
        for n, one in jobs.items():
            if admission.rejected(one) is None:
                scheduler.add(n, 0)
        running: list[int] = []
        done: list[int] = []
        while True:
            while (taken := scheduler.take(lambda n: admission.held_by(jobs[n]))) is not None:
                admission.started(jobs[taken])
                running.append(taken)
                self.within(rows, jobs, running, decided)
            if not running:
                break
            ended = running.pop(0)
            done.append(ended)
            scheduler.release(admission.ended(ended))
        wanted = [n for n in jobs if action[n] not in ("PAUSE", "REJECT")]
        self.assertEqual(sorted(done), wanted)

    def within(self, rows: Any, jobs: Any, running: list[int], decided: Any) -> None:
        """Look that the newest of *running* was allowed to start beside the others."""
        *others, newest = running
        deciding = decided[newest]
        if deciding is not None and deciding.limit is not None:
            same = [n for n in others if decided[n] is not None and decided[n].row == deciding.row]
            self.assertLess(len(same), deciding.limit)
        for _, text, _ in filters.reasons(jobs[newest]):
            _, limit, label = text.split(":")
            labels = [
                {entry[1].split(":")[2] for entry in filters.reasons(jobs[n])} for n in others
            ]
            self.assertLess(sum(label in found for found in labels), int(limit))


class QueueTests(SynchronousTestCase):
    """A master with jobs and rules."""

    def setUp(self) -> None:
        """Boot a master."""
        self.world = MasterWorld({OpTestDelay: ScriptedUnit(resting)})
        self.world.install(masters.cluster(max_running_jobs=5))
        self.successResultOf(self.world.boot())

    def store(self, *rows: Filter, drop: tuple[str, ...] = ()) -> None:
        """Store and drop rules."""
        change = Change(filters=rows, drop_filters=drop)
        self.successResultOf(Deferred.fromCoroutine(self.world.master.store.commit(change)))

    def submit(self, duration: float = 1.0, reason: str = "", **fields: Any) -> int:
        """Submit a job and return its id."""
        trail = [["gnt:user", reason, 1]] if reason else []
        op = OpTestDelay(duration=duration, reason=trail, **fields)
        return self.successResultOf(Deferred.fromCoroutine(self.world.master.queue.submit([op])))

    def states(self) -> list[str]:
        """Return the states of all jobs by id."""
        return [status for _, status in sorted(self.world.statuses().items())]

    def test_pause(self) -> None:
        """A paused job stays in the queue, and starts by the very change that lets it."""
        self.store(rule(action="PAUSE"))
        self.submit()
        self.world.reactor.advance(100)
        self.assertEqual(self.states(), ["queued"])
        self.store(rule(action="CONTINUE"))
        self.assertEqual(self.states(), ["running"])
        self.store(rule(action="PAUSE"))
        self.submit()
        self.assertEqual(self.states(), ["running", "queued"])
        self.store(drop=("u1",))
        self.assertEqual(self.states(), ["running", "running"])

    def test_reject(self) -> None:
        """A rejected job is canceled, with a sentence that names the rule and who made it so."""
        trail = [["gnt:user", "we are moving", 1]]
        self.store(rule(action="REJECT", reason_trail=trail))
        number = self.submit()
        self.assertEqual(self.states(), ["canceled"])
        result = self.world.master.queue.job(number).ops[0].result
        self.assertEqual(result[0], "GenericError")
        self.assertIn("filter u1 (we are moving)", result[1][0])

    def test_reject_waiting(self) -> None:
        """A new rule reaches jobs in the queue, those that wait for others included."""
        first = self.submit()
        self.submit(depends=[(first, ["success"])])
        self.store(rule(predicates=[["jobid", ["<=", "id", "watermark"]]]))
        self.assertEqual(self.states(), ["running", "canceled"])
        self.submit()
        self.assertEqual(self.states(), ["running", "canceled", "canceled"])
        newer = rule(predicates=[["jobid", ["<=", "id", "watermark"]]], watermark=2)
        self.store(newer)
        self.submit()
        self.assertEqual(self.states()[3], "running")

    def test_rate_limit(self) -> None:
        """So many run; the next starts when one ends, or when the rule goes."""
        self.store(rule(action=["RATE_LIMIT", 2]))
        for duration in (1.0, 2.0, 5.0, 5.0):
            self.submit(duration)
        self.assertEqual(self.states(), ["running", "running", "queued", "queued"])
        self.world.reactor.advance(1)
        self.assertEqual(self.states(), ["success", "running", "running", "queued"])
        self.store(drop=("u1",))
        self.assertEqual(self.states(), ["success", "running", "running", "running"])

    def test_limit_counts_running(self) -> None:
        """Jobs that run already count under a new limit."""
        self.submit(1.0)
        self.submit(9.0)
        self.store(rule(action=["RATE_LIMIT", 2]))
        self.submit(5.0)
        self.assertEqual(self.states(), ["running", "running", "queued"])
        self.world.reactor.advance(1)
        self.assertEqual(self.states(), ["success", "running", "running"])

    def test_labels(self) -> None:
        """Reasons limit jobs with the same label, whatever number each has."""
        self.submit(1.0, "rate-limit:1:backup")
        self.submit(1.0, "rate-limit:1:backup")
        self.submit(1.0, "rate-limit:2:backup")
        self.submit(1.0, "rate-limit:1:other")
        self.submit(1.0, "rate-limit:none:other")
        self.assertEqual(self.states(), ["running", "queued", "running", "running", "running"])
        self.world.reactor.advance(1)
        self.assertEqual(self.states()[1], "running")

    def test_urgent_while_paused(self) -> None:
        """A paused job keeps its place: the most urgent starts first when the pause ends."""
        self.store(rule(action="PAUSE"))
        with_low = self.submit(priority=10)
        normal = self.submit()
        queue = self.world.master.queue
        self.successResultOf(Deferred.fromCoroutine(queue.change_priority(with_low, -20)))
        order: list[int] = []

        async def note(op: Any, context: Any) -> None:
            order.append(context.job_id)

        queue.executor.units = {OpTestDelay: ScriptedUnit(note)}
        self.store(drop=("u1",))
        self.world.reactor.advance(0)
        self.assertEqual(order, [with_low, normal])

    def test_cancel_paused(self) -> None:
        """A paused job can be canceled, and does not come back."""
        self.store(rule(action="PAUSE"))
        number = self.submit()
        queue = self.world.master.queue
        self.successResultOf(Deferred.fromCoroutine(queue.cancel(number)))
        self.store(drop=("u1",))
        self.assertEqual(self.states(), ["canceled"])

    def test_restart(self) -> None:
        """Rules count after a restart; a job that had begun goes on in spite of them."""
        self.submit(5.0)
        self.store(rule(action="PAUSE"))
        self.submit(5.0)
        self.world.crash()
        self.successResultOf(self.world.boot())
        self.assertEqual(self.states(), ["running", "queued"])

    def test_begun_is_not_filtered(self) -> None:
        """Neither pause nor rejection nor limit is for a job that had begun."""
        admission = Admission()
        begun = msgspec.structs.replace(job(3), start_timestamp=(1, 0))
        for action in ("PAUSE", "REJECT", ["RATE_LIMIT", 1]):
            admission.load({"u1": rule(action=action)}, [job(1)])
            self.assertIsNone(admission.held_by(begun))
            self.assertIsNone(admission.rejected(begun))
