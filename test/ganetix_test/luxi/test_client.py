"""Promises of the blocking client: answers, errors, and what it says when nobody answers."""

import json
import socket
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.luxi import messages
from ganetix.luxi.client import Client, Door
from ganetix.luxi.server import encode_result


class ClientCase(SynchronousTestCase):
    """A client whose connections are pairs of sockets with canned answers."""

    def setUp(self) -> None:
        """Nothing is connected yet; each entry of *script* is one connection's answers."""
        self.script: list[bytes | OSError] = []
        self.ends: list[socket.socket] = []
        self.told: list[str] = []
        self.master: str | None = "node1"

    def connect(self, path: str, timeout: float) -> socket.socket:
        """Connect to the next canned server, which closes after its answers."""
        canned = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(canned, OSError):
            raise canned
        ours, theirs = socket.socketpair()
        theirs.sendall(canned)
        theirs.shutdown(socket.SHUT_WR)
        ours.settimeout(5)
        self.ends.append(theirs)
        self.addCleanup(theirs.close)
        return ours

    def client(self) -> Client:
        """A client on node1 that does not wait for a master daemon."""
        door = Door("/sock", "node1", lambda: self.master, 0.0, 180.0, self.connect)
        client = Client(door, self.told.append)
        self.addCleanup(client.close)
        return client

    def fails(self, kind: type[errors.GanetiError], method: str = "SubmitJob") -> str:
        """Call *method*, expect an error of *kind* and return its sentence."""
        with self.assertRaises(kind) as caught:
            self.client().call(method, [])
        error: errors.GanetiError = caught.exception
        return error.message


class Impatient(socket.socket):
    """A connection whose user presses Ctrl-C while the answer is waited for."""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Be interrupted."""
        raise KeyboardInterrupt


class AnswerTests(ClientCase):
    """Calls and their answers."""

    def test_interrupted(self) -> None:
        """After an interrupt the next call does not take the late answer for its own."""
        late, theirs = socket.socketpair()
        theirs.sendall(encode_result("late"))
        self.addCleanup(theirs.close)
        self.script = [encode_result("mine")]
        links = [Impatient(fileno=late.detach())]

        def connect(path: str, timeout: float) -> socket.socket:
            return links.pop() if links else self.connect(path, timeout)

        client = Client(Door("/sock", "node1", lambda: self.master, 0.0, 180.0, connect))
        self.addCleanup(client.close)
        self.assertRaises(KeyboardInterrupt, client.call, "WaitForJobChange")
        self.assertEqual(client.call("Query"), "mine")

    def test_calls(self) -> None:
        """Several calls go over one connection and each gets its answer."""
        self.script = [encode_result(1) + encode_result("two")]
        client = self.client()
        self.assertEqual([client.call("A", 1, [2]), client.call("B")], [1, "two"])
        sent: Any = self.ends[0].recv(10000).split(b"\x03")
        self.assertEqual(messages.decode_request(json.loads(sent[0])), ("A", [1, [2]]))
        self.assertEqual(len(self.ends), 1)

    def test_error(self) -> None:
        """An error of the cluster is raised as its class."""
        self.script = [messages.encode_error(errors.JobLost("Job 5 is not there."))]
        self.assertEqual(self.fails(errors.JobLost), "Job 5 is not there.")


class LostTests(ClientCase):
    """The connection breaks."""

    def test_query_goes_again(self) -> None:
        """A call that changes nothing is made again on a new connection, and the user is told."""
        self.script = [b"", encode_result([])]
        self.assertEqual(self.client().call("QueryTags", "cluster", ""), [])
        self.assertEqual(len(self.told), 1)

    def test_closed_between_calls(self) -> None:
        """A master daemon that was restarted between two calls is found again, for any call."""
        self.script = [encode_result(1), encode_result(2)]
        client = self.client()
        self.assertEqual([client.call("QueryTags"), client.call("SubmitJob", [])], [1, 2])
        self.assertEqual((len(self.ends), self.told), (2, []))

    def test_query_gives_up(self) -> None:
        """A master daemon that always closes is given up after 15 tries."""
        self.script = [b"{"]
        self.fails(errors.LuxiError, "WaitForJobChange")
        self.assertEqual(len(self.ends), 15)

    def test_submit_does_not(self) -> None:
        """A lost submit is never repeated; the sentence says how to look for the job."""
        self.script = [b""]
        self.assertIn("gnt-job list", self.fails(errors.LuxiError))
        self.assertEqual(len(self.ends), 1)


class AbsentTests(ClientCase):
    """Nobody listens: the sentence says why and what to do."""

    def test_no_cluster(self) -> None:
        """On a machine without a cluster, it is exit code 5 and gnt-cluster init."""
        self.script, self.master = [FileNotFoundError(2, "No such file")], None
        self.assertIn("gnt-cluster init", self.fails(errors.NotInClusterError))
        self.assertEqual(errors.NotInClusterError.exit_code, 5)

    def test_not_master(self) -> None:
        """On another node, it is exit code 11 and the master's name."""
        self.script, self.master = [ConnectionRefusedError(111, "refused")], "node9"
        self.assertIn("node9", self.fails(errors.NotMasterError))
        self.assertEqual(errors.NotMasterError.exit_code, 11)

    def test_master_down(self) -> None:
        """On the master, the socket is named and how to start the daemon."""
        self.script = [ConnectionRefusedError(111, "Connection refused")]
        sentence = self.fails(errors.LuxiError)
        self.assertIn("/sock", sentence)
        self.assertIn("ganeti-masterd", sentence)

    def test_forbidden(self) -> None:
        """A user without the right is told who may."""
        self.script = [PermissionError(13, "Permission denied")]
        self.assertIn("gnt-admin", self.fails(errors.LuxiError))
