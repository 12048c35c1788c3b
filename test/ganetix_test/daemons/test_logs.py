"""Tests of `ganetix.daemons.logs`."""

import os
import pathlib
import stat
import syslog

import attrs
from twisted.logger import ILogObserver, LogEvent, Logger, LogLevel
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from ganetix.daemons import logs
from ganetix.toolkit.logcontext import working_for


@implementer(ILogObserver)
@attrs.frozen
class Lines:
    """Keeps each event's line."""

    lines: list[str]

    def __call__(self, event: LogEvent) -> None:
        """See `ILogObserver`."""
        self.lines.append(logs.line_of(event))


class LineTests(SynchronousTestCase):
    """One event, one line."""

    def setUp(self) -> None:
        """Log to a list of lines."""
        self.lines: list[str] = []
        self.log = Logger(observer=Lines(self.lines))

    def test_fields(self) -> None:
        """Job, opcode, node and call of the event and of its context stand before the text."""
        with working_for(job=7, call="os_diagnose"):
            self.log.warn("Slow: {seconds} s", seconds=3, node="node2.x")
        self.assertEqual(self.lines, ["WARN job=7 node=node2.x call=os_diagnose Slow: 3 s"])

    def test_traceback_is_one_line(self) -> None:
        """A failure's traceback does not break the line."""
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            self.log.failure("It broke", Failure())
        (line,) = self.lines
        self.assertNotIn("\n", line)
        self.assertIn("CRITICAL It broke", line)
        self.assertIn("ValueError: first | second", line)

    def test_formats(self) -> None:
        """Formats are Python's, and Twisted's where they call something or do not fit."""
        self.log.info("{path}: {count:03d} {why!r} {{}}", path="/a", count=7, why="x\ny")
        self.log.info("{told()}", told=lambda: "called")
        self.log.info("{missing}")
        plain, called, unfit = self.lines
        self.assertEqual(plain, "INFO /a: 007 'x\\ny' {}")
        self.assertEqual(called, "INFO called")
        self.assertIn("Unable to format", unfit)

    def test_time(self) -> None:
        """The time is local, to the millisecond."""
        stamp = logs.stamp_of({"log_time": 1700000000.123})
        self.assertRegex(stamp, r"^2023-11-1[45] \d\d:\d\d:20,12[23]$")


class FileTests(SynchronousTestCase):
    """The log file."""

    def setUp(self) -> None:
        """Use a file of this test alone."""
        self.path = pathlib.Path(self.mktemp())
        self.file = logs.LogFile(str(self.path), "ganeti-noded")
        self.addCleanup(lambda: self.file._stream.close())

    def test_line(self) -> None:
        """A line names daemon and pid; nobody else may read the file."""
        Logger(observer=self.file).info("Hello")
        (line,) = self.path.read_text("utf-8").splitlines()
        self.assertRegex(line, rf"^[-0-9]+ [:,0-9]+: ganeti-noded pid={os.getpid()} INFO Hello$")
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_reopen(self) -> None:
        """After a rotation what follows goes to a new file of the same name."""
        log = Logger(observer=self.file)
        log.info("before")
        rotated = self.path.with_name("rotated")
        self.path.rename(rotated)
        self.file.reopen()
        log.info("after")
        self.assertIn("before", rotated.read_text("utf-8"))
        self.assertNotIn("after", rotated.read_text("utf-8"))
        self.assertIn("after", self.path.read_text("utf-8"))

    def test_debug(self) -> None:
        """Debug events are only written on demand."""
        for debug, expected in ((False, ["INFO two"]), (True, ["DEBUG one", "INFO two"])):
            observer = logs.observers(self.file, "ganeti-noded", False, debug, "no")
            log = Logger(observer=observer)
            before = len(self.path.read_text("utf-8").splitlines())
            log.debug("one")
            log.info("two")
            rows = self.path.read_text("utf-8").splitlines()[before:]
            self.assertEqual([row.split(" ", 4)[4] for row in rows], expected)


class SyslogTests(SynchronousTestCase):
    """The system log."""

    def test_priority(self) -> None:
        """Levels become priorities of the facility daemon."""
        told: list[tuple[int, str]] = []
        observer = logs.Syslog("ganeti-noded", lambda *args: told.append(args))
        Logger(observer=observer).emit(LogLevel.error, "Bad")
        ((priority, text),) = told
        self.assertEqual(priority, syslog.LOG_DAEMON | syslog.LOG_ERR)
        self.assertEqual(text, f"ganeti-noded[{os.getpid()}]: ERROR Bad")
