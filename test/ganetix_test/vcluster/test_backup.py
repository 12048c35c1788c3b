"""Exports and imports with real daemons, scripts and files."""

import hashlib
import os
import pathlib

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.cluster import CommandFailed
from ganetix_test.vcluster.test_cluster import running_cluster

NAME = "instance51.example.com"
NEW = "instance52.example.com"


def disk_of(cluster: CommandFailed, number: int, name: str) -> pathlib.Path:
    """Return the file of disk 0 of instance *name* on node *number*."""
    [found] = (cluster.root(number) / "srv/ganeti/file-storage" / name).glob("*.disk0")
    return found


class BackupTests(SynchronousTestCase):
    """A file instance goes from node 1 over an export on node 2 to node 3."""

    def setUp(self) -> None:
        """Make it, and write random data behind what its OS wrote."""
        self.cluster = running_cluster()
        self.cluster.run(
            1, "gnt-instance", "add", "-t", "file", "-o", "dummy", "-B", "memory=128m,vcpus=2",
            "--disk", "0:size=8m,name=root", "--tags", "keep", "--no-start", "--ignore-ipolicy",
            "-n", self.cluster.name(1), NAME,
        )  # fmt: skip
        self.addCleanup(self.cluster.run, 1, "gnt-instance", "remove", "-f", NAME)
        with open(disk_of(self.cluster, 1, NAME), "r+b") as disk:
            disk.seek(4096)
            disk.write(os.urandom(5 << 20))

    def digest(self, number: int, name: str) -> str:
        """Return the digest of the random data on the disk."""
        data = disk_of(self.cluster, number, name).read_bytes()
        return hashlib.sha256(data[4096 : 4096 + (5 << 20)]).hexdigest()

    def test_there_and_back(self) -> None:
        """Export, list, import under another name elsewhere: the same bytes; then remove it."""
        cluster, target = self.cluster, self.cluster.name(2)
        cluster.run(
            1, "gnt-backup", "export", "-n", target, "--transport-compression", "gzip", NAME
        )
        self.assertIn([target, NAME], cluster.rows("gnt-backup", "list", "-o", "node,export"))
        export = cluster.root(2) / "var/lib/ganeti/export" / NAME
        self.assertIn("disk0_name = root", (export / "config.ini").read_text("utf-8"))
        cluster.run(
            1, "gnt-backup", "import", "-n", cluster.name(3), "--src-node", target,
            "--src-dir", NAME, "--ignore-ipolicy", NEW,
        )  # fmt: skip
        self.addCleanup(cluster.run, 1, "gnt-instance", "remove", "-f", NEW)
        self.assertEqual(self.digest(3, NEW), self.digest(1, NAME))
        self.assertIn(
            [NEW, "2", "keep"], cluster.rows("gnt-instance", "list", "-o", "name,be/vcpus,tags")
        )
        cluster.run(1, "gnt-backup", "remove", NAME)
        self.assertFalse(export.exists())

    def test_import_that_fails(self) -> None:
        """A dump that is cut short leaves no instance, no disk, and says why."""
        cluster, target = self.cluster, self.cluster.name(2)
        cluster.run(1, "gnt-backup", "export", "-n", target, NAME)
        self.addCleanup(cluster.run, 1, "gnt-backup", "remove", NAME)
        [dump] = (cluster.root(2) / "var/lib/ganeti/export" / NAME).glob("*-*")
        dump.unlink()
        done = cluster.attempt(
            1, "gnt-backup", "import", "-n", cluster.name(3), "--src-dir", NAME,
            "--ignore-ipolicy", NEW,
        )  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be transferred", done.stderr)
        self.assertFalse((cluster.root(3) / "srv/ganeti/file-storage" / NEW).exists())
        self.assertNotIn([NEW], cluster.rows("gnt-instance", "list", "-o", "name"))
