"""Promises of node-cleanup: nothing of a cluster is left, and a copy of it is."""

import contextlib
import io
import os
import pathlib
import shutil
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons import node_cleanup
from ganetix.paths import Paths

NOW = 1_700_000_000.0


class CleanUpTests(SynchronousTestCase):
    """A node whose daemons do not run."""

    def setUp(self) -> None:
        """Make a node with what a cluster left on it."""
        top = tempfile.mkdtemp(prefix="cleanup")
        self.addCleanup(shutil.rmtree, top)
        self.paths = Paths(f"{top}/node1", "node1")
        os.makedirs(self.paths.queue_dir)
        self.write("ssconf_cluster_name", "cluster.example.com\n")
        self.write("server.pem", "key")
        self.write("queue/job-1", "{}")
        self.write("unrelated", "stays")

    def write(self, name: str, text: str) -> None:
        """Write a file of the data directory."""
        pathlib.Path(self.paths.data_dir, name).write_text(text, "utf-8")

    def clean(self, *words: str, answer: str = "") -> str:
        """Run the program with *words*; return what it prints."""
        options = node_cleanup.parser().parse_args(words)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            node_cleanup.run(self.paths, options, NOW, lambda _: answer)
        return out.getvalue()

    def test_clean(self) -> None:
        """The cluster's files are gone, others stay; the copy has all and is closed to others."""
        out = self.clean("--yes-do-it")
        self.assertEqual(os.listdir(self.paths.data_dir), ["unrelated"])
        kept = f"{self.paths.data_dir}.backup-{NOW:.0f}"
        self.assertIn(kept, out)
        self.assertEqual(os.stat(kept).st_mode & 0o777, 0o700)
        self.assertTrue(os.path.exists(f"{kept}/queue/job-1"))

    def test_no_backup(self) -> None:
        """Without a copy where none is wanted."""
        self.clean("--yes-do-it", "--no-backup")
        self.assertEqual(os.listdir(os.path.dirname(self.paths.data_dir)), ["ganeti"])

    def test_asked(self) -> None:
        """Without a yes nothing is touched."""
        with self.assertRaises(errors.OpPrereqError):
            self.clean()
        self.assertTrue(os.path.exists(self.paths.node_cert_file))

    def test_nothing_to_do(self) -> None:
        """A machine of no cluster is told so."""
        self.clean("--yes-do-it")
        with self.assertRaises(errors.OpPrereqError) as caught:
            self.clean("--yes-do-it")
        self.assertIn("not part of a cluster", caught.exception.message)
