"""Promises of the hub: everybody gets every event once and in order, or is told why not."""

import json
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as TaskClock
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.events import AT_ONCE, KEPT, EventLog
from ganetix.toolkit.clock import Clock
from ganetix.web.hub import (
    AGAIN,
    BEAT,
    PATIENCE,
    QUEUED,
    SILENT,
    SLOW,
    STOPPED,
    WAIT,
    Hub,
    Listener,
    Told,
)
from ganetix_test.web.master import Events


@attrs.define(eq=False)
class Wire:
    """Keeps what it is sent."""

    sent: list[tuple[str, Any]] = attrs.field(factory=list)
    beats: int = 0
    ended: str | None = None
    listener: Listener | None = None

    def open(self, listener: Listener) -> None:
        """See `ganetix.web.hub.Wire`."""
        self.listener = listener

    def event(self, event: Told) -> None:
        """See `Wire`."""
        self.sent.append((event.kind, json.loads(event.data)))

    def beat(self) -> None:
        """See `Wire`."""
        self.beats += 1

    def end(self, reason: str) -> None:
        """See `Wire`."""
        self.ended = reason

    def numbers(self) -> list[int]:
        """Return the numbers of the jobs that it was told of."""
        return [data["id"] for kind, data in self.sent if kind == "job"]


class HubTestCase(SynchronousTestCase):
    """A hub and a master daemon on one clock."""

    def setUp(self) -> None:
        """Nobody listens yet."""
        self.make()

    def make(self) -> None:
        """Begin anew."""
        self.time = TaskClock()
        self.clock = Clock(self.time, self.time.seconds)
        self.master = Events(self.clock)
        self.hub = Hub(self.master, self.clock, 3)
        self.count = 0

    def happen(self, number: int = 1) -> None:
        """Let something happen *number* times."""
        for _ in range(number):
            self.master.log.add("job", {"id": self.count})
            self.count += 1

    def join(self, seen: str | None = None) -> Wire:
        """Return a new listener."""
        wire = Wire()
        news = self.successResultOf(Deferred.fromCoroutine(self.hub.first(seen)))
        self.hub.join(wire, seen, news)
        return wire

    def close(self) -> None:
        """Stop the hub; nothing is left."""
        self.successResultOf(Deferred.fromCoroutine(self.hub.stop()))
        self.assertEqual(self.time.getDelayedCalls(), [])


class HubTests(HubTestCase):
    """Listeners."""

    def test_what_comes(self) -> None:
        """Who names no event hears what comes, beginning with the id from which to go on."""
        self.happen(3)
        wire = self.join()
        self.happen(2)
        self.assertEqual(wire.sent[0], ("begin", {}))
        self.assertEqual(wire.numbers(), [3, 4])
        self.close()
        self.assertEqual(wire.ended, STOPPED)

    def test_what_was(self) -> None:
        """Who names an event hears everything after it, a lot in portions, then what comes."""
        start = self.master.log.id
        self.happen(1234)
        wire = self.join(start)
        self.happen()
        self.assertEqual(wire.numbers(), list(range(1235)))
        self.close()

    def test_a_gap(self) -> None:
        """Who comes too late is told that something is missing, and hears what is kept."""
        start = self.master.log.id
        self.happen(KEPT + 7)
        wire = self.join(start)
        self.assertEqual([kind for kind, _ in wire.sent[:2]], ["begin", "gap"])
        self.assertEqual(wire.numbers(), list(range(7, KEPT + 7)))
        self.close()

    def test_another_master(self) -> None:
        """A master daemon that was started again is a gap for all; then events go on."""
        wire = self.join()
        self.happen()
        self.master.away = True
        self.time.advance(WAIT)
        self.master.log = EventLog("b")
        self.happen()
        self.time.advance(3 * AGAIN)
        self.master.away = False
        self.time.advance(AGAIN)
        self.happen()
        self.assertEqual(wire.numbers(), [0, 1, 2])
        self.assertIn(("gap", {"since": "a-1"}), wire.sent)
        self.close()

    def test_one_wait_for_all(self) -> None:
        """However many listen, the master daemon is asked once for what comes; then not at all."""
        wires = [self.join() for _ in range(3)]
        before = len(self.master.asked)
        self.happen()
        self.assertEqual(len(self.master.asked), before + 1)
        for wire in wires:
            self.assertEqual(wire.numbers(), [0])
            assert wire.listener is not None
            wire.listener.stopProducing()
        self.time.advance(WAIT)
        before = len(self.master.asked)
        self.time.advance(10 * WAIT)
        self.assertEqual(len(self.master.asked), before)
        self.assertEqual(self.join().numbers(), [])
        self.close()

    def test_bounded(self) -> None:
        """There are so many places, and one that is left is free again."""
        wires = [self.join() for _ in range(3)]
        self.assertTrue(self.hub.full)
        assert wires[0].listener is not None
        wires[0].listener.stopProducing()
        self.assertFalse(self.hub.full)
        self.close()

    def test_no_id(self) -> None:
        """What is no id is refused before anything is sent."""
        done = Deferred.fromCoroutine(self.hub.first("x"))
        self.failureResultOf(done, errors.OpPrereqError)

    def test_a_slow_listener(self) -> None:
        """Who does not read is waited for a while, then dropped; others don't notice."""
        slow, quick = self.join(), self.join()
        assert slow.listener is not None
        slow.listener.pauseProducing()
        self.happen(QUEUED)
        self.assertEqual(slow.numbers(), [])
        slow.listener.resumeProducing()
        self.assertEqual(slow.numbers(), list(range(QUEUED)))
        slow.listener.pauseProducing()
        self.happen(QUEUED + 1)
        self.assertEqual((slow.ended, quick.ended), (SLOW, None))
        self.assertEqual(len(quick.numbers()), 2 * QUEUED + 1)
        self.close()

    def test_a_silent_listener(self) -> None:
        """Who reads nothing for a minute is dropped, even if nothing happens."""
        silent, other = self.join(), self.join()
        assert silent.listener is not None
        silent.listener.pauseProducing()
        self.time.pump([BEAT] * PATIENCE)
        self.assertEqual((silent.ended, silent.beats), (None, 0))
        self.time.advance(BEAT)
        self.assertEqual(silent.ended, SILENT)
        self.assertEqual(other.beats, PATIENCE + 1)
        self.close()

    def test_the_master_goes_while_one_catches_up(self) -> None:
        """Who can't be told now what came before is told when the master daemon is back."""
        start = self.master.log.id
        self.happen(600)
        news = self.successResultOf(Deferred.fromCoroutine(self.hub.first(start)))
        self.master.away = True
        wire = Wire()
        self.hub.join(wire, start, news)
        self.time.advance(AGAIN)
        self.assertEqual(len(wire.numbers()), AT_ONCE)
        self.master.away = False
        self.time.advance(AGAIN)
        self.happen()
        self.assertEqual(wire.numbers(), list(range(601)))
        self.close()

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.sampled_from(["happen", "join", "resume", "pause", "read", "time", "many"]),
            max_size=40,
        )
    )
    def test_once_and_in_order(self, steps: list[str]) -> None:
        """Whatever happens when: nobody misses an event, hears one twice or out of order."""
        self.make()
        first = self.master.log.id
        wires: list[tuple[Wire, int]] = []
        for step in steps:
            if step in ("happen", "many"):
                self.happen(1 if step == "happen" else 300)
            elif step in ("join", "resume") and not self.hub.full:
                begin = self.count if step == "join" else 0
                wires.append((self.join(None if step == "join" else first), begin))
            elif step == "time":
                self.time.advance(AGAIN)
            for wire, _ in wires:
                assert wire.listener is not None
                if step == "pause":
                    wire.listener.pauseProducing()
                elif step == "read":
                    wire.listener.resumeProducing()
        for wire, begin in wires:
            assert wire.listener is not None
            wire.listener.resumeProducing()
            self.time.pump([AGAIN] * 3)
            heard = wire.numbers()
            self.assertEqual(heard, list(range(begin, begin + len(heard))))
            if wire.ended is None:
                self.assertEqual(len(heard), self.count - begin)
        self.close()
