"""The file system in memory: the shared promises, and what a crash leaves."""

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix.testing.disk import Faults, PowerCut
from ganetix.testing.file_tests import Made, make_filesystem_tests
from ganetix.testing.files import FakeFileSystem
from ganetix.toolkit.interfaces import IFileSystem


def make(_: SynchronousTestCase) -> Made:
    """Return the fake with an empty directory."""
    fs = FakeFileSystem(random.Random(1).random)
    fs.make_dirs("/base", 0o755)
    return fs, "/base"


class FakeFileSystemTests(make_filesystem_tests(make)):  # type: ignore[misc]  # made by a function
    """The fake keeps the promises of the real one."""


class CrashTests(SynchronousTestCase):
    """What is left after a power cut."""

    def setUp(self) -> None:
        """A synced directory."""
        self.fs = FakeFileSystem(random.Random(2).random)
        self.fs.make_dirs("/d", 0o755)
        self.fs.replace("/d/old", b"old", 0o600, True)

    def test_synced_stays(self) -> None:
        """A synced replacement and a synced append survive whole."""
        handle = self.fs.append_to("/d/log", 0o600)
        handle.write(b"abc")
        handle.sync()
        self.fs.crash()
        self.assertEqual(self.fs.read("/d/old"), b"old")
        self.assertEqual(self.fs.read("/d/log"), b"abc")

    def test_unsynced_tail_is_torn(self) -> None:
        """Of an unsynced append any first part may be left, or zeros in its place: all are seen."""
        left = set()
        for seed in range(200):
            fs = FakeFileSystem(random.Random(seed).random)
            handle = fs.append_to("/log", 0o600)
            handle.write(b"ab")
            handle.sync()
            handle.write(b"cd")
            fs.crash()
            left.add(fs.read("/log"))
        self.assertEqual(left, {b"ab", b"abc", b"abcd", b"ab\0", b"ab\0\0"})

    def test_unsynced_rename(self) -> None:
        """An unsynced replacement leaves the old file, the new one, or the new name torn."""
        left = set()
        for seed in range(300):
            fs = FakeFileSystem(random.Random(seed).random)
            fs.replace("/f", b"old", 0o600, True)
            fs.replace("/f", b"n", 0o600, False)
            fs.crash()
            left.add(fs.read("/f"))
        self.assertEqual(left, {b"old", b"n", b"", b"\0"})

    def test_open_files_die(self) -> None:
        """A file opened before the crash can't be used after it."""
        handle = self.fs.append_to("/d/log", 0o600)
        self.fs.crash()
        self.assertRaises(PowerCut, handle.write, b"x")

    def test_power_cut_between_operations(self) -> None:
        """With the power cut at every operation in turn, a synced replace is all or nothing."""
        for steps in itertools.count():
            fs = FakeFileSystem(random.Random(steps).random)
            fs.replace("/f", b"old", 0o600, True)
            fs.faults = Faults(cut_in=steps)
            try:
                fs.replace("/f", b"new!", 0o600, True)
            except PowerCut:
                fs.crash()
                self.assertIn(fs.read("/f"), {b"old", b"new!"})
            else:
                break
        self.assertEqual(steps, 5)

    def test_dead_until_crash(self) -> None:
        """After the cut nothing works until the machine is back."""
        self.fs.faults = Faults(cut_in=0)
        self.assertRaises(PowerCut, self.fs.remove, "/d/old")
        self.assertRaises(PowerCut, self.fs.read, "/d/old")
        self.fs.crash()
        self.assertEqual(self.fs.read("/d/old"), b"old")

    def test_full(self) -> None:
        """A full disk refuses with ENOSPC, and may have taken a part of what was appended."""
        handle = self.fs.append_to("/d/log", 0o600)
        self.fs.faults.full = True
        error = self.assertRaises(OSError, handle.write, b"abcdef")
        self.assertEqual(error.strerror, "No space left on device")
        self.assertTrue(b"abcdef".startswith(self.fs.read("/d/log")))
        self.assertRaises(OSError, self.fs.replace, "/d/new", b"", 0o600, False)
        self.assertEqual(self.fs.space("/d")[0], 0)

    def test_broken_write(self) -> None:
        """A breaking disk takes a part of one write; the next goes through."""
        handle = self.fs.append_to("/d/log", 0o600)
        self.fs.faults.broken = 1
        self.assertRaises(OSError, handle.write, b"abcdef")
        handle.truncate(0)
        handle.write(b"xyz")
        self.assertEqual(self.fs.read("/d/log"), b"xyz")

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(
        st.lists(st.tuples(st.sampled_from("wst"), st.integers(0, 5)), max_size=12), st.integers()
    )
    def test_stable_is_kept(self, steps: list[tuple[str, int]], seed: int) -> None:
        """Whatever is done to an appended file, `stable` tells the least that a crash leaves."""
        fs = FakeFileSystem(random.Random(seed).random)
        handle = fs.append_to("/f", 0o600)
        for kind, number in steps:
            if kind == "w":
                handle.write(bytes([65 + number]) * number)
            elif kind == "s":
                handle.sync()
            elif number >= len(fs.stable("/f") or b""):
                handle.truncate(min(number, handle.size()))
        sure = fs.stable("/f") or b""
        fs.crash()
        self.assertTrue(fs.read("/f").startswith(sure))


def _typed(fs: FakeFileSystem) -> IFileSystem:
    """The type checker sees that the fake implements the interface."""
    return fs
