"""Which directories may hold file disks: the node's own list, and what can never be on it."""

from collections.abc import Sequence

import attrs

from ganetix import errors
from ganetix.model.storage_dirs import require_possible
from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem


def parse(text: str) -> tuple[str, ...]:
    """Return the directories of a ``file-storage-paths`` file: one a line, ``#`` comments."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


@attrs.frozen
class AllowedPaths:
    """The node's list of file storage directories, read anew for every question (blocking)."""

    paths: Paths
    files: IFileSystem

    def directories(self) -> Sequence[str]:
        """Return the listed directories as local paths; empty when there is no list."""
        try:
            text = self.files.read(self.paths.file_storage_paths_file).decode(errors="replace")
        except FileNotFoundError:
            return ()
        return [self.paths.incoming(line) for line in parse(text)]

    def local(self, sent: str) -> str:
        """Return the local path for *sent* (a virtual path) if it is below an allowed directory.

        Raise `errors.FileStoragePathError` otherwise.
        """
        path = self.possible(sent)
        if not any(path.startswith(f"{base.rstrip('/')}/") for base in self.directories()):
            raise self._refused(path)
        return path

    def usable(self, sent: str) -> str:
        """Say what is wrong with *sent* (a virtual path) as file storage directory, or nothing."""
        try:
            path = self.possible(sent)
        except errors.FileStoragePathError as error:
            return error.message
        bases = self.directories()
        if path not in bases and not any(path.startswith(f"{base}/") for base in bases):
            return self._refused(path).message
        if not self.files.is_dir(path):
            return f"Directory {path} does not exist; create it on {self.paths.hostname}."
        if not self.files.writable(path):
            return f"Directory {path} can't be written by the node daemon."
        return ""

    def possible(self, sent: str) -> str:
        """Return the local path for *sent* (a virtual path), allowed on this node or not.

        Raise `errors.FileStoragePathError` where no node may have disks.
        """
        path = self.paths.incoming(sent)
        require_possible(path, path.removeprefix(self.paths.root))
        return path

    def _refused(self, path: str) -> errors.FileStoragePathError:
        return errors.FileStoragePathError(
            f"Path {path} is outside of the file storage directories that {self.paths.hostname} "
            f"allows; list its directory in {self.paths.file_storage_paths_file}."
        )
