"""Instance allocators that are programs: where they are found, and how they are run."""

from collections.abc import Sequence
from typing import Final, Protocol

import attrs

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.toolkit.interfaces import IFileSystem, IWorker

BUILT_IN: Final = "hail"
"""The allocator that is a function inside the master, and the default of a new cluster."""
TIMEOUT: Final = 900.0
"""Seconds that an allocator has for its answer."""
_ENVIRONMENT: Final = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


class AllocatorPrograms(Protocol):
    """Executables that speak the instance allocator protocol."""

    async def find(self, name: str) -> str | None:
        """Return the path of the program called *name*; None if there is none."""

    async def run(self, program: str, request: bytes, options: Sequence[str]) -> bytes:
        """Return what the program prints for *request*; raise `errors.CommandError`.

        `BUILT_IN` is the built-in allocator in a process of its own.
        """


@attrs.frozen
class NoPrograms:
    """A world without allocator programs: only the built-in one is there."""

    async def find(self, name: str) -> str | None:
        """See `AllocatorPrograms`."""
        return None

    async def run(self, program: str, request: bytes, options: Sequence[str]) -> bytes:
        """See `AllocatorPrograms`."""
        raise errors.CommandError(f"There is no program {program}.")


@attrs.frozen
class SearchedPrograms:
    """The programs on the search path of *paths*; requests are files in the run directory.

    *built_in* is the command line of the built-in allocator.
    """

    paths: Paths
    files: IFileSystem
    worker: IWorker
    runner: ProcessRunner
    randomness: Randomness
    built_in: tuple[str, ...]

    async def find(self, name: str) -> str | None:
        """See `AllocatorPrograms`."""
        found: str | None = await self.worker.run(self._thd_find, name)
        return found

    def _thd_find(self, name: str) -> str | None:
        return find_program(self.paths, self.files, name)

    async def run(self, program: str, request: bytes, options: Sequence[str]) -> bytes:
        """See `AllocatorPrograms`."""
        path = f"{self.paths.run_dir}/iallocator-{self.randomness.uuid()}"
        await self.worker.run(self.files.replace, path, request, 0o600, False)
        try:
            start = self.built_in if program == BUILT_IN else (program,)
            line = (*start, path, *options)
            command = Command(line, env=_ENVIRONMENT, timeout=TIMEOUT, keep=64 << 20)
            result = await self.runner.run(command)
        finally:
            await self.worker.run(self.files.remove, path)
        return result.check().stdout


def find_program(paths: Paths, files: IFileSystem, name: str) -> str | None:
    """Return the first executable called *name* on the search path; None without one."""
    if "/" in name or name in {"", ".", ".."}:
        return None
    for directory in paths.iallocator_search_path:
        path = f"{directory}/{name}"
        if files.executable(path):
            return path
    return None
