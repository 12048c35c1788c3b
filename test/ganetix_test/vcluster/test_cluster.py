"""Tests of a running virtual cluster of three nodes, as its users see it."""

import atexit
import functools
import json
import os
import pathlib
import signal
import ssl
import stat
import subprocess
import urllib.error
import urllib.request
from base64 import b64encode
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix.daemons import layout
from ganetix_test.vcluster.cluster import VirtualCluster, delay

HOOK = """\
#!/bin/sh
echo "$GANETI_HOOKS_PHASE $GANETI_INSTANCE_NAME" >> {record}
exit {code}
"""


@functools.cache
def running_cluster() -> VirtualCluster:
    """Return a cluster of three nodes, removed when the tests have ended.

    Trial has no fixtures for a class; making a cluster for each test would take minutes.
    """
    cluster = VirtualCluster.make(3)
    atexit.register(cluster.remove)
    cluster.begin(3)
    return cluster


class RunningClusterTests(SynchronousTestCase):
    """One cluster for all tests here; each leaves it as it was."""

    def setUp(self) -> None:
        """Take the cluster; the first test makes it."""
        self.cluster = running_cluster()

    def add_instance(self, name: str, node: int, *more: str) -> None:
        """Create instance *name* on *node*, removed after the test."""
        self.cluster.run(
            1, "gnt-instance", "add", "-o", "dummy", "-B", "memory=128m",
            "-n", self.cluster.name(node), *more, name,
        )  # fmt: skip
        self.addCleanup(self.cluster.run, 1, "gnt-instance", "remove", "-f", name)

    def instances(self) -> dict[str, list[str]]:
        """Return name to (primary node, status)."""
        rows = self.cluster.rows("gnt-instance", "list", "-o", "name,pnode,status")
        return {row[0]: row[1:] for row in rows}

    def statuses(self, ids: list[int]) -> list[str]:
        """Return the states of jobs."""
        client = self.cluster.client()
        try:
            return [row[0] for row in client.call("QueryJobs", ids, ["status"])]
        finally:
            client.close()

    def submit(self, seconds: float, number: int) -> list[int]:
        """Submit *number* jobs that wait on the master; return the acknowledged ones."""
        client = self.cluster.client()
        try:
            answers = client.call("SubmitManyJobs", [delay(seconds)] * number)
        finally:
            client.close()
        self.assertTrue(all(accepted for accepted, _ in answers))
        return [job for _, job in answers]

    # ------------------------------------------------------------ what is there

    def test_nodes(self) -> None:
        """All three nodes are there, the first is the master, the others are candidates."""
        rows = self.cluster.rows("gnt-node", "list", "-o", "name,role")
        names = [self.cluster.name(number) for number in (1, 2, 3)]
        self.assertEqual([row[0] for row in rows], names)
        self.assertEqual([row[1] for row in rows], ["M", "C", "C"])

    def test_permissions(self) -> None:
        """Secrets, configuration and queue have the modes of the reference's table."""
        root = self.cluster.root(1)
        for entry in (*layout.DIRECTORIES, *layout.FILES.values()):
            path = pathlib.Path(f"{root}{entry.path}")
            if path.exists():
                mode = stat.S_IMODE(path.stat().st_mode)
                self.assertEqual(f"{mode & ~entry.mode:04o}", "0000", entry.path)
        socket = root / "var/run/ganeti/socket/ganeti-query"
        self.assertEqual(stat.S_IMODE(socket.stat().st_mode), 0o660)

    def test_key_stays_on_its_node(self) -> None:
        """Each node has a key of its own, and only the master side has the authority's."""
        keys = {
            (self.cluster.root(number) / "var/lib/ganeti/server.pem").read_text("ascii")
            for number in (1, 2, 3)
        }
        self.assertEqual(len(keys), 3)
        authority = (self.cluster.root(1) / "var/lib/ganeti/authority.key").read_text("ascii")
        self.assertNotIn(authority, "".join(keys))

    def test_a_node_is_not_added_twice(self) -> None:
        """Adding a node that is there is refused with what to type instead."""
        done = self.cluster.attempt(1, "gnt-node", "add", self.cluster.name(2))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--readd", done.stderr)

    def test_only_the_master_adds(self) -> None:
        """On another node the exit code is that of "not the master"."""
        done = self.cluster.attempt(2, "gnt-node", "add", self.cluster.name(3))
        self.assertEqual(done.returncode, 11)

    def test_second_init(self) -> None:
        """A node of a cluster can't begin another one, and stays as it is."""
        done = self.cluster.attempt(
            1, "gnt-cluster", "init", "--enabled-disk-templates=file",
            "--enabled-hypervisors=fake", "cluster.example.com",
        )  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertIn("already part of cluster", done.stderr)
        self.assertIsNotNone(self.cluster.pid(1, "ganeti-masterd"))

    # ------------------------------------------------------------ instances

    def test_instance_life(self) -> None:
        """Instances of each disk template run where they were put, and can be stopped."""
        self.add_instance("instance1.example.com", 1, "-t", "file", "--disk", "0:size=64m")
        self.add_instance("instance2.example.com", 2, "-t", "diskless")
        self.add_instance("instance3.example.com", 3, "-t", "sharedfile", "--disk", "0:size=64m")
        found = self.instances()
        for number in (1, 2, 3):
            self.assertEqual(
                found[f"instance{number}.example.com"], [self.cluster.name(number), "running"]
            )
        self.cluster.run(1, "gnt-instance", "stop", "instance3.example.com")
        self.assertEqual(self.instances()["instance3.example.com"][1], "ADMIN_down")

    def test_failover(self) -> None:
        """A diskless instance fails over; one with a file on its node is refused in words."""
        self.add_instance("instance1.example.com", 1, "-t", "file", "--disk", "0:size=64m")
        self.add_instance("instance2.example.com", 2, "-t", "diskless")
        self.cluster.run(
            1, "gnt-instance", "failover", "-f", "-n", self.cluster.name(1), "instance2.example.com"
        )
        self.assertEqual(
            self.instances()["instance2.example.com"], [self.cluster.name(1), "running"]
        )
        done = self.cluster.attempt(1, "gnt-instance", "failover", "-f", "instance1.example.com")
        self.assertEqual(done.returncode, 1)
        self.assertIn("file", done.stderr)
        self.assertEqual(
            self.instances()["instance1.example.com"], [self.cluster.name(1), "running"]
        )

    def test_failed_add_leaves_nothing(self) -> None:
        """An instance whose operating system is not there leaves no entry and no disk."""
        done = self.cluster.attempt(
            1, "gnt-instance", "add", "-t", "file", "--disk", "0:size=64m", "-o", "no-such-os",
            "-n", self.cluster.name(1), "instance9.example.com",
        )  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertIn("no-such-os", done.stderr)
        self.assertNotIn("instance9.example.com", self.instances())
        storage = self.cluster.root(1) / "srv/ganeti/file-storage"
        self.assertEqual(list(storage.iterdir()), [])

    # ------------------------------------------------------------ hooks

    def hook(self, node: int, phase: str, code: int) -> pathlib.Path:
        """Put a hook for instance creation on *node*; return the file that it writes to."""
        record = pathlib.Path(self.mktemp()).resolve()
        directory = self.cluster.root(node) / f"etc/ganeti/hooks/instance-add-{phase}.d"
        directory.mkdir(exist_ok=True)
        script = directory / "record"
        script.write_text(HOOK.format(record=record, code=code), "ascii")
        script.chmod(0o755)
        self.addCleanup(script.unlink)
        return record

    def test_hooks_on_two_nodes(self) -> None:
        """Hooks run on the master and on the instance's node, before and after."""
        records = [self.hook(node, phase, 0) for node in (1, 2) for phase in ("pre", "post")]
        self.add_instance("instance1.example.com", 2, "-t", "diskless")
        self.assertEqual(
            [record.read_text("ascii") for record in records],
            ["pre instance1.example.com\n", "post instance1.example.com\n"] * 2,
        )

    def test_failing_hook_stops(self) -> None:
        """A pre hook that fails on any node stops the operation before it changes anything."""
        record = self.hook(2, "pre", 1)
        done = self.cluster.attempt(
            1, "gnt-instance", "add", "-t", "diskless", "-o", "dummy",
            "-n", self.cluster.name(2), "instance1.example.com",
        )  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertTrue(record.exists())
        self.assertIn(self.cluster.name(2), done.stderr)
        self.assertNotIn("instance1.example.com", self.instances())

    # ------------------------------------------------------------ daemons come and go

    def test_instances_outlive_noded(self) -> None:
        """Stopping a node daemon leaves its instances running; back again, it says so."""
        self.add_instance("instance2.example.com", 2, "-t", "diskless")
        self.cluster.run(2, "daemon-util", "stop", "ganeti-noded")
        self.addCleanup(self.cluster.run, 2, "daemon-util", "start", "ganeti-noded")
        self.cluster.until(
            lambda: self.instances()["instance2.example.com"][1] == "ERROR_nodedown",
            "the master sees that the node is gone",
        )
        self.cluster.run(2, "daemon-util", "start", "ganeti-noded")
        self.cluster.until(
            lambda: self.instances()["instance2.example.com"][1] == "running",
            "the instance is seen running again",
        )

    def test_killed_master_loses_no_job(self) -> None:
        """Every job that was acknowledged before a crash is there after it, and ends."""
        jobs = self.submit(0.05, 200)
        self.cluster.until(
            lambda: "success" in self.statuses(jobs), "the first of the jobs has ended"
        )
        self.cluster.kill(1, "ganeti-masterd")
        self.cluster.run(1, "daemon-util", "start", "ganeti-masterd")
        final = {"success", "error"}
        self.cluster.until(lambda: set(self.statuses(jobs)) <= final, "all jobs have ended")
        states = self.statuses(jobs)
        self.assertEqual(len(states), 200)
        # Only what ran at that very moment may be in error: 20 jobs run at a time.
        self.assertLessEqual(states.count("error"), 20)

    def test_restart_disturbs_no_job(self) -> None:
        """A clean restart while 20 jobs run leaves none of them in error."""
        jobs = self.submit(3.0, 20)
        self.cluster.until(
            lambda: self.statuses(jobs).count("running") == 20, "all jobs are running"
        )
        self.cluster.run(1, "daemon-util", "stop", "ganeti-masterd")
        self.cluster.run(1, "daemon-util", "start", "ganeti-masterd")
        self.cluster.until(
            lambda: self.statuses(jobs) == ["success"] * 20, "all jobs have succeeded"
        )

    def test_folding_without_a_daemon(self) -> None:
        """After a crash the journal can be folded into config.data; beside a daemon it can't."""
        self.cluster.run(1, "gnt-cluster", "add-tags", "crashed")
        self.addCleanup(self.cluster.run, 1, "gnt-cluster", "remove-tags", "crashed")
        refused = self.cluster.attempt(1, "ganeti-masterd", "--checkpoint")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"pid {self.cluster.pid(1, 'ganeti-masterd')}", refused.stderr)
        self.cluster.kill(1, "ganeti-masterd")
        self.addCleanup(self.cluster.run, 1, "daemon-util", "start", "ganeti-masterd")
        self.cluster.run(1, "ganeti-masterd", "--checkpoint")
        self.assertIn("crashed", self.cluster.configuration()["cluster"]["tags"])

    def test_foreground(self) -> None:
        """With -f a daemon stays, says what it does on the terminal, and ends when told to."""
        self.cluster.run(3, "daemon-util", "stop", "ganeti-noded")
        self.addCleanup(self.cluster.run, 3, "daemon-util", "start", "ganeti-noded")
        command = [str(self.cluster.root(3) / "cmd"), "ganeti-noded", "-f", "--no-mlock"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
            assert daemon.stderr is not None
            rows = iter(daemon.stderr.readline, "")
            self.assertTrue(any("ganeti-noded is ready" in row for row in rows))
            daemon.terminate()
            self.assertTrue(any("ganeti-noded has stopped" in row for row in rows))
        self.assertEqual(daemon.returncode, 0)

    def test_log_rotation(self) -> None:
        """After SIGHUP a daemon writes to a new file of the same name."""
        pid = self.cluster.pid(3, "ganeti-noded")
        assert pid is not None
        path = self.cluster.root(3) / "var/log/ganeti/node-daemon.log"
        path.rename(path.with_suffix(".1"))
        os.kill(pid, signal.SIGHUP)
        self.cluster.until(path.exists, "there is a new log")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_second_daemon(self) -> None:
        """A second daemon of the same node is refused with the first one's pid."""
        done = self.cluster.attempt(1, "ganeti-noded")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"pid {self.cluster.pid(1, 'ganeti-noded')}", done.stderr)

    def test_no_voting_asks(self) -> None:
        """Starting a master without a vote must be confirmed in full."""
        done = self.cluster.attempt(1, "ganeti-masterd", "--no-voting", text="yes\n")
        self.assertEqual(done.returncode, 13)

    def test_master_elsewhere(self) -> None:
        """A node that is not the master can't run the master daemon."""
        done = self.cluster.attempt(2, "ganeti-masterd")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.strip())

    def test_everything_restarts(self) -> None:
        """Stopped and started again, the cluster is what it was."""
        self.add_instance("instance1.example.com", 1, "-t", "file", "--disk", "0:size=64m")
        before = self.instances()
        self.cluster.all("restart")
        self.cluster.until(lambda: self.instances() == before, "everything is as before")

    # ------------------------------------------------------------ the remote API

    def remote(
        self, verb: str, path: str, body: object = None, user: str = "jill:secret"
    ) -> tuple[int, Any]:
        """Ask the remote API over HTTPS; return status and answer."""
        address = (self.cluster.directory / "network").read_text("ascii").strip() + ".11"
        request = urllib.request.Request(f"https://{address}:5080{path}", method=verb)
        request.add_header("Content-Type", "application/json")
        if user:
            request.add_header("Authorization", f"Basic {b64encode(user.encode()).decode()}")
        if body is not None:
            request.data = json.dumps(body).encode()
        certificate = self.cluster.root(1) / "var/lib/ganeti/rapi.pem"
        context = ssl.create_default_context(cafile=str(certificate))
        context.check_hostname = False
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def test_remote_api(self) -> None:
        """Every user may look; who has the option makes and removes an instance, by a job."""
        users = self.cluster.root(1) / "var/lib/ganeti/rapi/users"
        users.write_text("jack secret write\njill secret read\n", "ascii")
        self.assertEqual(self.remote("GET", "/version", user="")[0], 401)
        self.assertEqual(self.remote("GET", "/version"), (200, 2))
        self.assertEqual(len(self.remote("GET", "/2/nodes")[1]), 3)
        name = "instance7.example.com"
        body = {
            "__version__": 1, "mode": "create", "name": name, "os": "dummy", "hypervisor": "fake",
            "disk_template": "diskless", "disks": [], "nics": [{}], "pnode": self.cluster.name(1),
        }  # fmt: skip
        for user, status in (("", 401), ("jack:wrong", 401), ("jill:secret", 403)):
            self.assertEqual(self.remote("POST", "/2/instances", body, user)[0], status)
        status, job = self.remote("POST", "/2/instances", body, "jack:secret")
        self.assertEqual(status, 200)
        self.cluster.until(lambda: self.statuses([job]) == ["success"], "the instance is there")
        self.assertEqual(self.remote("GET", f"/2/instances/{name}")[1]["status"], "running")
        _, job = self.remote("DELETE", f"/2/instances/{name}", None, "jack:secret")
        self.cluster.until(lambda: self.statuses([job]) == ["success"], "the instance is gone")
        self.assertEqual(self.remote("GET", f"/2/instances/{name}")[0], 404)

    def test_users_after_a_hangup(self) -> None:
        """SIGHUP has the remote API read its users again, whether they have changed or not."""
        users = self.cluster.root(1) / "var/lib/ganeti/rapi/users"
        users.write_text("jack {MD9}hush\njill secret\n", "ascii")
        pid = self.cluster.pid(1, "ganeti-rapi")
        assert pid is not None
        log = self.cluster.root(1) / "var/log/ganeti/rapi-daemon.log"

        def complaints() -> int:
            self.assertEqual(self.remote("GET", "/version"), (200, 2))
            return log.read_text("utf-8").count(f"{users}: Line 1 ")

        self.assertEqual((complaints(), complaints()), (1, 1))
        os.kill(pid, signal.SIGHUP)
        self.cluster.until(lambda: complaints() == 2, "the file is read again")

    # ------------------------------------------------------------ two at a time

    def test_second_cluster(self) -> None:
        """Another cluster in another directory lives beside this one."""
        other = VirtualCluster.make(1)
        self.addCleanup(other.remove)
        other.begin(1)
        networks = {(c.directory / "network").read_text("ascii") for c in (self.cluster, other)}
        self.assertEqual(len(networks), 2)
        self.assertEqual(len(other.rows("gnt-node", "list")), 1)
        self.assertEqual(len(self.cluster.rows("gnt-node", "list")), 3)
