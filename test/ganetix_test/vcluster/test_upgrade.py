"""A virtual cluster goes from one version to another that is installed beside it, and back."""

import pathlib
import sys

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.cluster import VirtualCluster

NODES = (1, 2)


class UpgradeTests(SynchronousTestCase):
    """Two nodes; both versions are this very software, by two names."""

    def setUp(self) -> None:
        """Make the cluster and install the versions."""
        self.cluster = VirtualCluster.make(len(NODES))
        self.addCleanup(self.cluster.remove)
        self.cluster.begin(len(NODES))
        for number in NODES:
            versions = self.cluster.root(number) / "usr/lib/ganeti"
            versions.mkdir(parents=True)
            for version in ("0.1", "0.2"):
                (versions / version).symlink_to(pathlib.Path(sys.prefix))
            self.link(number).symlink_to(versions / "0.1")

    def link(self, number: int) -> pathlib.Path:
        """Return the link that names the version in use."""
        return self.cluster.root(number) / "etc/ganeti/lib"

    def used(self) -> list[str]:
        """Return the versions in use, by node."""
        return [self.link(number).readlink().name for number in NODES]

    def test_there_and_back(self) -> None:
        """Links are switched, daemons are others, instances go on, and jobs are taken again."""
        self.cluster.run(1, "gnt-instance", "add", "-t", "diskless", "-o", "dummy", "--no-install",
                         "-n", self.cluster.name(2), "instance1.example.com")  # fmt: skip
        self.cluster.run(1, "gnt-instance", "start", "instance1.example.com")
        for version in ("0.2", "0.1"):
            before = [self.cluster.pid(number, "ganeti-noded") for number in NODES]
            told = self.cluster.run(1, "gnt-cluster", "upgrade", "--to", version)
            self.assertIn("Verifying", told)
            self.assertEqual(self.used(), [version] * len(NODES))
            after = [self.cluster.pid(number, "ganeti-noded") for number in NODES]
            self.assertFalse(set(before) & set(after))
        self.assertEqual(
            self.cluster.run(1, "gnt-cluster", "queue", "info"), "The drain flag is unset\n"
        )
        self.assertIn("not paused", self.cluster.run(1, "gnt-cluster", "watcher", "info"))
        self.assertEqual(
            self.cluster.rows("gnt-instance", "list", "-o", "name,status"),
            [["instance1.example.com", "running"]],
        )
        [kept, *_] = self.cluster.root(1).glob("var/lib/ganeti*.tar")
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)

    def test_not_everywhere(self) -> None:
        """A version that a node lacks stops nobody; a node that can't switch brings all back."""
        lacking = self.cluster.root(2) / "usr/lib/ganeti/0.2"
        lacking.unlink()
        done = self.cluster.attempt(1, "gnt-cluster", "upgrade", "--to", "0.2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("node2", done.stderr)
        lacking.symlink_to(pathlib.Path(sys.prefix))
        (self.cluster.root(2) / "etc/ganeti/lib.new").mkdir()
        done = self.cluster.attempt(1, "gnt-cluster", "upgrade", "--to", "0.2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Going back to version 0.1", done.stderr)
        self.assertEqual(self.used(), ["0.1", "0.1"])
        self.cluster.run(1, "gnt-debug", "delay", "-n", self.cluster.name(2), "0.1")
