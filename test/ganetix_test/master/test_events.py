"""Promises of events: each change once, in order, and honest about what is missing."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.luxi.messages import MalformedRequest
from ganetix.luxi.peercred import Peer
from ganetix.master.eventfeed import feed
from ganetix.master.events import AT_ONCE, KEPT, EventLog
from ganetix.master.handler.door import Door
from ganetix.master.handler.table import Handler
from ganetix.master.jobs.watch import Watchers
from ganetix.master.livestate import LiveState
from ganetix.master.logic.unit import Context
from ganetix.model.change import Change
from ganetix.opcodes.test import OpTestDelay
from ganetix.rpc.events import InstanceEvent
from ganetix.rpc.tables.instances import InstanceState
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld, ScriptedUnit

DELAY = {"OP_ID": "OP_TEST_DELAY", "duration": 1.0, "reason": []}


async def work(op: OpTestDelay, context: Context) -> None:
    """Say something, then rest."""
    context.log("working")
    await context.rest(None, lambda: context.clock.sleep(op.duration))


class EventLogTests(SynchronousTestCase):
    """The buffer."""

    def test_what_comes_after(self) -> None:
        """Who names an id gets what came after it, in order; the newest id has nothing after it."""
        log = EventLog("a")
        start = log.id
        for number in range(5):
            log.add("job", {"id": number})
        news = log.after(start)
        self.assertEqual([event.data["id"] for event in news.events], list(range(5)))
        self.assertEqual((news.id, news.gap), (log.id, False))
        self.assertEqual(log.after(news.events[2].id).events, news.events[3:])
        self.assertEqual(log.after(log.id).events, ())
        self.assertEqual(log.after(None).id, log.id)

    def test_it_comes_in_portions(self) -> None:
        """A lot comes in several answers, without a hole between them."""
        log = EventLog("a")
        seen, got = log.id, []
        for number in range(2 * AT_ONCE + 3):
            log.add("job", {"id": number})
        while (news := log.after(seen)).events:
            self.assertLessEqual(len(news.events), AT_ONCE)
            got += [event.data["id"] for event in news.events]
            seen = news.id
        self.assertEqual(got, list(range(2 * AT_ONCE + 3)))

    def test_a_gap_is_told(self) -> None:
        """What is too old, of another boot, or not there yet, is a gap, then what is kept."""
        log = EventLog("a")
        start = log.id
        for number in range(KEPT):
            log.add("job", {"id": number})
        self.assertFalse(log.after(start).gap)
        log.add("job", {"id": KEPT})
        for seen in (start, "b-7", f"a-{KEPT + 5}"):
            news = log.after(seen)
            self.assertTrue(news.gap, seen)
            self.assertEqual(news.events[0].data["id"], 1)
        self.assertEqual(EventLog("c").after("b-7").id, "c-0")

    def test_what_is_no_id(self) -> None:
        """A text that is no id is refused with a sentence."""
        for seen in ("", "x", "a-", "a-x", "a-1.5", "7", "a-" + "9" * 40, "a-²"):
            with self.assertRaises(errors.OpPrereqError) as caught:
                EventLog("a").after(seen)
            self.assertEqual(caught.exception.kind, errors.INVAL)

    def test_waiting(self) -> None:
        """Each waiter is woken by the next event; one that gave up leaves nothing behind."""
        log = EventLog("a")
        first, second = (Deferred.fromCoroutine(one_event(log)) for _ in range(2))
        second.cancel()
        self.failureResultOf(second, CancelledError)
        log.add("job", {})
        self.successResultOf(first)


async def one_event(log: EventLog) -> None:
    """Wait for the next event."""
    await log.wait()


class FeedTests(SynchronousTestCase):
    """A master's changes as events, asked for as a client does."""

    def setUp(self) -> None:
        """Boot a master and feed its events."""
        self.world = MasterWorld({OpTestDelay: ScriptedUnit(work)})
        self.world.install(masters.cluster())
        self.successResultOf(self.world.boot())
        self.live = LiveState()
        self.log = EventLog("a")
        feed(self.log, self.world.master, self.live)
        door = Door(self.world.master, self.live, self.world.clock, events=self.log)
        self.handler = Handler(door)

    def begin(self, method: str, *args: Any) -> Deferred[Any]:
        """Call *method*."""
        return Deferred.fromCoroutine(self.handler(method, list(args), Peer(1, 0, 0)))

    def news(self, seen: str) -> list[list[Any]]:
        """Return kind and data of the events after *seen*."""
        answer = self.successResultOf(self.begin("WaitForEvents", seen, 0.0))
        return [row[1:] for row in answer["events"]]

    def test_a_job(self) -> None:
        """A job's states and the lines of its log come in order, each of them once."""
        start = self.log.id
        job_id = self.successResultOf(self.begin("SubmitJob", [DELAY]))
        self.world.reactor.advance(2)
        news = self.news(start)
        self.assertEqual({data.get("id", data.get("job")) for _, data in news}, {job_id})
        states = [data["status"] for kind, data in news if kind == "job"]
        self.assertEqual(states[0], "queued")
        self.assertEqual(states[-1], "success")
        self.assertEqual(len(states), len(set(states)))
        [line] = [data for kind, data in news if kind == "log"]
        self.assertEqual((line["payload"], line["op"]), ("working", 0))
        self.assertEqual(news[-1][1]["summary"], ["TEST_DELAY(1.0)"])
        self.successResultOf(self.begin("ArchiveJob", job_id))
        self.assertEqual(self.news(start)[-1], ["job", {"id": job_id, "status": None}])

    def test_jobs_of_an_earlier_master(self) -> None:
        """What the last master's jobs had said is not told again."""
        self.successResultOf(self.begin("SubmitJob", [DELAY]))
        log = EventLog("b")
        feed(log, self.world.master, self.live)
        self.world.reactor.advance(2)
        self.assertEqual([event.kind for event in log.after("b-0").events], ["job"])

    def test_the_answer_comes_with_the_event(self) -> None:
        """A waiter is answered by the event itself, and without one when its time is over."""
        start = self.log.id
        waiting = self.begin("WaitForEvents", start, 60.0)
        self.assertNoResult(waiting)
        self.log.add("job", {"id": 1})
        self.assertEqual(len(self.successResultOf(waiting)["events"]), 1)
        waiting = self.begin("WaitForEvents", self.log.id, 60.0)
        self.world.reactor.advance(60)
        self.assertEqual(
            self.successResultOf(waiting), {"id": self.log.id, "gap": False, "events": []}
        )

    def test_bad_arguments(self) -> None:
        """What is no id or no time is refused."""
        self.failureResultOf(self.begin("WaitForEvents", "x", 0.0), errors.OpPrereqError)
        self.failureResultOf(self.begin("WaitForEvents", 5, 0.0), MalformedRequest)

    def test_an_instance(self) -> None:
        """Made, seen running, seen stopped, unheard, removed: each change once."""
        node = next(iter(self.world.master.store.cluster.nodes.values()))
        self.live.whole(node.uuid, ())
        start = self.log.id
        row = masters.instance(1)
        self.successResultOf(self.begin_commit(Change(instances=(row,))))
        state = InstanceState(row.name, 128, 1, "running")
        for _ in range(2):
            self.live.event(node.uuid, InstanceEvent(row.name, state))
        self.live.event(node.uuid, InstanceEvent(row.name, None))
        self.live.lost(node.uuid)
        self.live.whole(node.uuid, (InstanceEvent(row.name, state),))
        self.successResultOf(self.begin_commit(Change(drop_instances=(row.uuid,))))
        told = [(kind, data.get("status", data.get("heard"))) for kind, data in self.news(start)]
        self.assertEqual(
            told,
            [
                ("instance", "ERROR_down"), ("instance", "running"), ("instance", "ERROR_down"),
                ("node", False), ("instance", "ERROR_nodedown"), ("node", True),
                ("instance", "running"), ("instance", None),
            ],
        )  # fmt: skip
        self.assertTrue(self.news(start)[-1][1]["removed"])

    def begin_commit(self, change: Change) -> Deferred[Any]:
        """Commit *change*."""
        return Deferred.fromCoroutine(self.world.master.store.commit(change))

    def test_the_watchers_tell_first(self) -> None:
        """Whoever listens to all jobs hears of a change that nobody waits for."""
        heard: list[int] = []
        watchers = Watchers(heard.append)
        watchers.changed(5)
        self.assertEqual(heard, [5])
