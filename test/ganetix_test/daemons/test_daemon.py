"""Tests of `ganetix.daemons.daemon`: the start that is awaited, the end that is said."""

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons.daemon import Daemon
from ganetix.daemons.pidfile import PidFile, running_pid
from ganetix.toolkit.services import Startable


class FakeReactor(Clock):
    """Enough of a reactor for a daemon: it runs, and it stops."""

    running = True
    _stopped = False

    def callWhenRunning(self, call: object) -> None:
        """Call at once: this reactor runs."""
        call()  # type: ignore[operator]  # always a function

    def stop(self) -> None:
        """Remember that we were stopped."""
        self._stopped = True


@attrs.define(eq=False)
class Tree:
    """A tree whose start ends when the test says so."""

    name: str = "tree"
    gate: Deferred[None] = attrs.field(factory=Deferred)
    stopped: bool = False

    async def start(self) -> None:
        """Wait for the gate."""
        await self.gate

    async def stop(self) -> None:
        """Remember it."""
        self.stopped = True


class DaemonTests(SynchronousTestCase):
    """A daemon from start to end."""

    def setUp(self) -> None:
        """Make a daemon around a tree."""
        self.reactor = FakeReactor()
        self.tree = Tree()
        self.reports: list[str | None] = []
        self.path = self.mktemp()
        self.daemon = self.daemon_of(lambda daemon: self.tree)

    def daemon_of(self, build: object) -> Daemon:
        """Return a daemon with *build*."""
        made = Daemon(
            "ganeti-noded",
            self.reactor,  # type: ignore[arg-type]  # enough of one
            PidFile(self.path, "ganeti-noded"),
            None,
            build,  # type: ignore[arg-type]  # a function of the daemon
        )
        made.when_started(self.reports.append)
        return made

    def begin(self, daemon: Daemon) -> None:
        """Start *daemon* as twistd does."""
        daemon.privilegedStartService()
        daemon.startService()

    def test_up_when_the_tree_is(self) -> None:
        """Success is reported when the whole tree has started, and not before."""
        self.begin(self.daemon)
        self.assertEqual(self.reports, [])
        self.tree.gate.callback(None)
        self.assertEqual(self.reports, [None])
        self.successResultOf(self.daemon.stopService())
        self.assertTrue(self.tree.stopped)
        self.assertIsNone(running_pid(self.path))

    def test_failed_start(self) -> None:
        """A start that fails reports the sentence, stops the process and its exit code is 1."""
        self.begin(self.daemon)
        self.tree.gate.errback(errors.GenericError("Port 1811 is taken."))
        self.assertEqual(self.reports, ["Port 1811 is taken."])
        self.reactor.advance(1)
        self.assertTrue(self.reactor._stopped)
        self.assertEqual(self.daemon.exit_code, 1)

    def test_defect(self) -> None:
        """A defect is said to be one and logged with its traceback."""

        def build(_: Daemon) -> Startable:
            raise KeyError("oops")

        self.begin(self.daemon_of(build))
        (told,) = self.reports
        self.assertIn("a defect", str(told))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_stopped_while_starting(self) -> None:
        """A signal during a start that takes its time ends the start."""
        self.begin(self.daemon)
        self.successResultOf(self.daemon.stopService())
        self.assertEqual(self.reports, ["stopped while it was starting"])

    def test_second_one(self) -> None:
        """A second daemon of the same node is refused with the first one's pid."""
        self.begin(self.daemon)
        with self.assertRaises(errors.PidFileLockError):
            self.daemon_of(lambda daemon: Tree()).privilegedStartService()

    def test_can_not_go_on(self) -> None:
        """A daemon that may not go on says why and ends with exit code 1."""
        self.begin(self.daemon)
        self.tree.gate.callback(None)
        self.daemon.fail("node2.x is the master now")
        self.assertTrue(self.reactor._stopped)
        self.assertEqual(self.daemon.exit_code, 1)
