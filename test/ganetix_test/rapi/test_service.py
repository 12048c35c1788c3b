"""Promises of the HTTP server: who gets in, what goes over the wire, and how much of it."""

import json
from base64 import b64encode
from typing import Any

import attrs
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IProtocolNegotiationFactory
from twisted.internet.protocol import connectionDone
from twisted.internet.task import Clock as TaskClock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from ganetix import errors
from ganetix.rapi.auth import parse_users
from ganetix.rapi.nouns import NODES
from ganetix.rapi.service import MAX_BODY, Api, Surroundings
from ganetix.rapi.site import (
    CLOSED_WITHIN,
    READ_WITHIN,
    TAKEN_WITHIN,
    WHOLE_WITHIN,
    LimitedSite,
)
from ganetix.rapi.throttle import FIRST, LONGEST, Throttle
from ganetix.toolkit.clock import Clock
from ganetix_test.rapi.master import OWN, Master

USERS = "jack secret write\njill secret read\njoe secret\n"


class Transport(StringTransport):
    """A connection that closes at once."""

    def loseConnection(self) -> None:
        """Close."""
        super().loseConnection()
        if self.connected and not self.stubborn:
            self.connected = False
            self.protocol.connectionLost(connectionDone)

    def abortConnection(self) -> None:
        """Close, whatever the far end does."""
        self.stubborn = False
        self.loseConnection()

    protocol: Any
    connected = True
    stubborn = False
    """Whether the far end does not close its side."""


@attrs.define
class Answer:
    """One answer of the server."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)


def parsed(data: bytes) -> Answer:
    """Return the one answer in *data*."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in rest)
    if headers.get("transfer-encoding") == "chunked":
        pieces = body.split(b"\r\n")
        body = b"".join(pieces[1::2])
    return Answer(int(first.split()[1]), headers, body)


class ServiceTestCase(SynchronousTestCase):
    """A server on memory, in front of a master daemon that is a list."""

    def setUp(self) -> None:
        """Everybody in `USERS` is known; no client may be without a user."""
        self.time = TaskClock()
        self.master = Master()
        self.users = USERS
        self.site = self.make()

    def make(self, always: bool = True, most: int = 2) -> LimitedSite:
        """Return a server for *most* clients at a time."""
        clock = Clock(self.time, self.time.seconds)
        around = Surroundings(lambda: parse_users(self.users), self.master, clock, OWN, always)
        site = LimitedSite(clock, Api(around), most)
        site.startFactory()
        self.addCleanup(site.stopFactory)
        return site

    def connect(self) -> tuple[Any, Transport]:
        """Return a connection's protocol and transport."""
        address = IPv4Address("TCP", "192.0.2.1", 4711)
        protocol: Any = self.site.buildProtocol(address)
        transport = Transport(peerAddress=address)
        transport.protocol = protocol
        protocol.makeConnection(transport)
        return protocol, transport

    def raw(
        self, asked: str, user: str = "jack:secret", body: bytes = b"", kind: str = ""
    ) -> bytes:
        """Return a request's bytes."""
        lines = [f"{asked} HTTP/1.1", "Host: c"]
        if user:
            lines.append(f"Authorization: Basic {b64encode(user.encode()).decode()}")
        if kind:
            lines.append(f"Content-Type: {kind}")
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def ask(self, *args: Any, **how: Any) -> Answer:
        """Return the answer to a request over a connection of its own."""
        protocol, transport = self.connect()
        protocol.dataReceived(self.raw(*args, **how))
        self.time.advance(LONGEST)
        answer = parsed(transport.value())
        transport.loseConnection()
        return answer


class PieceTests(ServiceTestCase):
    """How answers are cut into writes."""

    def writes(self, asked: str) -> list[bytes]:
        """Return what is written to answer *asked*, write by write."""
        protocol, transport = self.connect()
        found: list[bytes] = []
        self.patch(transport, "write", found.append)
        protocol.dataReceived(self.raw(asked))
        return found

    def test_one_piece(self) -> None:
        """Head and body of a small answer, and of a refusal, are one write."""
        for asked, body in (("GET /version", b"2\n"), ("GET /nosuch", b"}\n")):
            [written] = self.writes(asked)
            self.assertTrue(written.startswith(b"HTTP/1.1 "), asked)
            self.assertTrue(written.endswith(body), asked)

    def test_only_a_head(self) -> None:
        """An answer without a body is sent too."""
        [written] = self.writes("HEAD /version")
        self.assertTrue(written.endswith(b"\r\n\r\n"))


class AccessTests(ServiceTestCase):
    """Who gets in."""

    def test_reads(self) -> None:
        """Without a user nothing is answered, with any user what everybody may see."""
        refused = self.ask("GET /version", user="")
        self.assertEqual(refused.status, 401)
        self.assertEqual(refused.headers["www-authenticate"], 'basic realm="ganeti remote api"')
        self.assertEqual(self.ask("GET /version", user="joe:secret").json(), 2)

    def test_reads_without_users(self) -> None:
        """Where it is allowed, what only looks needs no user; a wrong one is refused still."""
        self.site = self.make(always=False)
        self.assertEqual(self.ask("GET /version", user="").json(), 2)
        self.assertEqual(self.ask("GET /version", user="joe:wrong").status, 401)
        self.assertEqual(self.ask("PUT /2/redistribute-config", user="").status, 401)

    def test_writes(self) -> None:
        """A change needs the option to write: 403 for who has not got it, and nothing is done."""
        for user, status in (
            ("", 401), ("jack:wrong", 401), ("nobody:secret", 401), ("joe:secret", 403),
            ("jill:secret", 403), ("jack:secret", 200),
        ):  # fmt: skip
            asked = len(self.master.asked)
            answer = self.ask("PUT /2/redistribute-config", user=user)
            self.assertEqual(answer.status, status, user)
            self.assertEqual(len(self.master.asked), asked + (status == 200))

    def test_either(self) -> None:
        """A query needs any of two options."""
        self.master.answers["Query"] = {"fields": [], "data": []}
        for user, status in (("joe", 403), ("jill", 200), ("jack", 200)):
            answer = self.ask("GET /2/query/node?fields=name", user=f"{user}:secret")
            self.assertEqual(answer.status, status)

    def test_users_change(self) -> None:
        """The users are those of this moment."""
        self.users = "joe other\n"
        self.assertEqual(self.ask("GET /version", user="joe:secret").status, 401)
        self.assertEqual(self.ask("GET /version", user="joe:other").status, 200)

    def test_guessing_takes_longer_and_longer(self) -> None:
        """A wrong password is answered later each time; a right one from there is not held up."""
        waits = []
        for _ in range(3):
            protocol, transport = self.connect()
            protocol.dataReceived(self.raw("GET /version", user="jack:guess"))
            waited = 0.0
            while not transport.value():
                self.time.advance(FIRST)
                waited += FIRST
            waits.append(round(waited, 3))
            transport.loseConnection()
        self.assertEqual(waits, [FIRST, 2 * FIRST, 4 * FIRST])
        protocol, transport = self.connect()
        protocol.dataReceived(self.raw("GET /version"))
        self.assertEqual(parsed(transport.value()).status, 200)

    def test_throttle_forgets(self) -> None:
        """After a while, or a right login, an address begins anew; the memory is bounded."""
        now = 0.0
        throttle = Throttle(lambda: now)
        self.assertEqual([throttle.failed("a") for _ in range(100)][-1], LONGEST)
        throttle.passed("a")
        self.assertEqual(throttle.failed("a"), FIRST)
        throttle.failed("a")
        now = 1e6
        self.assertEqual(throttle.failed("a"), FIRST)
        for number in range(5000):
            throttle.failed(str(number))
        self.assertLessEqual(len(throttle._failures), 1000)


class WireTests(ServiceTestCase):
    """What goes over the wire."""

    def test_answers(self) -> None:
        """JSON and a line's end: clients read a job's number with int()."""
        answer = self.ask("PUT /2/redistribute-config")
        self.assertEqual(answer.body, b"12\n")
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertTrue(answer.headers["server"].startswith("ganeti "))

    def test_errors(self) -> None:
        """An error is an object with three keys, whatever its cause."""
        self.master.answers["QueryClusterInfo"] = errors.LuxiError("gone")
        for asked, status in (("GET /2/x", 404), ("PUT /2/info", 501), ("GET /2/info", 502)):
            answer = self.ask(asked)
            self.assertEqual(answer.status, status)
            self.assertEqual(set(answer.json()), {"code", "message", "explain"})
            self.assertEqual(answer.json()["code"], status)

    def test_a_defect(self) -> None:
        """A defect of ours is 500 with a sentence; the log has the rest."""
        self.master.answers["QueryClusterInfo"] = []
        with capturedLogs() as events:
            answer = self.ask("GET /2/info")
        self.assertEqual(answer.status, 500)
        self.assertNotIn("Traceback", answer.body.decode())
        self.assertTrue([event for event in events if "log_failure" in event])
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_bodies(self) -> None:
        """JSON only, with its content type; none, null and {} are the same."""
        asked = "PUT /2/instances/a/shutdown"
        kind = "application/json"
        for body, given, status in (
            (b"", "", 200), (b"null", kind, 200), (b"{}", f"{kind}; charset=utf-8", 200),
            (b"{}", "", 415), (b"a=b", "application/x-www-form-urlencoded", 415),
            (b"{", kind, 400), (b"\xff", kind, 400), (b"[" * 100000, kind, 400),
            (b" " * (MAX_BODY + 1), kind, 413),
        ):  # fmt: skip
            answer = self.ask(asked, body=body, kind=given)
            self.assertEqual(answer.status, status, body[:20])

    def test_forms(self) -> None:
        """A form is no JSON, whether its parts can be told or not: refused in our own words."""
        for kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
            answer = self.ask("POST /2/instances", body=b"a=b", kind=kind)
            self.assertEqual((answer.status, answer.json()["code"]), (415, 415), kind)

    def test_a_form_is_no_query(self) -> None:
        """Arguments come from the address alone."""
        body = b"tag=evil"
        answer = self.ask("PUT /2/tags", body=body, kind="application/x-www-form-urlencoded")
        self.assertEqual(answer.status, 415)
        self.ask("PUT /2/tags?tag=a%20b&tag=c")
        self.assertEqual(self.master.ops()[0]["tags"], ["a b", "c"])

    def test_long_lists_come_in_pieces(self) -> None:
        """A list of many rows is whole, and never encoded all at once."""
        self.master.answers["QueryJobs"] = [[number] for number in range(1234)]
        protocol, transport = self.connect()
        protocol.dataReceived(self.raw("GET /2/jobs"))
        answer = parsed(transport.value())
        self.assertEqual([row["id"] for row in answer.json()], list(range(1234)))

    def test_keep_alive(self) -> None:
        """A connection serves one request after another."""
        protocol, transport = self.connect()
        for _ in range(3):
            transport.clear()
            protocol.dataReceived(self.raw("GET /version"))
            self.assertEqual(parsed(transport.value()).json(), 2)
        self.assertFalse(transport.disconnecting)

    def test_negotiation(self) -> None:
        """Clients that ask by TLS which protocol is spoken get an answer."""
        verifyObject(IProtocolNegotiationFactory, self.site)
        self.assertEqual(self.site.acceptableProtocols(), [b"http/1.1"])

    def test_requests_are_logged(self) -> None:
        """Who asked for what, and what became of it; never with which password."""
        with capturedLogs() as events:
            self.ask("GET /version")
        [event] = [event for event in events if "status" in event]
        self.assertEqual((event["path"], event["client"]), ("/version", "192.0.2.1"))
        self.assertNotIn("secret", repr(event))


class LimitTests(ServiceTestCase):
    """How many clients, and for how long."""

    def test_others_wait_for_their_turn(self) -> None:
        """The third of two clients is served when one has gone."""
        first, second, third = (self.connect() for _ in range(3))
        self.assertEqual(third[1].producerState, "paused")
        first[1].loseConnection()
        self.assertEqual(third[1].producerState, "producing")
        third[0].dataReceived(self.raw("GET /version"))
        self.assertEqual(parsed(third[1].value()).json(), 2)
        self.assertFalse(second[1].disconnecting)

    def test_idle_connections_make_room(self) -> None:
        """Who was served and asks nothing gives way to who waits."""
        first, _ = self.connect(), self.connect()
        first[0].dataReceived(self.raw("GET /version"))
        self.assertFalse(first[1].disconnecting)
        third = self.connect()
        self.assertTrue(first[1].disconnecting)
        self.assertEqual(third[1].producerState, "producing")

    def test_who_does_not_close_is_cut(self) -> None:
        """A far end that keeps its side open holds no turn, and is cut after a while."""
        first, _ = self.connect(), self.connect()
        first[1].stubborn = True
        first[0].dataReceived(self.raw("GET /version"))
        third = self.connect()
        self.assertEqual(third[1].producerState, "producing")
        self.assertTrue(first[1].connected)
        self.time.advance(CLOSED_WITHIN)
        self.assertFalse(first[1].connected)

    def test_who_says_nothing_is_hung_up_on(self) -> None:
        """A client has some seconds to say something."""
        _, transport = self.connect()
        self.time.advance(READ_WITHIN + 1)
        self.assertTrue(transport.disconnecting)
        self.assertEqual(len(self.site.served), 0)

    def test_who_takes_nothing_is_cut(self) -> None:
        """A client that does not take its answer holds its turn for a while only."""
        self.master.answers["QueryNodes"] = [[None] * len(NODES.bulk)] * 1000
        protocol, transport = self.connect()
        self.patch(transport, "write", lambda data: protocol.pauseProducing())
        protocol.dataReceived(self.raw("GET /2/nodes?bulk=1"))
        self.time.advance(TAKEN_WITHIN - 1)
        protocol.resumeProducing()
        self.time.advance(TAKEN_WITHIN - 1)
        self.assertIn(protocol, self.site.served)
        self.time.advance(2)
        self.assertNotIn(protocol, self.site.served)

    def test_who_says_it_too_slowly_is_hung_up_on(self) -> None:
        """A byte now and then does not hold a place for ever; a second request begins anew."""
        protocol, transport = self.connect()
        protocol.dataReceived(self.raw("GET /version"))
        self.time.advance(READ_WITHIN - 1)
        request = self.raw("GET /version") * 2
        waited = 0
        while not transport.disconnecting:
            protocol.dataReceived(request[waited : waited + 1])
            self.time.advance(1)
            waited += 1
        self.assertGreater(waited, WHOLE_WITHIN)
        self.assertLess(waited, WHOLE_WITHIN + READ_WITHIN + 2)
