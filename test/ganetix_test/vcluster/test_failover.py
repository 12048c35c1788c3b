"""The master dies, or hands over, and another candidate of a virtual cluster goes on."""

import shutil

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.cluster import VirtualCluster


class FailoverTests(SynchronousTestCase):
    """Three nodes of their own: afterwards another one is the master."""

    def setUp(self) -> None:
        """Make the cluster."""
        self.cluster = VirtualCluster.make(3)
        self.addCleanup(self.cluster.remove)
        self.cluster.begin(3)

    def master(self) -> list[str]:
        """Return what each node takes for the master."""
        return [self.cluster.run(n, "gnt-cluster", "getmaster").strip() for n in (1, 2, 3)]

    def jobs(self, node: int) -> dict[str, str]:
        """Return the jobs that *node* knows: summary to status."""
        text = self.cluster.run(
            node, "gnt-job", "list", "-o", "summary,status", "--no-headers", "--separator=|"
        )
        rows = [line.split("|") for line in text.splitlines()]
        return {row[0]: row[1] for row in rows}

    def well(self, node: int) -> bool:
        """Whether verify, run on *node*, finds nothing, not even a candidate that is behind."""
        done = self.cluster.attempt(node, "gnt-cluster", "verify")
        return done.returncode == 0 and "WARNING" not in done.stdout

    def test_dead_and_back(self) -> None:
        """Node 2 takes over from a dead master with its jobs; the old one comes back as a node."""
        node1, node2 = self.cluster.name(1), self.cluster.name(2)
        self.cluster.run(1, "gnt-cluster", "add-tags", "kept")
        self.cluster.run(1, "gnt-debug", "delay", "--submit", "8")
        self.cluster.until(lambda: self.jobs(1)["TEST_DELAY(8.0)"] == "running", "the job runs")
        self.assertEqual(self.cluster.attempt(1, "gnt-cluster", "master-failover").returncode, 1)
        for daemon in ("ganeti-masterd", "ganeti-rapi", "ganeti-noded"):
            self.cluster.kill(1, daemon)
        self.assertEqual(self.cluster.attempt(1, "gnt-cluster", "master-ping").returncode, 1)
        told = self.cluster.attempt(2, "gnt-cluster", "master-failover")
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn(f"{node2} is the master, epoch 2.", told.stdout)
        self.assertEqual(self.cluster.run(2, "gnt-cluster", "list-tags"), "kept\n")
        self.cluster.until(lambda: self.jobs(2)["TEST_DELAY(8.0)"] == "success", "the job ends")

        # By its own files the old master is still the master: its nodes tell it otherwise.
        started = self.cluster.attempt(1, "daemon-util", "start-all")
        self.assertNotEqual(started.returncode, 0)
        self.assertIn(f"{node2} is", started.stderr)
        self.assertIsNone(self.cluster.pid(1, "ganeti-masterd"))
        self.cluster.until(lambda: self.master() == [node2] * 3, "all nodes know the master")
        self.cluster.until(lambda: self.well(2), "the old master is a candidate in sync")

        # And back, with everybody alive.
        self.cluster.run(1, "gnt-cluster", "master-failover")
        self.assertIsNone(self.cluster.pid(2, "ganeti-masterd"))
        self.assertEqual(self.master(), [node1] * 3)
        told = self.cluster.attempt(1, "gnt-cluster", "verify")
        self.assertNotIn("ssconf_", told.stdout)
        self.assertEqual(self.jobs(1)["TEST_DELAY(8.0)"], "success")
        self.cluster.until(lambda: self.well(1), "all candidates are in sync")

    def test_old_list(self) -> None:
        """A node whose list lacks the new master refuses it until the list is mended there."""
        path = "var/lib/ganeti/ssconf_master_candidates_certs"
        whole = (self.cluster.root(3) / path).read_text("ascii")
        self.cluster.run(3, "daemon-util", "stop", "ganeti-noded")
        old = self.cluster.root(3) / path
        uuid = dict(self.cluster.rows("gnt-node", "list", "-o", "name,uuid"))[self.cluster.name(2)]
        kept = [row for row in whole.splitlines() if not row.startswith(uuid)]
        old.chmod(0o644)
        old.write_text("".join(f"{row}\n" for row in kept), "ascii")
        for daemon in ("ganeti-masterd", "ganeti-noded"):
            self.cluster.kill(1, daemon)
        self.cluster.run(3, "daemon-util", "start", "ganeti-noded")
        done = self.cluster.attempt(
            2, "gnt-cluster", "master-failover", "--no-voting", "--yes-do-it"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("daemon-util accept-candidates", done.stderr)
        source = self.cluster.root(2) / path
        copy = self.cluster.directory / "list"
        shutil.copy(source, copy)
        self.cluster.run(3, "daemon-util", "accept-candidates", str(copy))
        self.cluster.run(1, "daemon-util", "start", "ganeti-noded")
        self.cluster.until(lambda: self.well(2), "the node obeys the new master")
