"""Promises of the LUXI server: order, refusals, bounds, and no stuck connection."""

import json
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock as FakeReactor
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.luxi.messages import MalformedRequest, encode_request
from ganetix.luxi.peercred import Allowed, Peer
from ganetix.luxi.server import Limits, LuxiFactory, LuxiProtocol
from ganetix.toolkit.clock import Clock

ROOT = Peer(1, 0, 0)


class Transport(StringTransport):
    """A transport in memory that says when reading was paused."""

    connected = True
    reading = True

    def pauseProducing(self) -> None:
        """Note that the server reads no more."""
        self.reading = False

    def resumeProducing(self) -> None:
        """Note that the server reads again."""
        self.reading = True


class Scripted:
    """A handler whose calls wait until the test answers them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[Any], Deferred[object]]] = []
        self.cancelled: list[str] = []

    async def __call__(self, method: str, args: list[Any], peer: Peer) -> object:
        """Answer at once if the method is Now, else when the test says so."""
        if method == "Now":
            return args
        answer: Deferred[object] = Deferred(lambda _: self.cancelled.append(method))
        self.calls.append((method, args, answer))
        return await answer


class ServerCase(SynchronousTestCase):
    """A server with a scripted handler and one connection to it."""

    def setUp(self) -> None:
        """Connect."""
        self.reactor = FakeReactor()
        self.handler = Scripted()
        self.peer = ROOT
        self.factory = LuxiFactory(
            self.handler,
            Allowed(frozenset({0}), frozenset({7})),
            Clock(self.reactor, self.reactor.seconds),
            lambda _: self.peer,
            Limits(message=1000, read=180.0),
        )
        self.link, self.transport = self.connect()

    def connect(self) -> tuple[LuxiProtocol, Transport]:
        """Make one more connection."""
        link, transport = self.factory.buildProtocol(None), Transport()
        link.makeConnection(transport)
        return link, transport

    def ask(self, method: str, *args: object) -> None:
        """Send a request."""
        self.link.dataReceived(encode_request(method, list(args)))

    def answers(self) -> list[Any]:
        """Return the answers so far."""
        return [json.loads(text) for text in self.transport.value().split(b"\x03") if text]

    def results(self) -> list[Any]:
        """Return the results so far."""
        return [answer["result"] for answer in self.answers()]


class OrderTests(ServerCase):
    """One connection is answered in order."""

    def test_one_at_a_time(self) -> None:
        """A request begins when the one before it has its answer, not earlier."""
        self.ask("First")
        self.ask("Second")
        self.assertEqual([call[0] for call in self.handler.calls], ["First"])
        self.handler.calls[0][2].callback(1)
        self.handler.calls[1][2].callback(2)
        self.assertEqual(self.answers(), [{"success": True, "result": n} for n in (1, 2)])

    def test_many_connections(self) -> None:
        """A connection that waits does not hold up another one."""
        self.ask("WaitForJobChange")
        other, transport = self.connect()
        other.dataReceived(encode_request("Now", [5]))
        self.assertEqual(transport.value(), b'{"success":true,"result":[5]}\x03')

    def test_many_at_once(self) -> None:
        """A thousand requests in one piece get a thousand answers."""
        self.link.dataReceived(b"".join(encode_request("Now", [n]) for n in range(1000)))
        self.assertEqual(self.results(), [[n] for n in range(1000)])


class ErrorTests(ServerCase):
    """What goes wrong is answered as the interface says."""

    def test_typed(self) -> None:
        """An error of the cluster goes out with class and arguments; the connection stays."""
        self.ask("Fail")
        self.handler.calls[0][2].errback(errors.OpPrereqError("no", errors.NOENT))
        expected = {"success": False, "result": ["OpPrereqError", ["no", "unknown_entity"]]}
        self.assertEqual(self.answers(), [expected])
        self.assertFalse(self.transport.disconnecting)

    def test_malformed(self) -> None:
        """A malformed request gets a string and the end; what follows is not looked at."""
        for bad in (b"{", b"[]", b"\xff\xfe", b"", b'{"method":"X"}', b"[" * 900):
            self.link, self.transport = self.connect()
            self.link.dataReceived(bad + b"\x03" + encode_request("Now", []))
            [answer] = self.answers()
            self.assertFalse(answer["success"])
            self.assertIsInstance(answer["result"], str)
            self.assertTrue(self.transport.disconnecting, bad)

    def test_malformed_by_handler(self) -> None:
        """Arguments that the handler does not take are a parse error too."""
        self.ask("QueryTags")
        self.handler.calls[0][2].errback(MalformedRequest("QueryTags takes 2 arguments, not 0."))
        self.assertEqual(self.results(), ["QueryTags takes 2 arguments, not 0."])
        self.assertTrue(self.transport.disconnecting)

    def test_after_good_ones(self) -> None:
        """Good requests before a mistake are answered first."""
        self.ask("Slow")
        self.link.dataReceived(b"x" * 1001)
        self.assertEqual(self.answers(), [])
        self.handler.calls[0][2].callback("done")
        first, second = self.results()
        self.assertEqual(first, "done")
        self.assertIn("1000 bytes", second)
        self.assertTrue(self.transport.disconnecting)

    def test_defect(self) -> None:
        """A defect is logged and answered in words without a traceback; the connection stays."""
        self.ask("Bug")
        self.handler.calls[0][2].errback(ZeroDivisionError("secret detail"))
        [(name, [text])] = self.results()
        self.assertEqual(name, "ProgrammerError")
        self.assertNotIn("secret", text)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertFalse(self.transport.disconnecting)

    def test_half_sent(self) -> None:
        """A message cut off by the client's end gets the parse error."""
        self.link.dataReceived(b'{"method":')
        self.link.readConnectionLost()
        self.assertIsInstance(self.results()[0], str)
        self.assertTrue(self.transport.disconnecting)

    def test_never_ended(self) -> None:
        """A message that does not end in time is refused; a quiet connection is left alone."""
        self.reactor.advance(1000)
        self.assertFalse(self.transport.disconnecting)
        self.link.dataReceived(b"{")
        self.reactor.advance(179)
        self.link.dataReceived(b'"')
        self.reactor.advance(1)
        self.assertIn("180 seconds", self.results()[0])
        self.assertTrue(self.transport.disconnecting)


class PeerTests(ServerCase):
    """Only those who may speak are heard."""

    def test_refused(self) -> None:
        """Another user gets a sentence and the end, and no call is made."""
        self.peer = Peer(1, 1000, 1000, frozenset({5}))
        self.link, self.transport = self.connect()
        self.ask("Now")
        self.assertEqual(self.handler.calls, [])
        self.assertIn("1000", self.results()[0])
        self.assertTrue(self.transport.disconnecting)

    def test_by_group(self) -> None:
        """A member of an allowed group is heard, by primary or other group."""
        for peer in (Peer(1, 1000, 7), Peer(1, 1000, 1000, frozenset({7, 8}))):
            self.peer = peer
            self.link, self.transport = self.connect()
            self.ask("Now", 1)
            self.assertEqual(self.results(), [[1]])


class PaceTests(ServerCase):
    """A slow or greedy client costs a bounded amount of memory."""

    def test_reads_ahead_little(self) -> None:
        """Reading stops while many requests wait, and goes on when they are answered."""
        self.ask("Slow")
        for number in range(16):
            self.ask("Now", number)
        self.assertFalse(self.transport.reading)
        self.handler.calls[0][2].callback(None)
        self.assertTrue(self.transport.reading)
        self.assertEqual(len(self.answers()), 17)

    def test_unread_answers(self) -> None:
        """No request is begun while the client does not read."""
        self.link.pauseProducing()
        self.ask("Now", 1)
        self.assertEqual(self.answers(), [])
        self.link.resumeProducing()
        self.assertEqual(self.results(), [[1]])


class EndTests(ServerCase):
    """A client that goes away, and a server that stops."""

    def test_wait_is_given_up(self) -> None:
        """A wait ends with its client; work goes on to its end."""
        self.ask("WaitForJobChange", 1)
        self.link.connectionLost(Failure(ConnectionDone()))
        other, _ = self.connect()
        other.dataReceived(encode_request("SubmitJob", [[]]))
        other.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.handler.cancelled, ["WaitForJobChange"])
        self.handler.calls[1][2].callback(7)
        self.assertEqual(self.factory.connections, set())

    def test_shut_down(self) -> None:
        """Stopping waits for work and its answer, gives up waits, and closes idle connections."""
        self.ask("SubmitJob", [])
        waiter, waiting = self.connect()
        waiter.dataReceived(encode_request("WaitForJobChange", []))
        _, idle = self.connect()
        stopped = Deferred.fromCoroutine(self.factory.shut_down())
        self.assertNoResult(stopped)
        self.handler.calls[0][2].callback(7)
        self.successResultOf(stopped)
        self.assertEqual(self.results(), [7])
        self.assertEqual(self.handler.cancelled, ["WaitForJobChange"])
        self.assertEqual(waiting.value(), b"")  # no answer: the client shall ask again
        self.assertTrue(all(t.disconnecting for t in (self.transport, waiting, idle)))

    def test_cancelled_handler(self) -> None:
        """A handler that is cancelled by itself is an error, and the next request works."""
        self.ask("Odd")
        self.handler.calls[0][2].errback(CancelledError())
        self.ask("Now", 1)
        self.assertEqual(self.results(), [["GenericError", ["Odd was given up."]], [1]])
