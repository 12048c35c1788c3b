"""What an administrator does by mistake, and what breaks at night, on a cluster of three nodes."""

import contextlib
import json
import os
import pathlib

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.test_cluster import running_cluster

ADD = ("gnt-instance", "add", "-B", "memory=128m")
SLOW = "#!/bin/sh\nsleep 20\n"


class MishapTests(SynchronousTestCase):
    """The cluster of the other tests; each test leaves it as it was."""

    def setUp(self) -> None:
        """Take the cluster."""
        self.cluster = running_cluster()

    def refused(self, *command: str, node: int = 1, code: int = 1) -> str:
        """Run *command*, which must fail with *code* and a sentence; return the sentence."""
        done = self.cluster.attempt(node, *command)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done.stderr

    def verified(self) -> bool:
        """Whether the cluster is sound, and no candidate is behind."""
        done = self.cluster.attempt(1, "gnt-cluster", "verify")
        return done.returncode == 0 and "behind" not in done.stdout

    def roles(self) -> list[str]:
        """Return the roles of the nodes."""
        return [row[1] for row in self.cluster.rows("gnt-node", "list", "-o", "name,role")]

    # ------------------------------------------------------------ nodes

    def test_master_is_not_added_again(self) -> None:
        """Adding the master again is refused before it is stopped and cleaned."""
        self.assertIn("is the master", self.refused("gnt-node", "add", "--readd", "node1"))
        self.assertIsNotNone(self.cluster.pid(1, "ganeti-masterd"))
        self.assertTrue(self.verified())

    def test_offline_and_back(self) -> None:
        """A node that comes back is a candidate with its certificate listed, and in sync."""
        self.cluster.run(1, "gnt-node", "modify", "-O", "yes", "node3")
        self.assertEqual(self.roles(), ["M", "C", "O"])
        self.cluster.run(1, "gnt-node", "modify", "-O", "no", "node3")
        self.assertEqual(self.roles(), ["M", "C", "C"])
        self.assertEqual(len(self.cluster.configuration()["cluster"]["candidate_certs"]), 3)
        self.cluster.until(self.verified, "all candidates are in sync")

    def test_demoted(self) -> None:
        """A candidate that is told to be none stays none, until it is told otherwise."""
        self.cluster.run(1, "gnt-node", "modify", "--auto-promote", "-C", "no", "node3")
        self.assertEqual(self.roles(), ["M", "C", "R"])
        self.cluster.run(1, "gnt-node", "modify", "-C", "yes", "node3")
        self.assertEqual(self.roles(), ["M", "C", "C"])
        self.cluster.until(self.verified, "all candidates are in sync")

    def test_candidate_lost_and_back(self) -> None:
        """A change does not wait long for a lost candidate, which catches up when it is back."""
        self.cluster.kill(2, "ganeti-noded")
        self.cluster.run(1, "gnt-cluster", "add-tags", "while-lost")
        self.addCleanup(self.cluster.run, 1, "gnt-cluster", "remove-tags", "while-lost")
        told = self.refused(
            *ADD, "-t", "diskless", "-o", "dummy", "-n", "node2", "lost.example.com"
        )
        self.assertIn("start ganeti-noded", told)
        self.cluster.run(2, "daemon-util", "start", "ganeti-noded")
        self.cluster.until(self.verified, "the candidate is in sync again")

    # ------------------------------------------------------------ instances

    def test_noded_killed_while_installing(self) -> None:
        """A node daemon that dies during an instance add leaves no disk and no entry."""
        directory = self.cluster.root(2) / "srv/ganeti/os/slow"
        source = self.cluster.root(2) / "srv/ganeti/os"
        shipped = pathlib.Path(__file__).resolve().parents[3] / "ganetix/share/os/dummy"
        source.mkdir(parents=True, exist_ok=True)
        directory.mkdir()
        self.addCleanup(self.remove, directory)
        for file in shipped.iterdir():
            (directory / file.name).write_bytes(file.read_bytes())
            (directory / file.name).chmod(file.stat().st_mode)
        (directory / "create").write_text(SLOW, "ascii")
        job = self.cluster.attempt(
            1, *ADD, "-t", "file", "--disk", "0:size=16m", "-o", "slow", "-n", "node2", "--submit",
            "slow.example.com",
        )  # fmt: skip
        number = job.stderr.split()[-1]
        self.cluster.until(lambda: self.installing(number), "the OS script runs")
        self.cluster.kill(2, "ganeti-noded")
        self.cluster.run(2, "daemon-util", "start", "ganeti-noded")
        self.refused("gnt-job", "wait", number)
        self.assertEqual(self.cluster.rows("gnt-instance", "list", "-o", "name"), [])
        self.assertEqual(list((self.cluster.root(2) / "srv/ganeti/file-storage").iterdir()), [])

    def installing(self, number: str) -> bool:
        """Whether the log of job *number* says that the OS is being installed."""
        return "Installing OS" in self.cluster.run(1, "gnt-job", "info", number)

    def remove(self, directory: pathlib.Path) -> None:
        """Remove *directory* with its files."""
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()

    # ------------------------------------------------------------ jobs

    def test_archived_job(self) -> None:
        """An archived job is found by who asks for archived ones."""
        self.cluster.run(1, "gnt-debug", "delay", "0.01")
        number = self.cluster.rows("gnt-job", "list", "-o", "id")[-1][0]
        self.cluster.run(1, "gnt-job", "archive", number)
        self.refused("gnt-job", "list", number)
        asked = ("--archived", "-o", "id,archived", "--no-headers", "--separator=|", number)
        self.assertEqual(self.cluster.run(1, "gnt-job", "list", *asked), f"{number}|Y\n")
        self.assertIn("OP_TEST_DELAY", self.cluster.run(1, "gnt-job", "info", number))

    # ------------------------------------------------------------ damaged files

    def damaged(self, name: str, data: bytes) -> str:
        """Start the master with *data* in file *name*: it must refuse; return what it says."""
        self.cluster.run(1, "daemon-util", "stop", "ganeti-masterd")
        path = self.cluster.root(1) / f"var/lib/ganeti/{name}"
        good = path.read_bytes()
        path.write_bytes(data)
        try:
            return self.refused("ganeti-masterd")
        finally:
            path.write_bytes(good)
            self.cluster.run(1, "daemon-util", "start", "ganeti-masterd")

    def test_damaged_configuration(self) -> None:
        """Torn, foreign, newer or contradicting: the file, what is wrong, and the good copy."""
        path = self.cluster.root(1) / "var/lib/ganeti/config.data"
        good = path.read_bytes()
        stranger = json.loads(good)
        stranger["cluster"]["master_node"] = "nobody"
        for data in (good[:900], b"", b'{"foo": 1}', json.dumps(stranger).encode()):
            said = self.damaged("config.data", data)
            self.assertIn(str(path), said)
            self.assertIn("config.data.good", said)
        newer = good.replace(b'"version":3000000', b'"version":9000000', 1)
        self.assertIn("version 9000000", self.damaged("config.data", newer))

    def test_foreign_journal(self) -> None:
        """A file that is no journal is refused, with its name and the offset."""
        said = self.damaged("journal", b"This is a letter, and was never a journal of anything.")
        self.assertIn(str(self.cluster.root(1) / "var/lib/ganeti/journal"), said)
        self.assertIn("offset 0", said)

    def test_checkpoint_while_it_runs(self) -> None:
        """Folding the journal below a running master is refused in words."""
        self.assertIn("already running with pid", self.refused("ganeti-masterd", "--checkpoint"))

    # ------------------------------------------------------------ verify

    def test_verify_finds_damage(self) -> None:
        """An orphaned disk, loose permissions and a changed secret are told."""
        root = self.cluster.root(3)
        secret, orphan = root / "var/lib/ganeti/hmac.key", root / "srv/ganeti/file-storage/orphan"
        orphan.write_text("", "ascii")
        self.addCleanup(orphan.unlink)
        good = secret.read_bytes()
        secret.chmod(0o666)
        secret.write_bytes(b"another\n")
        done = self.cluster.attempt(1, "gnt-cluster", "verify", "--error-codes")
        secret.write_bytes(good)
        secret.chmod(0o440)
        self.assertEqual(done.returncode, 1)
        strange = self.cluster.name(3)
        for code in ("ENODEORPHANLV", "ENODESETUP"):
            self.assertIn(f"ERROR:{code}:node:{strange}:", done.stdout)
        differs = f"file /var/lib/ganeti/hmac.key differs on {strange};"
        self.assertIn(f"ERROR:ECLUSTERFILECHECK:cluster::{differs}", done.stdout)
        self.assertNotIn("VIRTUAL", done.stdout)

    # ------------------------------------------------------------ logs

    def test_nothing_unexpected(self) -> None:
        """No log of any daemon holds a stack, nor any secret."""
        secret = (self.cluster.root(1) / "var/lib/ganeti/hmac.key").read_text("ascii").strip()
        for number in (1, 2, 3):
            for path in (self.cluster.root(number) / "var/log/ganeti").glob("*.log"):
                text = ""
                with contextlib.suppress(FileNotFoundError):
                    text = path.read_text("utf-8")
                self.assertNotIn("Traceback", text, os.fspath(path))
                self.assertNotIn(secret, text)
