"""Tests of `ganetix.daemons.pidfile`."""

import fcntl
import os
import pathlib

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons.pidfile import PidFile, running_pid


class PidFileTests(SynchronousTestCase):
    """One daemon at a time."""

    def setUp(self) -> None:
        """Use a file of this test alone."""
        self.path = self.mktemp()
        self.file = PidFile(self.path, "ganeti-noded")
        self.addCleanup(self.file.release)

    def test_taken(self) -> None:
        """While it is held the pid can be read, and another is refused with that pid."""
        self.file.take()
        self.assertEqual(running_pid(self.path), os.getpid())
        with self.assertRaises(errors.PidFileLockError) as caught:
            PidFile(self.path, "ganeti-noded").take()
        self.assertIn(f"pid {os.getpid()}", caught.exception.message)

    def test_released(self) -> None:
        """Given back, nobody runs and the next may take it."""
        self.file.take()
        self.file.release()
        self.assertIsNone(running_pid(self.path))
        self.file.take()

    def test_stale(self) -> None:
        """A file that a killed daemon left behind counts for nothing, whoever has its pid now."""
        pathlib.Path(self.path).write_text(f"{os.getpid()}\n", "ascii")
        self.assertIsNone(running_pid(self.path))
        self.file.take()
        self.assertEqual(running_pid(self.path), os.getpid())

    def looked_at(self) -> int:
        """Lock the file as somebody does who only looks whether it is held; return it open."""
        found = os.open(self.path, os.O_RDWR | os.O_CREAT)
        fcntl.flock(found, fcntl.LOCK_SH)
        return found

    def test_looked_at(self) -> None:
        """Who only looks for a moment whether it is held keeps nobody from taking it."""
        looking = [self.looked_at()]
        taking = PidFile(self.path, "ganeti-noded", lambda _: os.close(looking.pop()))
        taking.take()
        self.addCleanup(taking.release)
        self.assertEqual(running_pid(self.path), os.getpid())

    def test_nameless(self) -> None:
        """One that is held for long by a process without a number is told of so."""
        self.addCleanup(os.close, self.looked_at())
        slept: list[float] = []
        with self.assertRaises(errors.PidFileLockError) as caught:
            PidFile(self.path, "ganeti-noded", slept.append).take()
        self.assertIn(f"fuser {self.path}", caught.exception.message)
        self.assertAlmostEqual(sum(slept), 1.0)

    def test_removed_meanwhile(self) -> None:
        """A file that its holder removed as it ended is not the one that is held afterwards."""
        self.file.take()
        early = os.open(self.path, os.O_RDWR)
        self.file.release()
        fcntl.flock(early, fcntl.LOCK_EX)
        self.addCleanup(os.close, early)
        self.file.take()
        self.assertEqual(running_pid(self.path), os.getpid())
