"""The directories of file disks: one for each instance, made, removed and renamed as a whole."""

import posixpath
from typing import Final

import attrs

from ganetix import errors
from ganetix.storage.file_paths import AllowedPaths
from ganetix.toolkit.interfaces import IFileSystem, IWorker

DEPTH: Final = 5
"""How far down disks are looked for: base, directories that an instance names, its own, file."""


@attrs.frozen
class FileDirs:
    """Instance directories below the allowed ones; paths are virtual. Work runs on *worker*."""

    files: IFileSystem
    worker: IWorker
    allowed: AllowedPaths

    async def create(self, sent: str) -> None:
        """Create the directory with its parents; nothing if it is there."""
        await self.worker.run(self._thd_create, sent)

    async def remove(self, sent: str) -> None:
        """Remove the directory; nothing if it is not there, refuse if something is in it."""
        await self.worker.run(self._thd_remove, sent)

    async def rename(self, old: str, new: str) -> None:
        """Rename the directory; nothing if only *new* is there, refuse if both are."""
        await self.worker.run(self._thd_rename, old, new)

    async def disk_files(self) -> list[str]:
        """Return the local paths of all disk files below the allowed directories."""
        found: list[str] = await self.worker.run(self._thd_disk_files)
        return found

    async def empty_dirs(self) -> list[str]:
        """Return the local paths of directories below the allowed ones in which nothing is."""
        found: list[str] = await self.worker.run(self._thd_empty_dirs)
        return found

    def _thd_create(self, sent: str) -> None:
        path = self.allowed.local(sent)
        if self.files.exists(path) and not self.files.is_dir(path):
            raise errors.StorageError(f"{path} is in the way: it is not a directory; move it away.")
        # The account that a guest runs under goes through, and sees nothing else.
        self.files.make_dirs(path, 0o711)

    def _thd_remove(self, sent: str) -> None:
        path = self.allowed.local(sent)
        if not self.files.exists(path):
            return
        left = self.files.entries(path)
        if left:
            raise errors.StorageError(
                f"Directory {path} is not empty ({', '.join(left)}); remove what is in it, then "
                f"the directory."
            )
        self.files.remove_dir(path)

    def _thd_rename(self, old: str, new: str) -> None:
        source, target = self.allowed.local(old), self.allowed.local(new)
        if not self.files.exists(source):
            if self.files.is_dir(target):
                return
            raise errors.StorageError(f"Directory {source} is not there; it can't be renamed.")
        if self.files.exists(target):
            raise errors.StorageError(
                f"Directory {target} already exists; {source} can't be renamed to it."
            )
        self.files.make_dirs(posixpath.dirname(target), 0o711)
        self.files.rename(source, target)

    def _thd_disk_files(self) -> list[str]:
        return sorted({p for base in self._thd_bases() for p in self._thd_below(base, DEPTH)})

    def _thd_empty_dirs(self) -> list[str]:
        return sorted({p for base in self._thd_bases() for p in self._thd_empty(base, DEPTH)})

    def _thd_bases(self) -> list[str]:
        return [base for base in self.allowed.directories() if self.files.is_dir(base)]

    def _thd_below(self, place: str, depth: int) -> list[str]:
        """Return the files below *place*, at most *depth* directories further down."""
        if not self.files.is_dir(place):
            return [place]
        if not depth:
            return []
        inside = (f"{place}/{name}" for name in self.files.entries(place))
        return [path for entry in inside for path in self._thd_below(entry, depth - 1)]

    def _thd_empty(self, place: str, depth: int) -> list[str]:
        """Return the empty directories below *place*, at most *depth* further down."""
        inside = [f"{place}/{name}" for name in self.files.entries(place)] if depth else []
        below = [path for path in inside if self.files.is_dir(path)]
        bare = [path for path in below if not self.files.entries(path)]
        return [*bare, *(path for entry in below for path in self._thd_empty(entry, depth - 1))]
