"""The outside world as interfaces: file system, threads."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from zope.interface import Interface


class IAppendFile(Interface):
    """An open file that only grows at its end."""

    def write(data: bytes) -> None:
        """Append *data*; raise OSError if not all of it could be written."""

    def sync() -> None:
        """Return when everything written is on stable storage."""

    def truncate(size: int) -> None:
        """Cut the file to *size* bytes; the next write goes there."""

    def size() -> int:
        """The file's length in bytes, written or not yet synced."""

    def close() -> None:
        """Release the file."""


class IFileSystem(Interface):
    """Files, as blocking calls: run them on an `IWorker`, or at start before the reactor runs.

    Errors are OSError with the path. Modes are permission bits.
    """

    def read(path: str) -> bytes:
        """Return the whole content of *path*."""

    def replace(path: str, data: bytes, mode: int, sync: bool) -> None:
        """Make *path* hold *data* by writing a new file and renaming it over.

        With *sync* both the content and the name are on stable storage afterwards.
        """

    def append_to(path: str, mode: int) -> IAppendFile:
        """Open *path* for appending, creating it with *mode* if need be."""

    def rename(old: str, new: str) -> None:
        """Rename *old* to *new*, replacing it."""

    def remove(path: str) -> None:
        """Remove the file *path*."""

    def remove_tree(path: str) -> None:
        """Remove the directory *path* with all that it holds; nothing if it is not there."""

    def make_dirs(path: str, mode: int) -> None:
        """Create directory *path* and its parents; nothing if it is there."""

    def entries(path: str) -> Sequence[str]:
        """Return the sorted names in directory *path*; empty if it is not there."""

    def exists(path: str) -> bool:
        """Whether something is at *path*."""

    def is_dir(path: str) -> bool:
        """Whether *path* is a directory."""

    def sync(path: str) -> None:
        """Return when the content of the file *path*, and its name, are on stable storage."""

    def size(path: str) -> int:
        """The length of *path* in bytes."""

    def mode(path: str) -> int:
        """The permission bits of *path*."""

    def owner(path: str) -> int:
        """The user id of the owner of *path*, a link's own and not its target's."""

    def executable(path: str) -> bool:
        """Whether *path* is a regular file that may be executed."""

    def allocate(path: str, size: int, mode: int) -> None:
        """Create *path*, sparse zeros, *size* bytes long; FileExistsError if it is there."""

    def extend(path: str, size: int) -> None:
        """Make the existing file *path* *size* bytes long by zeros at its end; never shorten it."""

    def remove_dir(path: str) -> None:
        """Remove the empty directory *path*; OSError if something is in it."""

    def space(path: str) -> tuple[int, int]:
        """Return (free, total) bytes of the file system that holds *path*; free for anybody."""

    def writable(path: str) -> bool:
        """Whether this process may create files in directory *path*."""

    def link(target: str, path: str) -> None:
        """Make *path* a symbolic link to *target*, replacing a link that is there."""


class IWorker(Interface):
    """One thread that runs blocking calls in order, off the reactor."""

    def run(call: Callable[..., Any], *args: object) -> Awaitable[Any]:
        """Run *call* with *args* there; fire with its result or its error."""
