"""The real file system and the real worker thread."""

import os
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from ganetix.toolkit.interfaces import IAppendFile, IFileSystem, IWorker


@implementer(IAppendFile)
@attrs.define(eq=False)
class AppendFile:
    """A file descriptor opened with O_APPEND."""

    fd: int

    def write(self, data: bytes) -> None:
        """See `IAppendFile`."""
        view = memoryview(data)
        while view:
            view = view[os.write(self.fd, view) :]

    def sync(self) -> None:
        """See `IAppendFile`."""
        os.fdatasync(self.fd)

    def truncate(self, size: int) -> None:
        """See `IAppendFile`."""
        os.ftruncate(self.fd, size)

    def size(self) -> int:
        """See `IAppendFile`."""
        return os.fstat(self.fd).st_size

    def close(self) -> None:
        """See `IAppendFile`."""
        os.close(self.fd)


@implementer(IFileSystem)
@attrs.frozen
class FileSystem:
    """The operating system's files.

    *owner_of* says to whom a new file belongs, as (user id, group id); None: to whoever makes it.
    """

    owner_of: Callable[[str], tuple[int, int] | None] = lambda _: None

    def read(self, path: str) -> bytes:
        """See `IFileSystem`."""
        with open(path, "rb") as source:
            return source.read()

    def replace(self, path: str, data: bytes, mode: int, sync: bool) -> None:
        """See `IFileSystem`."""
        fresh = f"{path}.new"
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        try:
            self._give(fd, path)
            os.fchmod(fd, mode)
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            if sync:
                os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(fresh, path)
        if sync:
            self._sync_dir(os.path.dirname(path))

    def _give(self, fd: int, path: str) -> None:
        if (owner := self.owner_of(path)) is not None:
            os.fchown(fd, *owner)

    @staticmethod
    def _sync_dir(path: str) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def append_to(self, path: str, mode: int) -> AppendFile:
        """See `IFileSystem`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        file = AppendFile(os.open(path, flags, mode))
        self._give(file.fd, path)
        self._sync_dir(os.path.dirname(path))
        return file

    def sync(self, path: str) -> None:
        """See `IFileSystem`."""
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        self._sync_dir(os.path.dirname(path))

    def rename(self, old: str, new: str) -> None:
        """See `IFileSystem`."""
        os.replace(old, new)

    def remove(self, path: str) -> None:
        """See `IFileSystem`."""
        os.remove(path)

    def remove_tree(self, path: str) -> None:
        """See `IFileSystem`."""
        if os.path.isdir(path):
            shutil.rmtree(path)

    def make_dirs(self, path: str, mode: int) -> None:
        """See `IFileSystem`."""
        if not os.path.isdir(path):
            os.makedirs(path, mode, exist_ok=True)
            # The daemons' umask is narrow; what is asked for here is meant.
            os.chmod(path, mode)

    def entries(self, path: str) -> Sequence[str]:
        """See `IFileSystem`."""
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return ()

    def exists(self, path: str) -> bool:
        """See `IFileSystem`."""
        return os.path.lexists(path)

    def is_dir(self, path: str) -> bool:
        """See `IFileSystem`."""
        return os.path.isdir(path)

    def size(self, path: str) -> int:
        """See `IFileSystem`."""
        return os.stat(path).st_size

    def mode(self, path: str) -> int:
        """See `IFileSystem`."""
        return os.stat(path).st_mode & 0o7777

    def owner(self, path: str) -> int:
        """See `IFileSystem`."""
        return os.lstat(path).st_uid

    def executable(self, path: str) -> bool:
        """See `IFileSystem`."""
        return os.path.isfile(path) and os.access(path, os.X_OK)

    def allocate(self, path: str, size: int, mode: int) -> None:
        """See `IFileSystem`."""
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            os.ftruncate(fd, size)
        finally:
            os.close(fd)

    def extend(self, path: str, size: int) -> None:
        """See `IFileSystem`."""
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            if os.fstat(fd).st_size < size:
                os.ftruncate(fd, size)
        finally:
            os.close(fd)

    def remove_dir(self, path: str) -> None:
        """See `IFileSystem`."""
        os.rmdir(path)

    def space(self, path: str) -> tuple[int, int]:
        """See `IFileSystem`."""
        found = os.statvfs(path)
        return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize

    def writable(self, path: str) -> bool:
        """See `IFileSystem`."""
        return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)

    def link(self, target: str, path: str) -> None:
        """See `IFileSystem`."""
        fresh = f"{path}.new"
        if os.path.lexists(fresh):
            os.remove(fresh)
        os.symlink(target, fresh)
        os.replace(fresh, path)


@implementer(IWorker)
@attrs.define(eq=False)
class Worker:
    """One thread of its own, so that calls run in order. Also a service: start and stop it."""

    reactor: IReactorFromThreads
    name: str
    _pool: ThreadPool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the pool of one; it starts with `start`."""
        self._pool = ThreadPool(0, 1, self.name)

    async def start(self) -> None:
        """Start the thread."""
        self._pool.start()

    async def stop(self) -> None:
        """Let queued calls finish, then end the thread."""
        self._pool.stop()

    def run(self, call: Callable[..., Any], *args: object) -> Deferred[Any]:
        """See `IWorker`."""
        return deferToThreadPool(self.reactor, self._pool, call, *args)
