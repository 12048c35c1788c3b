"""What every file system promises: tests that the fake and the real one share."""

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from ganetix.toolkit.interfaces import IAppendFile, IFileSystem

Made = tuple[IFileSystem, str]


class _Promises(SynchronousTestCase):
    """The promises of `IFileSystem`. *made* returns one with an empty directory in it."""

    made: Callable[[], Made]

    def setUp(self) -> None:
        """A fresh directory."""
        self.fs, self.base = self.made()

    def at(self, name: str) -> str:
        """Return a path in the directory."""
        return f"{self.base}/{name}"

    def put(self, name: str, data: bytes = b"data") -> str:
        """Make a file."""
        self.fs.replace(self.at(name), data, 0o640, False)
        return self.at(name)

    def test_interface(self) -> None:
        """It has the methods of `IFileSystem`, and its open files those of `IAppendFile`."""
        verifyObject(IFileSystem, self.fs)
        handle = self.fs.append_to(self.at("f"), 0o600)
        self.addCleanup(handle.close)
        verifyObject(IAppendFile, handle)

    def test_replace(self) -> None:
        """The new content and mode are there, the old are gone, nothing is left beside."""
        for data, sync in ((b"one", False), (b"second", True)):
            self.fs.replace(self.at("f"), data, 0o604, sync)
            self.assertEqual(self.fs.read(self.at("f")), data)
        self.assertEqual(self.fs.mode(self.at("f")), 0o604)
        self.assertEqual(self.fs.size(self.at("f")), 6)
        self.assertEqual(list(self.fs.entries(self.base)), ["f"])

    def test_append(self) -> None:
        """Appending goes on where the file ended, also after a truncation."""
        path = self.put("f", b"12345")
        handle = self.fs.append_to(path, 0o600)
        self.addCleanup(handle.close)
        handle.write(b"67")
        handle.sync()
        handle.truncate(3)
        handle.write(b"x")
        self.assertEqual(handle.size(), 4)
        self.assertEqual(self.fs.read(path), b"123x")
        self.assertEqual(self.fs.mode(path), 0o640)

    def test_append_creates(self) -> None:
        """A file that is not there is made with the given mode."""
        self.fs.append_to(self.at("f"), 0o600).close()
        self.assertEqual(self.fs.read(self.at("f")), b"")
        self.assertEqual(self.fs.mode(self.at("f")), 0o600)

    def test_owner(self) -> None:
        """A file belongs to whoever made it, as its directory does."""
        self.assertEqual(self.fs.owner(self.put("f")), self.fs.owner(self.base))

    def test_missing(self) -> None:
        """What is not there is FileNotFoundError, or nothing where the interface says so."""
        gone = self.at("gone")
        for call in (self.fs.read, self.fs.size, self.fs.mode, self.fs.remove, self.fs.sync):
            error = self.assertRaises(FileNotFoundError, call, gone)
            self.assertEqual(error.filename, gone)
        self.assertRaises(FileNotFoundError, self.fs.rename, gone, self.at("f"))
        self.assertRaises(FileNotFoundError, self.fs.remove_dir, gone)
        self.assertRaises(FileNotFoundError, self.fs.replace, self.at("no/f"), b"", 0o600, False)
        self.assertRaises(FileNotFoundError, self.fs.extend, gone, 1)
        self.fs.remove_tree(gone)
        self.assertEqual(list(self.fs.entries(gone)), [])
        self.assertFalse(self.fs.exists(gone) or self.fs.is_dir(gone))
        self.assertFalse(self.fs.executable(gone) or self.fs.writable(gone))

    def test_rename_and_remove(self) -> None:
        """A rename takes the place of what was there; a removed file is gone."""
        old, new = self.put("old", b"1"), self.put("new", b"2")
        self.fs.rename(old, new)
        self.assertEqual(self.fs.read(new), b"1")
        self.fs.remove(new)
        self.assertEqual(list(self.fs.entries(self.base)), [])

    def test_directories(self) -> None:
        """Directories are made with their parents, listed sorted, removed whole."""
        self.fs.make_dirs(self.at("a/b"), 0o750)
        self.fs.make_dirs(self.at("a/b"), 0o750)
        self.put("a/z")
        self.put("a/c")
        self.assertEqual(list(self.fs.entries(self.at("a"))), ["b", "c", "z"])
        self.assertTrue(self.fs.is_dir(self.at("a/b")) and self.fs.writable(self.at("a/b")))
        self.assertFalse(self.fs.is_dir(self.at("a/c")))
        self.assertRaises(OSError, self.fs.remove_dir, self.at("a"))
        self.fs.remove_dir(self.at("a/b"))
        self.fs.remove_tree(self.at("a"))
        self.assertEqual(list(self.fs.entries(self.base)), [])

    def test_renamed_directory(self) -> None:
        """A directory moves with what is in it."""
        self.fs.make_dirs(self.at("a"), 0o750)
        self.put("a/f", b"1")
        self.fs.rename(self.at("a"), self.at("b"))
        self.assertEqual(self.fs.read(self.at("b/f")), b"1")
        self.assertFalse(self.fs.exists(self.at("a/f")))

    def test_wrong_kind(self) -> None:
        """A directory can't be read or removed as a file, a file not listed."""
        self.fs.make_dirs(self.at("d"), 0o750)
        self.assertRaises(IsADirectoryError, self.fs.read, self.at("d"))
        self.assertRaises(IsADirectoryError, self.fs.remove, self.at("d"))
        path = self.put("f")
        self.assertRaises(NotADirectoryError, self.fs.entries, path)
        self.assertRaises(FileExistsError, self.fs.make_dirs, path, 0o750)

    def test_executable(self) -> None:
        """Only a file with an execute bit is executable."""
        path = self.put("f")
        self.assertFalse(self.fs.executable(path) or self.fs.executable(self.base))
        self.fs.replace(path, b"#!", 0o750, False)
        self.assertTrue(self.fs.executable(path))

    def test_allocate_and_extend(self) -> None:
        """A disk file is zeros, never made twice and never shortened."""
        path = self.at("disk")
        self.fs.allocate(path, 10, 0o600)
        self.assertRaises(FileExistsError, self.fs.allocate, path, 20, 0o600)
        self.fs.extend(path, 12)
        self.fs.extend(path, 3)
        self.assertEqual(self.fs.read(path), bytes(12))

    def test_link(self) -> None:
        """A link leads to its target, may be replaced, and may dangle."""
        one, two = self.put("one", b"1"), self.put("two", b"2")
        self.fs.link(one, self.at("l"))
        self.fs.link(two, self.at("l"))
        self.assertEqual(self.fs.read(self.at("l")), b"2")
        self.fs.remove(two)
        self.assertTrue(self.fs.exists(self.at("l")))
        self.assertRaises(FileNotFoundError, self.fs.read, self.at("l"))

    def test_space(self) -> None:
        """Some space is free, not more than there is."""
        free, total = self.fs.space(self.base)
        self.assertTrue(0 < free <= total)

    def test_sync(self) -> None:
        """Syncing a file changes nothing that can be seen."""
        path = self.put("f", b"1")
        self.fs.sync(path)
        self.assertEqual(self.fs.read(path), b"1")


def make_filesystem_tests(
    make: Callable[[SynchronousTestCase], Made],
) -> type[SynchronousTestCase]:
    """Return a test case for the file system that *make* returns with an empty directory in it."""

    class FileSystemTests(_Promises):
        """The promises of `IFileSystem`."""

        def made(self) -> Made:
            return make(self)

    return FileSystemTests
