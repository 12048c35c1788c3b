"""Tests of `ganetix.daemons.pidfile`."""

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
