"""Promises of the asynchronous client core: the same under Twisted and asyncio."""

import asyncio
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from txaio import aio, tx

from ganetix import errors
from ganetix.luxi import messages
from ganetix.luxi.aclient import AsyncClient, Conversation, Link
from ganetix.luxi.server import encode_result


class Canned:
    """A link whose other end gives the next canned answer to each request."""

    def __init__(self, conversation: Conversation, answers: list[bytes]) -> None:
        self.conversation = conversation
        self.answers = answers
        self.sent = b""

    def write(self, data: bytes) -> None:
        """Take a request; answer it, or hang up if there is no answer left."""
        self.sent += data
        if self.answers:
            self.conversation.received(self.answers.pop(0))
        else:
            self.conversation.closed()


class AsyncClientTests(SynchronousTestCase):
    """One client core, two frameworks."""

    def setUp(self) -> None:
        """Prepare three answers: a result, an error, a result; then the end."""
        self.answers = [
            encode_result(1),
            messages.encode_error(errors.JobLost("gone")),
            encode_result(3),
        ]
        self.links: list[Canned] = []

    async def connect(self, conversation: Conversation) -> Link:
        """Make a canned connection."""
        self.links.append(Canned(conversation, self.answers))
        return self.links[-1]

    async def talk(self, client: AsyncClient) -> list[Any]:
        """Call four times; return results and the names of errors."""
        got: list[Any] = []
        for number in range(4):
            try:
                got.append(await client.call("Query", number))
            except errors.GanetiError as error:
                got.append(type(error).__name__)
        return got

    def test_twisted(self) -> None:
        """Under Twisted: results, errors as their classes, a lost connection as LuxiError."""
        done = Deferred.fromCoroutine(self.talk(AsyncClient(tx, self.connect)))
        self.assertEqual(self.successResultOf(done), [1, "JobLost", 3, "LuxiError"])
        self.assertEqual(len(self.links), 1)

    def test_asyncio(self) -> None:
        """Under asyncio it is the same."""
        loop = asyncio.new_event_loop()
        self.addCleanup(loop.close)
        client = AsyncClient(aio.with_config(loop=loop), self.connect)
        got = loop.run_until_complete(self.talk(client))
        self.assertEqual(got, [1, "JobLost", 3, "LuxiError"])

    def test_raw(self) -> None:
        """A result can be had as the JSON that it is; errors are errors all the same."""
        self.answers[2:] = [b'{"success":true,"result":[1, null]}\x03', b'{"success":true}\x03']
        client = AsyncClient(tx, self.connect)

        def asked() -> "Deferred[Any]":
            return Deferred.fromCoroutine(client.call("Query", raw=True))

        self.assertEqual(bytes(self.successResultOf(asked())), b"1")
        self.failureResultOf(asked(), errors.JobLost)
        self.assertEqual(bytes(self.successResultOf(asked())), b"[1, null]")
        self.failureResultOf(asked(), errors.LuxiError)

    def test_connects_again(self) -> None:
        """After a lost connection the next call makes a new one."""
        client = AsyncClient(tx, self.connect)
        self.successResultOf(Deferred.fromCoroutine(self.talk(client)))
        self.answers.append(encode_result("back"))
        again = Deferred.fromCoroutine(client.call("Query"))
        self.assertEqual(self.successResultOf(again), "back")
        self.assertEqual(len(self.links), 2)

    def test_not_reached(self) -> None:
        """When connecting fails, every caller that waits for it hears so."""
        pending: Deferred[Link] = Deferred()

        async def connect(_: Conversation) -> Link:
            return await pending

        client = AsyncClient(tx, connect)
        first = Deferred.fromCoroutine(client.call("A"))
        second = Deferred.fromCoroutine(client.call("B"))
        pending.errback(errors.LuxiError("nobody listens"))
        self.assertIn("nobody", self.failureResultOf(first, errors.LuxiError).value.message)
        self.assertIn("B", self.failureResultOf(second, errors.LuxiError).value.message)
