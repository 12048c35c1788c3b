"""``ganeti-masterd --checkpoint``: what is refused is a sentence, and no stack."""

import os

from twisted.internet.task import Clock as FakeReactor
from twisted.trial.unittest import SynchronousTestCase

from ganetix.daemons.checkpoint import fold
from ganetix.daemons.pidfile import PidFile
from ganetix.paths import Paths


class RefusedTests(SynchronousTestCase):
    """The reasons for which nothing is folded."""

    def test_running(self) -> None:
        """While a master daemon runs its files are left alone."""
        root = os.path.realpath(self.mktemp())
        paths = Paths(root, "node1.x")
        os.makedirs(os.path.dirname(paths.pid_file("ganeti-masterd")))
        held = PidFile(paths.pid_file("ganeti-masterd"), "ganeti-masterd")
        held.take()
        self.addCleanup(held.release)
        refused = self.failureResultOf(fold(FakeReactor(), paths), SystemExit)
        self.assertIn("already running with pid", str(refused.value.code))
