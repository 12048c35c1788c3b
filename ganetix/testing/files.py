"""A file system in memory that knows what of it would survive a power cut.

Content and names are kept twice: as programs see them, and as they are on stable storage. A
`crash` drops what was not synced, or keeps some of it as a real disk may: of names a random first
part of what was done, of an appended file a torn tail. Faults: a full disk, a disk that breaks off
a write, and a power cut at a chosen operation (`Power`).
"""

import errno
import os
import posixpath
from collections.abc import Callable, Sequence

import attrs
from zope.interface import implementer

from ganetix.toolkit.interfaces import IAppendFile, IFileSystem

_DIR = 0o40000


class PowerCut(Exception):
    """The machine lost its power during a call; nothing of that machine goes on."""


@attrs.define(eq=False)
class Faults:
    """What is wrong with the disk now.

    *full*: nothing can be written. *broken*: that many of the next writes stop halfway with an
    I/O error. *cut_in*: the power fails before that many more changing operations are done.
    """

    full: bool = False
    broken: int = 0
    cut_in: int | None = None


@attrs.define(eq=False)
class _File:
    """One file, link or directory. *length* beyond the data is zeros."""

    mode: int
    data: bytes = b""
    length: int = 0
    target: str = ""
    stable: bytes = b""
    stable_length: int = 0

    @property
    def directory(self) -> bool:
        return bool(self.mode & _DIR)

    def put(self, data: bytes) -> None:
        self.data, self.length = data, len(data)

    def sync(self) -> None:
        self.stable, self.stable_length = self.data, self.length


@implementer(IFileSystem)
@attrs.define(eq=False)
class FakeFileSystem:
    """See the module. *uniform* returns random numbers in [0, 1).

    *changed* is told the path after each change of what is on stable storage.
    """

    uniform: Callable[[], float]
    faults: Faults = attrs.field(factory=Faults)
    changed: Callable[[str], None] = attrs.field(default=lambda _: None)
    operations: int = attrs.field(default=0, init=False)
    dead: bool = attrs.field(default=False, init=False)
    owners: dict[str, int] = attrs.field(factory=dict, init=False)
    _names: dict[str, _File] = attrs.field(factory=dict, init=False)
    _below: dict[str, dict[str, None]] = attrs.field(factory=dict, init=False)
    """Directory to the paths in it."""
    _stable_names: dict[str, _File] = attrs.field(factory=dict, init=False)
    _unsynced: list[tuple[str, _File | None]] = attrs.field(factory=list, init=False)
    _boot: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        """Begin with the root directory."""
        root = _File(_DIR | 0o755)
        self._names["/"] = self._stable_names["/"] = root

    # --- what a crash leaves -----------------------------------------------------------------

    def crash(self) -> None:
        """Lose the power and come back: only what was synced is sure to be there."""
        kept = int(self.uniform() * (len(self._unsynced) + 1))
        self._commit_names(kept)
        self._unsynced.clear()
        self._names.clear()
        self._below.clear()
        for path, file in self._stable_names.items():
            self._put(path, file)
        for file in {id(file): file for file in self._names.values()}.values():
            self._tear(file)
        self._boot += 1
        self.dead = False
        self.faults = Faults()

    def _tear(self, file: _File) -> None:
        """Keep of an unsynced file what was stable, and some of what was added."""
        if file.data == file.stable and file.length == file.stable_length:
            return
        if file.data.startswith(file.stable):
            added = file.data[len(file.stable) :]
            kept = added[: int(self.uniform() * (len(added) + 1))]
            if self.uniform() < 0.25:
                kept = bytes(len(kept))
            file.put(file.stable + kept)
        elif self.uniform() < 0.5:
            file.data, file.length = file.stable, file.stable_length
        file.sync()

    def stable(self, path: str) -> bytes | None:
        """Return what a crash now would certainly leave of the file *path*; None if nothing."""
        file = self._stable_names.get(path)
        return None if file is None else file.stable

    def paths(self) -> Sequence[str]:
        """Return all paths, sorted."""
        return sorted(self._names)

    # --- reading -------------------------------------------------------------------------------

    def read(self, path: str) -> bytes:
        """See `IFileSystem`."""
        file = self._found(path)
        if file.directory:
            raise _error(errno.EISDIR, path)
        return file.data + bytes(file.length - len(file.data))

    def entries(self, path: str) -> Sequence[str]:
        """See `IFileSystem`."""
        self._alive()
        if path in self._names and not self._found(path).directory:
            raise _error(errno.ENOTDIR, path)
        return sorted(self._children(path))

    def exists(self, path: str) -> bool:
        """See `IFileSystem`."""
        self._alive()
        return path in self._names

    def is_dir(self, path: str) -> bool:
        """See `IFileSystem`."""
        file = self._follow(path)
        return file is not None and file.directory

    def size(self, path: str) -> int:
        """See `IFileSystem`."""
        return self._found(path).length

    def mode(self, path: str) -> int:
        """See `IFileSystem`."""
        return self._found(path).mode & 0o7777

    def owner(self, path: str) -> int:
        """See `IFileSystem`: root's, where `owners` says nothing else."""
        self._found(path)
        return self.owners.get(path, 0)

    def executable(self, path: str) -> bool:
        """See `IFileSystem`."""
        file = self._follow(path)
        return file is not None and not file.directory and bool(file.mode & 0o111)

    def space(self, path: str) -> tuple[int, int]:
        """See `IFileSystem`: a disk of 1 TiB that nothing but `Faults.full` fills."""
        self._found(path)
        total = 1 << 40
        return (0 if self.faults.full else total // 2), total

    def writable(self, path: str) -> bool:
        """See `IFileSystem`."""
        return self.is_dir(path)

    # --- changing ------------------------------------------------------------------------------

    def replace(self, path: str, data: bytes, mode: int, sync: bool) -> None:
        """See `IFileSystem`."""
        fresh = f"{path}.new"
        file = _File(mode)
        self._set_name(fresh, file)
        self._write(file, data, fresh)
        if sync:
            self._sync_file(file, fresh)
        self.rename(fresh, path)
        if sync:
            self._sync_names(path)

    def append_to(self, path: str, mode: int) -> "FakeAppendFile":
        """See `IFileSystem`."""
        file = self._follow(path)
        if file is None:
            file = _File(mode)
            self._set_name(path, file)
        self._sync_names(path)
        return FakeAppendFile(self, file, path, self._boot)

    def sync(self, path: str) -> None:
        """See `IFileSystem`."""
        self._sync_file(self._found(path), path)
        self._sync_names(path)

    def rename(self, old: str, new: str) -> None:
        """See `IFileSystem`."""
        file = self._names.get(old)
        if file is None:
            raise _error(errno.ENOENT, old)
        moved = {name: self._names[name] for name in (old, *self._tree(old))}
        self._operation()
        for name, row in moved.items():
            self._note(name, None)
            self._note(new + name.removeprefix(old), row)

    def remove(self, path: str) -> None:
        """See `IFileSystem`."""
        file = self._names.get(path)
        if file is None or file.directory:
            raise _error(errno.EISDIR if file else errno.ENOENT, path)
        self._operation()
        self._note(path, None)

    def remove_tree(self, path: str) -> None:
        """See `IFileSystem`."""
        if path in self._names:
            for name in (*reversed(self._tree(path)), path):
                self._operation()
                self._note(name, None)

    def remove_dir(self, path: str) -> None:
        """See `IFileSystem`."""
        if not self._found(path).directory:
            raise _error(errno.ENOTDIR, path)
        if self._children(path):
            raise _error(errno.ENOTEMPTY, path)
        self._operation()
        self._note(path, None)

    def make_dirs(self, path: str, mode: int) -> None:
        """See `IFileSystem`."""
        missing = []
        while path not in self._names:
            missing.append(path)
            path = posixpath.dirname(path)
        if not self._found(path).directory:
            raise _error(errno.ENOTDIR if missing else errno.EEXIST, path)
        for name in reversed(missing):
            self._set_name(name, _File(_DIR | mode))

    def allocate(self, path: str, size: int, mode: int) -> None:
        """See `IFileSystem`."""
        if path in self._names:
            raise _error(errno.EEXIST, path)
        file = _File(mode)
        self._set_name(path, file)
        file.length = size

    def extend(self, path: str, size: int) -> None:
        """See `IFileSystem`."""
        file = self._found(path)
        self._operation()
        file.length = max(file.length, size)

    def link(self, target: str, path: str) -> None:
        """See `IFileSystem`."""
        fresh = f"{path}.new"
        if fresh in self._names:
            self.remove(fresh)
        self._set_name(fresh, _File(0o777, target=target))
        self.rename(fresh, path)

    # --- the parts of operations, each of which the power may cut ------------------------------

    def _alive(self) -> None:
        if self.dead:
            raise PowerCut

    def _operation(self) -> None:
        """Count one changing operation; raise `PowerCut` if the power fails before it."""
        self._alive()
        self.operations += 1
        if self.faults.cut_in is not None:
            self.faults.cut_in -= 1
            if self.faults.cut_in < 0:
                self.dead = True
                raise PowerCut

    def _set_name(self, path: str, file: _File) -> None:
        parent = self._follow(posixpath.dirname(path))
        if parent is None or not parent.directory:
            raise _error(errno.ENOENT if parent is None else errno.ENOTDIR, path)
        self._operation()
        if self.faults.full:
            raise _error(errno.ENOSPC, path)
        self._note(path, file)

    def _note(self, path: str, file: _File | None) -> None:
        if file is not None:
            self._put(path, file)
        elif self._names.pop(path, None) is not None:
            del self._below[posixpath.dirname(path)][path]
        self._unsynced.append((path, file))

    def _put(self, path: str, file: _File) -> None:
        self._names[path] = file
        if path != "/":
            self._below.setdefault(posixpath.dirname(path), {})[path] = None

    def _write(self, file: _File, data: bytes, path: str) -> None:
        """Append *data*; a fault leaves a part of it."""
        part = data[: int(self.uniform() * len(data))] if self._faulty() else data
        try:
            self._operation()
        except PowerCut:
            file.put(file.data + data[: int(self.uniform() * len(data))])
            raise
        file.put(file.data + part)
        if self.faults.full:
            raise _error(errno.ENOSPC, path)
        if self.faults.broken:
            self.faults.broken -= 1
            raise _error(errno.EIO, path)

    def _faulty(self) -> bool:
        return self.faults.full or self.faults.broken > 0

    def _sync_file(self, file: _File, path: str) -> None:
        self._operation()
        file.sync()
        self.changed(path)

    def _sync_names(self, path: str) -> None:
        """Make names stable, as a journalling file system does: all that were changed so far."""
        self._operation()
        self._commit_names(len(self._unsynced))
        self.changed(path)

    def _commit_names(self, count: int) -> None:
        for path, file in self._unsynced[:count]:
            if file is None:
                self._stable_names.pop(path, None)
            else:
                self._stable_names[path] = file
        del self._unsynced[:count]

    # --- finding -------------------------------------------------------------------------------

    def _follow(self, path: str) -> _File | None:
        """Return what *path* leads to, links followed."""
        self._alive()
        file = self._names.get(path)
        for _ in range(8):
            if file is None or not file.target:
                return file
            path = posixpath.join(posixpath.dirname(path), file.target)
            file = self._names.get(path)
        raise _error(errno.ELOOP, path)

    def _found(self, path: str) -> _File:
        file = self._follow(path)
        if file is None:
            raise _error(errno.ENOENT, path)
        return file

    def _children(self, path: str) -> list[str]:
        return [posixpath.basename(name) for name in self._below.get(path, ())]

    def _tree(self, path: str) -> list[str]:
        """Return everything below *path*, each directory before what is in it."""
        found = []
        for name in sorted(self._below.get(path, ())):
            found += [name, *self._tree(name)]
        return found


@implementer(IAppendFile)
@attrs.frozen(eq=False)
class FakeAppendFile:
    """An open file of a `FakeFileSystem`; of no use after a crash."""

    fs: FakeFileSystem
    _file: _File
    _path: str
    _boot: int

    def write(self, data: bytes) -> None:
        """See `IAppendFile`."""
        self._check()
        self.fs._write(self._file, data, self._path)

    def sync(self) -> None:
        """See `IAppendFile`."""
        self._check()
        self.fs._sync_file(self._file, self._path)

    def truncate(self, size: int) -> None:
        """See `IAppendFile`."""
        self._check()
        self.fs._operation()
        self._file.put(self._file.data[:size].ljust(size, b"\0"))

    def size(self) -> int:
        """See `IAppendFile`."""
        self._check()
        return self._file.length

    def close(self) -> None:
        """See `IAppendFile`."""

    def _check(self) -> None:
        if self._boot != self.fs._boot:
            raise PowerCut


def _error(code: int, path: str) -> OSError:
    return OSError(code, os.strerror(code), path)
