"""The watcher, the cleaner and restarts by events on a running virtual cluster."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.master.autorestart import TAG
from ganetix_test.vcluster.test_cluster import running_cluster

NAME = "instance41.example.com"


class WatcherTests(SynchronousTestCase):
    """An instance that dies runs again."""

    def setUp(self) -> None:
        """Have an instance on node 2."""
        self.cluster = running_cluster()
        self.cluster.run(
            1, "gnt-instance", "add", "-t", "diskless", "-o", "dummy", "-B", "memory=128m",
            "-n", self.cluster.name(2), NAME,
        )  # fmt: skip
        self.addCleanup(self.cluster.run, 1, "gnt-instance", "remove", "-f", NAME)

        self.machine = self.cluster.root(2) / "var/run/ganeti/fake-hypervisor" / NAME

    def _status(self) -> str:
        rows = self.cluster.rows("gnt-instance", "list", "-o", "name,status")
        return dict(rows)[NAME]

    def test_watcher_starts_what_died(self) -> None:
        """One run of the watcher on all nodes starts the instance, and says so in its files."""
        self.machine.unlink()
        self.cluster.until(lambda: self._status() == "ERROR_down", "its node told of the death")
        self.cluster.all("watcher")
        self.assertEqual(self._status(), "running")
        self.cluster.all("watcher")
        states = self.cluster.root(1) / "var/run/ganeti/instance-status"
        self.assertIn(f"{NAME} running\n", states.read_text("utf-8"))

    def test_watcher_starts_daemons(self) -> None:
        """A daemon that died is started on its own node."""
        self.cluster.kill(3, "ganeti-noded")
        self.assertEqual(self.cluster.attempt(3, "ganeti-watcher").returncode, 11)
        self.assertIsNotNone(self.cluster.pid(3, "ganeti-noded"))

    def test_restart_by_event(self) -> None:
        """With the tag the instance runs again within seconds, without the watcher."""
        self.cluster.run(1, "gnt-instance", "add-tags", NAME, TAG)
        self.machine.unlink()
        self.cluster.until(self.machine.exists, f"{NAME} runs again", 10)

    def test_cleaner(self) -> None:
        """Both runs of the cleaner succeed on every node, and leave their logs."""
        for node in (1, 2):
            for what, logs in (("node", "cleaner"), ("master", "master-cleaner")):
                self.cluster.run(node, "ganeti-cleaner", what)
                found = (self.cluster.root(node) / "var/log/ganeti" / logs).glob("cleaner-*.log")
                self.assertEqual(len(list(found)), 1)
