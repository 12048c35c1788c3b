"""Placement on a running virtual cluster: allocators, evacuation, balancing and its abort."""

import json
import os
import signal
import subprocess
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.test_cluster import running_cluster

SCRIPT = """\
#!/bin/sh
grep -q '"type":"allocate"' "$1" || exit 1
echo '{"success": true, "info": "", "result": ["node3.example.com"]}'
"""


class PlacementTests(SynchronousTestCase):
    """Each test creates its instances and removes them."""

    def setUp(self) -> None:
        """Take the cluster that the other tests use too."""
        self.cluster = running_cluster()

    def add(self, name: str, *more: str) -> str:
        """Create an instance, removed after the test; return what the command prints."""
        printed = self.cluster.run(
            1, "gnt-instance", "add", "-o", "dummy", "-B", "memory=512m", "-s", "4m", *more, name
        )
        self.addCleanup(self.cluster.run, 1, "gnt-instance", "remove", "-f", name)
        return printed

    def homes(self) -> dict[str, str]:
        """Return each instance's node."""
        rows = self.cluster.rows("gnt-instance", "list", "-o", "name,pnode")
        return {row[0]: row[1] for row in rows}

    def test_default(self) -> None:
        """Without a node hail chooses, and the log says why."""
        printed = self.add("p1.example.com", "-t", "sharedfile")
        self.assertIn("the best of 3 possible of 3 places", printed)
        self.assertIn("Instance allocator hail chose node", printed)
        found = json.loads(
            self.cluster.run(1, "gnt-instance", "why", "--format", "json", "p1.example.com")
        )
        self.assertEqual(found["nodes"], [self.homes()["p1.example.com"]])

    def test_program(self) -> None:
        """A program on the node's own search path chooses when it is named."""
        directory = self.cluster.root(1) / "usr/local/lib/ganeti/iallocators"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "third").write_text(SCRIPT)
        (directory / "third").chmod(0o755)
        self.addCleanup(os.remove, directory / "third")
        self.add("p1.example.com", "-t", "file", "-I", "third")
        self.assertEqual(self.homes()["p1.example.com"], "node3.example.com")

    def test_evacuate(self) -> None:
        """What is planned is what happens: everything that can leaves the node."""
        node = self.cluster.name(2)
        for name in ("p1.example.com", "p2.example.com"):
            self.add(name, "-t", "sharedfile", "-n", node)
        words = ("gnt-node", "evacuate", "--plan", "--format", "json", node)
        plan = json.loads(self.cluster.run(1, *words))
        self.assertEqual(
            [one["instance"] for one in plan["moves"]], ["p1.example.com", "p2.example.com"]
        )
        self.cluster.run(1, "gnt-node", "evacuate", "-f", node)
        self.assertNotIn(node, self.homes().values())

    def test_balance_aborted(self) -> None:
        """An interrupt cancels the moves that wait; without one they are made."""
        names = [f"p{number}.example.com" for number in (1, 2, 3)]
        for name in names:
            self.add(name, "-t", "sharedfile", "-n", self.cluster.name(1))
        self.hold(names)
        balancing = subprocess.Popen(
            [str(self.cluster.root(1) / "cmd"), "gnt-cluster", "balance", "-f"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert balancing.stdout is not None
        for line in balancing.stdout:
            if line.startswith("Waiting for job"):
                break
        os.killpg(balancing.pid, signal.SIGINT)
        told, _errors = balancing.communicate(timeout=60)
        self.assertEqual(balancing.returncode, 1)
        self.assertIn("canceled", told)
        self.release()
        self.assertEqual({self.homes()[name] for name in names}, {self.cluster.name(1)})
        self.cluster.run(1, "gnt-cluster", "balance", "-f")
        self.assertGreater(len({self.homes()[name] for name in names}), 1)

    def hold(self, names: list[str]) -> None:
        """Keep the nodes locked until `release`, so that no move can begin."""
        nodes = [self.cluster.name(number) for number in (1, 2, 3)]
        op: dict[str, Any] = {
            "OP_ID": "OP_TEST_DELAY", "duration": 120.0, "on_nodes": nodes, "on_master": False,
            "no_locks": False, "reason": [],
        }  # fmt: skip
        client = self.cluster.client()
        self.held = client.call("SubmitJob", [op])
        self.cluster.until(
            lambda: client.call("QueryJobs", [self.held], ["status"]) == [["running"]],
            "the nodes are locked",
        )
        client.close()

    def release(self) -> None:
        """End what holds the nodes."""
        self.cluster.run(1, "gnt-job", "cancel", str(self.held))
        self.cluster.attempt(1, "gnt-job", "wait", str(self.held))
