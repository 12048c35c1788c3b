"""Promises of the event stream on the wire: server-sent events, a websocket, and who may listen."""

import json
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import CloseConnection, Ping, Request, TextMessage

from ganetix.daemons.rapid import events
from ganetix.rapi.auth import parse_users
from ganetix.rapi.request import Own
from ganetix.rapi.service import Api, Surroundings
from ganetix.rapi.site import LimitedSite
from ganetix.toolkit.clock import Clock
from ganetix.web.hub import BEAT, QUEUED, Hub
from ganetix.web.stream import HEARD, TRY_AGAIN
from ganetix_test.rapi.master import no_figures
from ganetix_test.rapi.test_service import USERS, ServiceTestCase, parsed
from ganetix_test.web.master import Events


class StreamTestCase(ServiceTestCase):
    """A server on memory whose master daemon has events."""

    def make(self, always: bool = True, most: int = 2) -> LimitedSite:
        """Return a server for *most* clients at a time, and one more listener."""
        clock = Clock(self.time, self.time.seconds)
        self.source = Events(clock)
        self.hub = Hub(self.source, clock, most + 1)
        own = Own(lambda seen: events(self.hub, seen), no_figures)
        around = Surroundings(lambda: parse_users(USERS), self.source, clock, own, always)
        site = LimitedSite(clock, Api(around), most)
        site.startFactory()
        self.addCleanup(site.stopFactory)
        return site

    def follow(self, asked: str = "GET /2/events", more: bytes = b"") -> tuple[Any, Any]:
        """Return protocol and transport of a client that follows events."""
        protocol, transport = self.connect()
        request = self.raw(asked, user="joe:secret")
        protocol.dataReceived(request[:-2] + more + b"\r\n")
        return protocol, transport

    def sent(self, transport: Any) -> list[dict[str, str]]:
        """Return the server-sent events on *transport*, each with its lines by name."""
        text = parsed(transport.value()).body.decode()
        rows = [block.splitlines() for block in text.split("\n\n") if block]
        return [dict(line.split(": ", 1) for line in row if line != ":") for row in rows]


class ServerSentTests(StreamTestCase):
    """Server-sent events."""

    def test_events(self) -> None:
        """Each event has an id, a kind and its data; the answer goes on."""
        _, transport = self.follow()
        self.source.log.add("job", {"id": 5, "status": "running"})
        head = parsed(transport.value())
        self.assertEqual((head.status, head.headers["content-type"]), (200, "text/event-stream"))
        begin, job = self.sent(transport)
        self.assertEqual(begin, {"id": "a-0", "event": "begin", "data": "{}"})
        self.assertEqual((job["id"], job["event"]), ("a-1", "job"))
        self.assertEqual(json.loads(job["data"]), {"id": 5, "status": "running"})
        self.assertFalse(transport.disconnecting)

    def test_resume(self) -> None:
        """A client goes on from the last id that it has seen, told in the query or the header."""
        for number in range(3):
            self.source.log.add("job", {"id": number})
        for how in (
            self.follow("GET /2/events?since=a-1"),
            self.follow(more=b"Last-Event-ID: a-1\r\n"),
        ):
            ids = [row["id"] for row in self.sent(how[1])]
            self.assertEqual(ids, ["a-1", "a-2", "a-3"])
            how[1].loseConnection()

    def test_gap(self) -> None:
        """A gap has no id, so that who goes away right after it is told again."""
        _, transport = self.follow("GET /2/events?since=old-7")
        gap = self.sent(transport)[1]
        self.assertEqual(gap, {"event": "gap", "data": '{"since":"old-7"}'})

    def test_signs_of_life(self) -> None:
        """A quiet stream has a comment now and then, and is not hung up on."""
        _, transport = self.follow()
        self.time.pump([BEAT] * 20)
        self.assertEqual(parsed(transport.value()).body.count(b":\n\n"), 20)
        self.assertFalse(transport.disconnecting)

    def test_who_may(self) -> None:
        """Whoever may read may listen; nobody else."""
        self.assertEqual(self.ask("GET /2/events", user="").status, 401)
        self.assertEqual(self.ask("GET /2/events", user="joe:wrong").status, 401)
        self.site = self.make(always=False)
        protocol, transport = self.connect()
        protocol.dataReceived(self.raw("GET /2/events", user=""))
        self.assertEqual(parsed(transport.value()).status, 200)

    def test_no_id(self) -> None:
        """What is no id is a bad request."""
        answer = self.ask("GET /2/events?since=x")
        self.assertEqual(answer.status, 400)
        self.assertIn("is not the id of an event", answer.json()["message"])

    def test_how_many(self) -> None:
        """Listeners take no turns from other clients; there are so many places for them."""
        for _ in range(3):
            self.assertEqual(parsed(self.follow()[1].value()).status, 200)
        self.assertEqual(self.ask("GET /version").status, 200)
        full = self.ask("GET /2/events")
        self.assertEqual(full.status, 503)
        self.assertIn("--max-listeners", full.json()["message"])

    def test_gone(self) -> None:
        """Who goes away frees the place."""
        for _ in range(5):
            _, transport = self.follow()
            transport.loseConnection()
        self.assertEqual(self.hub.listeners, {})

    def test_dropped(self) -> None:
        """Who is too slow is told so at the end, and cut off."""
        _, transport = self.follow()
        transport.producer.pauseProducing()
        for number in range(QUEUED + 1):
            self.source.log.add("job", {"id": number})
        self.assertTrue(transport.disconnecting)
        last = self.sent(transport)[-1]
        self.assertEqual(last["event"], "dropped")
        self.assertIn("too slowly", last["data"])


class SocketTests(StreamTestCase):
    """The websocket."""

    def open(self, asked: str = "/2/events") -> tuple[Any, Any, WSConnection]:
        """Return protocol, transport and the client's end of a websocket."""
        client = WSConnection(ConnectionType.CLIENT)
        hello = client.send(Request("c", asked))
        protocol, transport = self.connect()
        user = self.raw("GET /", user="joe:secret").split(b"\r\n")[2] + b"\r\n"
        head, rest = hello.split(b"\r\n", 1)
        protocol.dataReceived(head + b"\r\n" + user + rest)
        return protocol, transport, client

    def heard(self, transport: Any, client: WSConnection) -> list[Any]:
        """Return what the client has received since it last looked."""
        client.receive_data(transport.value())
        transport.clear()
        return list(client.events())

    def test_events(self) -> None:
        """The same events, each an object in a message."""
        _, transport, client = self.open()
        self.source.log.add("job", {"id": 5})
        texts = [row.data for row in self.heard(transport, client) if isinstance(row, TextMessage)]
        self.assertEqual(
            [json.loads(text) for text in texts],
            [
                {"id": "a-0", "event": "begin", "data": {}},
                {"id": "a-1", "event": "job", "data": {"id": 5}},
            ],
        )
        self.assertEqual(parsed(self.follow()[1].value()).status, 200)

    def test_resume(self) -> None:
        """A client goes on from the last id that it has seen; a gap has none."""
        self.source.log.add("job", {"id": 5})
        _, transport, client = self.open("/2/events?since=b-5")
        rows = [json.loads(row.data) for row in self.heard(transport, client)[1:]]
        self.assertEqual([row["id"] for row in rows], ["b-5", None, "a-1"])

    def test_signs_of_life(self) -> None:
        """A quiet client is pinged; its pongs are no news."""
        protocol, transport, client = self.open()
        self.heard(transport, client)
        for _ in range(10):
            self.time.advance(BEAT)
            [ping] = self.heard(transport, client)
            self.assertIsInstance(ping, Ping)
            protocol.dataReceived(client.send(ping.response()))
        self.assertFalse(transport.disconnecting)

    def test_what_a_client_says(self) -> None:
        """A message is ignored; a lot of them, or one that does not end, is cut off."""
        protocol, transport, client = self.open()
        self.heard(transport, client)
        protocol.dataReceived(client.send(TextMessage("hello")))
        self.assertFalse(transport.disconnecting)
        part = TextMessage("x" * 1000, message_finished=False)
        for _ in range(HEARD // 1000 + 1):
            protocol.dataReceived(client.send(part))
        self.assertTrue(transport.disconnecting)
        self.assertEqual(self.hub.listeners, {})

    def test_what_is_no_websocket(self) -> None:
        """A broken handshake is a bad request; broken frames end the connection, quietly."""
        answer = self.follow(more=b"Upgrade: websocket\r\n")[1]
        self.assertEqual(parsed(answer.value()).status, 400)
        protocol, transport, _ = self.open()
        protocol.dataReceived(b"\xff" * 50)
        self.assertTrue(transport.disconnecting)
        self.assertEqual(self.hub.listeners, {})

    def test_closed(self) -> None:
        """Who says goodbye frees the place."""
        protocol, transport, client = self.open()
        self.heard(transport, client)
        protocol.dataReceived(client.send(CloseConnection(1000)))
        self.assertTrue(transport.disconnecting)
        self.assertEqual(self.hub.listeners, {})

    def test_dropped(self) -> None:
        """Who is too slow is told so, and that it may come again."""
        _, transport, client = self.open()
        transport.producer.pauseProducing()
        for number in range(QUEUED + 1):
            self.source.log.add("job", {"id": number})
        *_, last, close = self.heard(transport, client)
        self.assertIn("too slowly", json.loads(last.data)["data"]["reason"])
        self.assertEqual(close.code, TRY_AGAIN)
        self.assertTrue(transport.disconnecting)
