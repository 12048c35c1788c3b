"""Tests of `ganetix.daemons.daemon_util`."""

import contextlib
import io
import os
import pathlib

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons import daemon_util, layout
from ganetix.daemons.pidfile import PidFile
from ganetix.paths import Paths


class DaemonUtilTests(SynchronousTestCase):
    """What is asked about a node's daemons."""

    def setUp(self) -> None:
        """Make a node's directory."""
        self.paths = Paths(f"{os.path.realpath(self.mktemp())}/node1.x", "node1.x")
        layout.make_directories(self.paths)

    def told(self, *words: str) -> tuple[int, str, str]:
        """Run the program; return exit code, output and errors."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = daemon_util.run(self.paths, list(words))
        return code, out.getvalue(), err.getvalue()

    def test_check(self) -> None:
        """A daemon runs while it holds its pid file."""
        self.assertEqual(self.told("check", "ganeti-noded")[0], 1)
        held = PidFile(self.paths.pid_file("ganeti-noded"), "ganeti-noded")
        held.take()
        self.addCleanup(held.release)
        self.assertEqual(self.told("check", "ganeti-noded")[0], 0)
        self.assertEqual(self.told("start", "ganeti-noded"), (0, "", ""))

    def test_what_belongs_here(self) -> None:
        """Nothing without a certificate, the node daemon with it, all of them on the master."""
        self.assertEqual(daemon_util.daemons_here(self.paths), ())
        layout.write(self.paths, "server.pem", b"")
        layout.write_ssconf(self.paths, "master_node", "node2.x\n")
        self.assertEqual(daemon_util.daemons_here(self.paths), ("ganeti-noded",))
        layout.write_ssconf(self.paths, "master_node", "node1.x\n")
        self.assertEqual(
            daemon_util.daemons_here(self.paths), ("ganeti-noded", *daemon_util.MASTER_DAEMONS)
        )

    def test_nothing_to_stop(self) -> None:
        """Stopping what does not run succeeds, also when a dead daemon left its pid file."""
        pathlib.Path(self.paths.pid_file("ganeti-noded")).write_text("1\n", "ascii")
        self.assertEqual(self.told("stop-all"), (0, "", ""))

    def test_pid_file(self) -> None:
        """Tells where a daemon's pid is kept."""
        expected = f"{self.paths.root}/var/run/ganeti/ganeti-noded.pid\n"
        self.assertEqual(self.told("daemon-pidfile", "ganeti-noded"), (0, expected, ""))

    def test_accepting_candidates(self) -> None:
        """A list of those who may command takes the place of an old one; anything else does not."""
        path = f"{self.mktemp()}.list"
        line = f"{'0' * 8}-0000-4000-8000-{'1' * 12}=AA:01:FF"
        pathlib.Path(path).write_text(f"{line}\n\n", "ascii")
        self.assertEqual(self.told("accept-candidates", path), (0, "", ""))
        kept = pathlib.Path(self.paths.ssconf("master_candidates_certs"))
        self.assertEqual(kept.read_text("ascii"), f"{line}\n")
        for wrong in ("", "node1=AA:01\n", f"{line}\nnonsense\n"):
            pathlib.Path(path).write_text(wrong, "ascii")
            with self.assertRaises(errors.ParseError) as caught:
                self.told("accept-candidates", path)
            self.assertIn(str(kept), caught.exception.message)
        self.assertEqual(kept.read_text("ascii"), f"{line}\n")

    def test_mistakes(self) -> None:
        """An unknown daemon is named; anything else shows how it is used."""
        code, _, told = self.told("start", "ganeti-nodee")
        self.assertEqual(code, 1)
        self.assertIn("'ganeti-nodee' is no daemon", told)
        for words in ((), ("begin",), ("stop", "ganeti-noded", "now"), ("start",)):
            code, _, told = self.told(*words)
            self.assertEqual((code, told[:5]), (1, "Usage"), words)
        self.assertEqual(self.told("--help")[0], 0)
