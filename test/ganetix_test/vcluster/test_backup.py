"""Exports and imports with real daemons, scripts and files."""

import hashlib
import os
import pathlib
import shutil
import subprocess

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.cluster import VirtualCluster
from ganetix_test.vcluster.test_cluster import running_cluster

NAME = "instance51.example.com"
NEW = "instance52.example.com"


def disk_of(cluster: VirtualCluster, number: int, name: str) -> pathlib.Path:
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


class MoveTests(SynchronousTestCase):
    """An instance goes from one virtual cluster to another."""

    def setUp(self) -> None:
        """Have a second cluster with the same domain secret, and a user in both."""
        self.here = running_cluster()
        self.there = VirtualCluster.make(1)
        self.addCleanup(self.there.remove)
        self.there.begin(1)
        secret = "var/lib/ganeti/cluster-domain-secret"
        shutil.copy(self.here.root(1) / secret, self.there.root(1) / secret)
        self.password = self.there.directory / "password"
        self.password.write_text("moving\n", "ascii")
        for cluster in (self.here, self.there):
            users = cluster.root(1) / "var/lib/ganeti/rapi/users"
            users.write_text("mover moving write\n", "ascii")
        self.here.run(
            1, "gnt-instance", "add", "-t", "file", "-o", "dummy", "--disk", "0:size=8m",
            "--ignore-ipolicy", "-B", "memory=128m", "-n", self.here.name(1), "--no-start", NAME,
        )  # fmt: skip

    def move(self) -> subprocess.CompletedProcess[str]:
        """Run move-instance."""
        words = ["--src-username", "mover", "--src-password-file", str(self.password)]
        for which, cluster in (("src", self.here), ("dest", self.there)):
            certificate = cluster.root(1) / "var/lib/ganeti/rapi.pem"
            words += [f"--{which}-ca-file", str(certificate)]
        words += ["--dest-primary-node", self.there.name(1), "--compress", "gzip"]
        ends = [
            (cluster.directory / "network").read_text("ascii").strip() + ".11"
            for cluster in (self.here, self.there)
        ]
        return self.here.attempt(1, "move-instance", *words, *ends, NAME)

    def test_moved(self) -> None:
        """It is there with its contents, and no longer here."""
        digest = hashlib.sha256(disk_of(self.here, 1, NAME).read_bytes()).hexdigest()
        done = self.move()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        there = disk_of(self.there, 1, NAME).read_bytes()
        self.assertEqual(hashlib.sha256(there).hexdigest(), digest)
        self.assertIn([NAME], self.there.rows("gnt-instance", "list", "-o", "name"))
        self.assertNotIn([NAME], self.here.rows("gnt-instance", "list", "-o", "name"))

    def test_stranger(self) -> None:
        """A cluster with another domain secret gets nothing; the instance stays."""
        secret = self.there.root(1) / "var/lib/ganeti/cluster-domain-secret"
        secret.write_text("another\n", "ascii")
        self.addCleanup(self.here.run, 1, "gnt-instance", "remove", "-f", NAME)
        done = self.move()
        self.assertEqual(done.returncode, 1)
        self.assertIn("cluster domain secret", done.stderr)
        self.assertIn([NAME], self.here.rows("gnt-instance", "list", "-o", "name"))
