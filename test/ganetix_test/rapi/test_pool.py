"""Promises of the connections to the master daemon."""

import json
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock as TaskClock
from twisted.trial.unittest import SynchronousTestCase
from txaio import tx

from ganetix import errors
from ganetix.luxi import messages
from ganetix.luxi.aclient import Conversation, Link
from ganetix.luxi.server import encode_result
from ganetix.rapi.pool import IDLE, TIMEOUT, LuxiPool
from ganetix.toolkit.clock import Clock


@attrs.define(eq=False)
class FakeLink:
    """One connection: what was asked on it, and whether it was closed."""

    conversation: Conversation
    asked: list[Any] = attrs.field(factory=list)
    closed: bool = False

    def write(self, data: bytes) -> None:
        """Take a request."""
        self.asked.append(json.loads(data.rstrip(messages.TERMINATOR))["args"])

    def loseConnection(self) -> None:
        """End it."""
        self.closed = True
        self.conversation.closed()

    def answer(self, value: Any) -> None:
        """Answer the oldest request."""
        self.conversation.received(encode_result(value))


class PoolTests(SynchronousTestCase):
    """A pool over connections that are lists."""

    def setUp(self) -> None:
        """No connection yet."""
        self.time = TaskClock()
        self.links: list[FakeLink] = []
        self.pool = LuxiPool(tx, self.connect, Clock(self.time, self.time.seconds))

    async def connect(self, conversation: Conversation) -> Link:
        """Make a connection."""
        self.links.append(FakeLink(conversation))
        return self.links[-1]

    def call(self, *args: Any) -> "Deferred[Any]":
        """Call a method."""
        return Deferred.fromCoroutine(self.pool.call("Query", *args))

    def test_one_after_another(self) -> None:
        """A connection is used again, also after the master daemon's refusal."""
        for number in range(3):
            asked = self.call(number)
            self.links[0].answer(number)
            self.assertEqual(self.successResultOf(asked), number)
        asked = self.call()
        self.links[0].conversation.received(messages.encode_error(errors.JobLost("gone")))
        self.failureResultOf(asked, errors.JobLost)
        asked = self.call(4)
        self.links[0].answer(4)
        self.assertEqual(self.successResultOf(asked), 4)
        self.assertEqual(len(self.links), 1)

    def test_side_by_side(self) -> None:
        """A call that waits holds no other one up; some connections are kept, the rest closed."""
        waiting = [self.call(number) for number in range(IDLE + 2)]
        self.assertEqual([link.asked for link in self.links], [[[n]] for n in range(IDLE + 2)])
        for number in reversed(range(IDLE + 2)):
            self.links[number].answer(number)
            self.assertEqual(self.successResultOf(waiting[number]), number)
        self.assertEqual([link.closed for link in self.links].count(True), 2)
        self.pool.close()
        self.assertTrue(all(link.closed for link in self.links))

    def test_nobody_gets_another_ones_answer(self) -> None:
        """Whoever goes away, or waits too long, takes the connection along."""
        asked = self.call(1)
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        slow = self.call(2)
        self.time.advance(TIMEOUT)
        self.failureResultOf(slow, TimeoutError)
        self.assertEqual([link.closed for link in self.links], [True, True])
        asked = self.call(3)
        self.links[2].answer(3)
        self.assertEqual(self.successResultOf(asked), 3)

    def test_the_master_comes_back(self) -> None:
        """A connection that was lost is made anew at the next call."""
        asked = self.call(1)
        self.links[0].conversation.closed()
        self.failureResultOf(asked, errors.LuxiError)
        asked = self.call(2)
        self.links[1].answer(2)
        self.assertEqual(self.successResultOf(asked), 2)
