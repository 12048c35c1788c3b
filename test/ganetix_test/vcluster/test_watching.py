"""Tests of a running virtual cluster as those who watch it see it: events, and figures."""

import http.client
import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request, TextMessage

from ganetix_test.toolkit.test_metrics import parsed
from ganetix_test.vcluster.cluster import PATIENCE, delay
from ganetix_test.vcluster.promtool import complaints
from ganetix_test.vcluster.test_cluster import running_cluster

USER = "watcher secret read\n"
LOGIN = {"Authorization": f"Basic {b64encode(b'watcher:secret').decode()}"}


class WatchingTests(SynchronousTestCase):
    """One cluster for all tests here; each leaves it as it was."""

    def setUp(self) -> None:
        """Take the cluster, with a user who may read."""
        self.cluster = running_cluster()
        users = self.cluster.root(1) / "var/lib/ganeti/rapi/users"
        before = users.read_text("ascii") if users.exists() else ""
        users.write_text(before + USER, "ascii")
        self.addCleanup(users.write_text, before, "ascii")
        network = (self.cluster.directory / "network").read_text("ascii").strip()
        self.address = f"{network}.11"
        certificate = self.cluster.root(1) / "var/lib/ganeti/rapi.pem"
        self.trust = ssl.create_default_context(cafile=str(certificate))
        self.trust.check_hostname = False

    def follow(self, since: str = "", **more: str) -> Iterator[dict[str, Any]]:
        """Yield the events of the cluster as they come."""
        link = http.client.HTTPSConnection(self.address, 5080, context=self.trust, timeout=PATIENCE)
        self.addCleanup(link.close)
        link.request("GET", f"/2/events{since}", headers={**LOGIN, **more})
        answer = link.getresponse()
        self.addCleanup(answer.close)
        self.assertEqual(answer.status, 200, answer)
        lines: dict[str, Any] = {}
        while raw := answer.readline():
            line = raw.decode().rstrip("\n")
            if not line and lines:
                yield {**lines, "data": json.loads(lines["data"])}
                lines = {}
            elif line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                lines[name] = value

    def submit(self) -> int:
        """Submit a short job; return its number."""
        client = self.cluster.client()
        try:
            job: int = client.call("SubmitJob", delay(0.2))
        finally:
            client.close()
        return job

    def states(self, events: Iterator[dict[str, Any]], job: int) -> list[str]:
        """Return the states of *job* in *events* up to the last one."""
        found = []
        for event in events:
            if event["event"] == "job" and event["data"]["id"] == job:
                found.append(event["data"]["status"])
                if found[-1] == "success":
                    return found
        raise AssertionError("The stream has ended.")

    def test_a_job(self) -> None:
        """A job's states come as they are, and again to who comes back with an older id."""
        events = self.follow()
        begin = next(events)
        job = self.submit()
        states = self.states(events, job)
        self.assertEqual((states[0], states[-1]), ("queued", "success"))
        again = self.follow(**{"Last-Event-ID": begin["id"]})
        self.assertEqual(self.states(again, job), states)

    def test_an_instance_and_a_node(self) -> None:
        """What becomes of an instance, and a node that is not heard any more, is told."""
        events = self.follow()
        next(events)
        name = "watched.example.com"
        self.cluster.run(
            1, "gnt-instance", "add", "-t", "diskless", "-o", "dummy", "-n",
            self.cluster.name(3), name,
        )  # fmt: skip
        self.until(events, "instance", name=name, status="running")
        self.cluster.run(3, "daemon-util", "stop", "ganeti-noded")
        self.until(events, "node", name=self.cluster.name(3), heard=False)
        self.until(events, "instance", name=name, status="ERROR_nodedown")
        self.cluster.run(3, "daemon-util", "start", "ganeti-noded")
        self.until(events, "node", name=self.cluster.name(3), heard=True)
        self.cluster.run(1, "gnt-instance", "remove", "-f", name)
        self.until(events, "instance", name=name, removed=True)

    def until(self, events: Iterator[dict[str, Any]], kind: str, **data: Any) -> None:
        """Read *events* until one of *kind* has *data*."""
        for event in events:
            if event["event"] == kind and data.items() <= event["data"].items():
                return
        raise AssertionError(f"The stream has ended; {kind} {data} was not told.")

    def test_a_restart_of_the_master_daemon(self) -> None:
        """A listener outlives the master daemon, and is told that something may be missing."""
        events = self.follow()
        next(events)
        self.cluster.kill(1, "ganeti-masterd")
        self.cluster.run(1, "daemon-util", "start", "ganeti-masterd")
        self.until(events, "gap")
        self.assertEqual(self.states(events, self.submit())[-1], "success")

    def figures(self, port: int, node: int = 1) -> bytes:
        """Return the figures on a daemon's own *port*."""
        network = self.address.rpartition(".")[0]
        link = http.client.HTTPConnection(f"{network}.{10 + node}", port, timeout=PATIENCE)
        self.addCleanup(link.close)
        link.request("GET", "/metrics")
        answer = link.getresponse()
        self.assertEqual(answer.status, 200)
        return answer.read()

    def start_with(self, node: int, daemon: str, arguments: str) -> None:
        """Have *daemon* of *node* started with *arguments*, by the settings file."""
        settings = self.cluster.root(node) / "etc/default/ganeti"
        settings.parent.mkdir(parents=True, exist_ok=True)
        name = daemon.removeprefix("ganeti-").upper()
        settings.write_text(f"{name}_ARGS='{arguments}'\n", "ascii")
        self.again(node, daemon)
        self.addCleanup(self.again, node, daemon)
        self.addCleanup(settings.unlink)

    def again(self, node: int, daemon: str) -> None:
        """Stop and start *daemon* of *node*."""
        self.cluster.run(node, "daemon-util", "stop", daemon)
        self.cluster.run(node, "daemon-util", "start", daemon)

    def check(self, text: bytes, *names: str) -> None:
        """Fail unless *text* is right by both of Prometheus' own readers, and has *names*."""
        self.assertEqual(complaints(text), "")
        self.assertEqual(set(names) - set(parsed(text)), set())

    def test_metrics_of_the_remote_api(self) -> None:
        """The cluster's figures and the daemon's own, at a resource for whoever may read."""
        self.submit()
        link = http.client.HTTPSConnection(self.address, 5080, context=self.trust, timeout=PATIENCE)
        self.addCleanup(link.close)
        link.request("GET", "/metrics", headers=LOGIN)
        text = link.getresponse().read()
        self.check(
            text, "ganetix_jobs", "ganetix_locks_waited_for", "ganetix_rpc_seconds_count",
            "ganetix_journal_records_total", "ganetix_journal_sync_seconds_count",
            "ganetix_candidates", "ganetix_stalls_total", "ganetix_node_up",
            "ganetix_rapi_clients",
        )  # fmt: skip
        nodes = {self.cluster.name(number) for number in (1, 2, 3)}
        self.assertEqual({key[0] for key in parsed(text)["ganetix_node_up"]}, nodes)

    def test_metrics_of_each_daemon(self) -> None:
        """Each daemon has its figures on a port of its own, if it is told to, else none."""
        with self.assertRaises(ConnectionRefusedError):
            self.figures(9101)
        for node, daemon, name in (
            (1, "ganeti-masterd", "ganetix_stalls_total"),
            (1, "ganeti-rapi", "ganetix_rapi_stalls_total"),
            (3, "ganeti-noded", "ganetix_noded_stalls_total"),
        ):
            self.start_with(node, daemon, "--metrics-port 9101")
            self.check(self.figures(9101, node), name)
            self.doCleanups()
        with self.assertRaises(ConnectionRefusedError):
            self.figures(9101)

    def test_who_lets_anybody_look_is_warned(self) -> None:
        """Verify warns of a remote API whose reads want no user, and of no other one."""
        told = self.cluster.run(1, "gnt-cluster", "verify")
        self.assertNotIn("without a user", told)
        self.start_with(1, "ganeti-rapi", "--no-require-authentication")
        told = self.cluster.run(1, "gnt-cluster", "verify")
        self.assertIn(f"WARNING: node {self.cluster.name(1)}: its remote API answers", told)

    def test_a_websocket(self) -> None:
        """The same over a websocket."""
        plain = socket.create_connection((self.address, 5080), timeout=PATIENCE)
        link = self.trust.wrap_socket(plain)
        self.addCleanup(link.close)
        client = WSConnection(ConnectionType.CLIENT)
        headers = [(name.encode(), value.encode()) for name, value in LOGIN.items()]
        link.sendall(client.send(Request(self.address, "/2/events", extra_headers=headers)))
        messages = self.messages(link, client)
        self.assertEqual(next(messages)["event"], "begin")
        self.assertEqual(self.states(messages, self.submit())[0], "queued")

    def messages(self, link: ssl.SSLSocket, client: WSConnection) -> Iterator[dict[str, Any]]:
        """Yield the messages that come over a websocket."""
        while data := link.recv(65536):
            client.receive_data(data)
            for event in client.events():
                if isinstance(event, TextMessage):
                    yield json.loads(event.data)
                else:
                    self.assertIsInstance(event, AcceptConnection)
