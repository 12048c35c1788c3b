"""A disk in memory that knows what of it would survive a power cut.

Content and names are kept twice: as programs see them, and as they are on stable storage. A
`crash` drops what was not synced, or keeps some of it as a real disk may: of names a random first
part of what was done, of an appended file a torn tail. Faults: a full disk, a disk that breaks off
a write, and a power cut at a chosen operation.
"""

import errno
import os
import posixpath
from collections.abc import Callable, Sequence

import attrs

DIRECTORY = 0o40000


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
class File:
    """One file, link or directory. *length* beyond the data is zeros."""

    mode: int
    data: bytes = b""
    length: int = 0
    target: str = ""
    stable: bytes = b""
    stable_length: int = 0

    @property
    def directory(self) -> bool:
        """Whether it is a directory."""
        return bool(self.mode & DIRECTORY)

    def put(self, data: bytes) -> None:
        """Let programs see *data* as its content."""
        self.data, self.length = data, len(data)

    def sync(self) -> None:
        """Make what programs see stable."""
        self.stable, self.stable_length = self.data, self.length


@attrs.define(eq=False)
class Disk:
    """See the module. *uniform* returns random numbers in [0, 1).

    *changed* is told the path after each change of what is on stable storage.
    """

    uniform: Callable[[], float]
    faults: Faults = attrs.field(factory=Faults)
    changed: Callable[[str], None] = attrs.field(default=lambda _: None)
    operations: int = attrs.field(default=0, init=False)
    dead: bool = attrs.field(default=False, init=False)
    owners: dict[str, int] = attrs.field(factory=dict, init=False)
    names: dict[str, File] = attrs.field(factory=dict, init=False)
    below: dict[str, dict[str, None]] = attrs.field(factory=dict, init=False)
    """Directory to the paths in it."""
    _stable_names: dict[str, File] = attrs.field(factory=dict, init=False)
    _unsynced: list[tuple[str, File | None]] = attrs.field(factory=list, init=False)
    boot: int = attrs.field(default=0, init=False)
    """How often the power has come back."""

    def __attrs_post_init__(self) -> None:
        """Begin with the root directory."""
        root = File(DIRECTORY | 0o755)
        self.names["/"] = self._stable_names["/"] = root

    # --- what a crash leaves -----------------------------------------------------------------

    def crash(self) -> None:
        """Lose the power and come back: only what was synced is sure to be there."""
        kept = int(self.uniform() * (len(self._unsynced) + 1))
        self._commit_names(kept)
        self._unsynced.clear()
        self.names.clear()
        self.below.clear()
        for path, file in self._stable_names.items():
            self.put_name(path, file)
        for file in {id(file): file for file in self.names.values()}.values():
            self._tear(file)
        self.boot += 1
        self.dead = False
        self.faults = Faults()

    def _tear(self, file: File) -> None:
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
        return sorted(self.names)

    # --- the parts of operations, each of which the power may cut ------------------------------

    def require_power(self) -> None:
        """Raise `PowerCut` if there is no power."""
        if self.dead:
            raise PowerCut

    def operation(self) -> None:
        """Count one changing operation; raise `PowerCut` if the power fails before it."""
        self.require_power()
        self.operations += 1
        if self.faults.cut_in is not None:
            self.faults.cut_in -= 1
            if self.faults.cut_in < 0:
                self.dead = True
                raise PowerCut

    def set_name(self, path: str, file: File) -> None:
        """Let *path* lead to *file*; raise OSError where it can't."""
        parent = self.follow(posixpath.dirname(path))
        if parent is None or not parent.directory:
            raise failure(errno.ENOENT if parent is None else errno.ENOTDIR, path)
        self.operation()
        if self.faults.full:
            raise failure(errno.ENOSPC, path)
        self.note(path, file)

    def note(self, path: str, file: File | None) -> None:
        """Let programs see *path* lead to *file*, or to nothing."""
        if file is not None:
            self.put_name(path, file)
        elif self.names.pop(path, None) is not None:
            del self.below[posixpath.dirname(path)][path]
        self._unsynced.append((path, file))

    def put_name(self, path: str, file: File) -> None:
        """Have *path* among the names."""
        self.names[path] = file
        if path != "/":
            self.below.setdefault(posixpath.dirname(path), {})[path] = None

    def append(self, file: File, data: bytes, path: str) -> None:
        """Append *data*; a fault leaves a part of it."""
        part = data[: int(self.uniform() * len(data))] if self._faulty() else data
        try:
            self.operation()
        except PowerCut:
            file.put(file.data + data[: int(self.uniform() * len(data))])
            raise
        file.put(file.data + part)
        if self.faults.full:
            raise failure(errno.ENOSPC, path)
        if self.faults.broken:
            self.faults.broken -= 1
            raise failure(errno.EIO, path)

    def _faulty(self) -> bool:
        return self.faults.full or self.faults.broken > 0

    def sync_file(self, file: File, path: str) -> None:
        """Make the content of *file* stable."""
        self.operation()
        file.sync()
        self.changed(path)

    def sync_names(self, path: str) -> None:
        """Make names stable, as a journalling file system does: all that were changed so far."""
        self.operation()
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

    def follow(self, path: str) -> File | None:
        """Return what *path* leads to, links followed."""
        self.require_power()
        file = self.names.get(path)
        for _ in range(8):
            if file is None or not file.target:
                return file
            path = posixpath.join(posixpath.dirname(path), file.target)
            file = self.names.get(path)
        raise failure(errno.ELOOP, path)

    def found(self, path: str) -> File:
        """Return what *path* leads to; raise FileNotFoundError."""
        file = self.follow(path)
        if file is None:
            raise failure(errno.ENOENT, path)
        return file

    def children(self, path: str) -> list[str]:
        """Return the last parts of the names in the directory *path*."""
        return [posixpath.basename(name) for name in self.below.get(path, ())]

    def tree(self, path: str) -> list[str]:
        """Return everything below *path*, each directory before what is in it."""
        found = []
        for name in sorted(self.below.get(path, ())):
            found += [name, *self.tree(name)]
        return found


def failure(code: int, path: str) -> OSError:
    """Return the error *code* about *path*."""
    return OSError(code, os.strerror(code), path)
