"""The file system of a disk in memory."""

import errno
import posixpath
from collections.abc import Sequence

import attrs
from zope.interface import implementer

from ganetix.testing.disk import DIRECTORY, Disk, File, PowerCut, failure
from ganetix.toolkit.interfaces import IAppendFile, IFileSystem


@implementer(IFileSystem)
@attrs.define(eq=False)
class FakeFileSystem(Disk):
    """The files of one disk, as programs see them."""

    def read(self, path: str) -> bytes:
        """See `IFileSystem`."""
        file = self.found(path)
        if file.directory:
            raise failure(errno.EISDIR, path)
        return file.data + bytes(file.length - len(file.data))

    def entries(self, path: str) -> Sequence[str]:
        """See `IFileSystem`."""
        self.require_power()
        if path in self.names and not self.found(path).directory:
            raise failure(errno.ENOTDIR, path)
        return sorted(self.children(path))

    def exists(self, path: str) -> bool:
        """See `IFileSystem`."""
        self.require_power()
        return path in self.names

    def is_dir(self, path: str) -> bool:
        """See `IFileSystem`."""
        file = self.follow(path)
        return file is not None and file.directory

    def size(self, path: str) -> int:
        """See `IFileSystem`."""
        return self.found(path).length

    def mode(self, path: str) -> int:
        """See `IFileSystem`."""
        return self.found(path).mode & 0o7777

    def owner(self, path: str) -> int:
        """See `IFileSystem`: root's, where `owners` says nothing else."""
        self.found(path)
        return self.owners.get(path, 0)

    def executable(self, path: str) -> bool:
        """See `IFileSystem`."""
        file = self.follow(path)
        return file is not None and not file.directory and bool(file.mode & 0o111)

    def space(self, path: str) -> tuple[int, int]:
        """See `IFileSystem`: a disk of 1 TiB that nothing but `Faults.full` fills."""
        self.found(path)
        total = 1 << 40
        return (0 if self.faults.full else total // 2), total

    def writable(self, path: str) -> bool:
        """See `IFileSystem`."""
        return self.is_dir(path)

    # --- changing ------------------------------------------------------------------------------

    def replace(self, path: str, data: bytes, mode: int, sync: bool) -> None:
        """See `IFileSystem`."""
        fresh = f"{path}.new"
        file = File(mode)
        self.set_name(fresh, file)
        self.append(file, data, fresh)
        if sync:
            self.sync_file(file, fresh)
        self.rename(fresh, path)
        if sync:
            self.sync_names(path)

    def append_to(self, path: str, mode: int) -> "FakeAppendFile":
        """See `IFileSystem`."""
        file = self.follow(path)
        if file is None:
            file = File(mode)
            self.set_name(path, file)
        self.sync_names(path)
        return FakeAppendFile(self, file, path, self.boot)

    def sync(self, path: str) -> None:
        """See `IFileSystem`."""
        self.sync_file(self.found(path), path)
        self.sync_names(path)

    def rename(self, old: str, new: str) -> None:
        """See `IFileSystem`."""
        file = self.names.get(old)
        if file is None:
            raise failure(errno.ENOENT, old)
        moved = {name: self.names[name] for name in (old, *self.tree(old))}
        self.operation()
        for name, row in moved.items():
            self.note(name, None)
            self.note(new + name.removeprefix(old), row)

    def remove(self, path: str) -> None:
        """See `IFileSystem`."""
        file = self.names.get(path)
        if file is None or file.directory:
            raise failure(errno.EISDIR if file else errno.ENOENT, path)
        self.operation()
        self.note(path, None)

    def remove_tree(self, path: str) -> None:
        """See `IFileSystem`."""
        if path in self.names:
            for name in (*reversed(self.tree(path)), path):
                self.operation()
                self.note(name, None)

    def remove_dir(self, path: str) -> None:
        """See `IFileSystem`."""
        if not self.found(path).directory:
            raise failure(errno.ENOTDIR, path)
        if self.children(path):
            raise failure(errno.ENOTEMPTY, path)
        self.operation()
        self.note(path, None)

    def make_dirs(self, path: str, mode: int) -> None:
        """See `IFileSystem`."""
        missing = []
        while path not in self.names:
            missing.append(path)
            path = posixpath.dirname(path)
        if not self.found(path).directory:
            raise failure(errno.ENOTDIR if missing else errno.EEXIST, path)
        for name in reversed(missing):
            self.set_name(name, File(DIRECTORY | mode))

    def allocate(self, path: str, size: int, mode: int) -> None:
        """See `IFileSystem`."""
        if path in self.names:
            raise failure(errno.EEXIST, path)
        file = File(mode)
        self.set_name(path, file)
        file.length = size

    def extend(self, path: str, size: int) -> None:
        """See `IFileSystem`."""
        file = self.found(path)
        self.operation()
        file.length = max(file.length, size)

    def link(self, target: str, path: str) -> None:
        """See `IFileSystem`."""
        fresh = f"{path}.new"
        if fresh in self.names:
            self.remove(fresh)
        self.set_name(fresh, File(0o777, target=target))
        self.rename(fresh, path)


@implementer(IAppendFile)
@attrs.frozen(eq=False)
class FakeAppendFile:
    """An open file of a `FakeFileSystem`; of no use after a crash."""

    fs: FakeFileSystem
    _file: File
    _path: str
    boot: int

    def write(self, data: bytes) -> None:
        """See `IAppendFile`."""
        self._check()
        self.fs.append(self._file, data, self._path)

    def sync(self) -> None:
        """See `IAppendFile`."""
        self._check()
        self.fs.sync_file(self._file, self._path)

    def truncate(self, size: int) -> None:
        """See `IAppendFile`."""
        self._check()
        self.fs.operation()
        self._file.put(self._file.data[:size].ljust(size, b"\0"))

    def size(self) -> int:
        """See `IAppendFile`."""
        self._check()
        return self._file.length

    def close(self) -> None:
        """See `IAppendFile`."""

    def _check(self) -> None:
        if self.boot != self.fs.boot:
            raise PowerCut
