"""External storage providers: directories of programs on a search path, the first match wins.

Source: the reference's on-disk formats, section 7.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem, IWorker

REQUIRED: Final = ("attach", "create", "detach", "grow", "remove", "setinfo", "verify")
PARAMETERS: Final = "parameters.list"


@attrs.frozen
class Provider:
    """A directory on the search path; *trouble* is a sentence where it is not usable."""

    name: str
    path: str
    trouble: str = ""
    parameters: tuple[tuple[str, str], ...] = ()


@attrs.frozen
class Providers:
    """The providers of a node. Blocking work runs on *worker*."""

    paths: Paths
    files: IFileSystem
    worker: IWorker

    async def diagnose(self) -> Sequence[Provider]:
        """Return every directory of the search path, in its order, usable or not."""
        found: Sequence[Provider] = await self.worker.run(self._thd_diagnose)
        return found

    def _thd_diagnose(self) -> Sequence[Provider]:
        return [
            self._thd_one(name, f"{base}/{name}")
            for base in self.paths.ext_storage_search_path
            for name in (self.files.entries(base) if self.files.is_dir(base) else ())
            if self.files.is_dir(f"{base}/{name}") and not name.startswith(".")
        ]

    def _thd_one(self, name: str, path: str) -> Provider:
        lacking = [file for file in REQUIRED if not self.files.executable(f"{path}/{file}")]
        if lacking:
            told = ", ".join(lacking)
            return Provider(name, path, f"{path} has no program {told} that may be executed.")
        try:
            text = self.files.read(f"{path}/{PARAMETERS}").decode()
        except OSError as error:
            trouble = f"{path}/{PARAMETERS} can't be read: {error.strerror}."
            return Provider(name, path, trouble)
        except UnicodeDecodeError as error:
            return Provider(name, path, f"{path}/{PARAMETERS} is not UTF-8: {error}.")
        return Provider(name, path, "", parameters(text))


def parameters(text: str) -> tuple[tuple[str, str], ...]:
    """Return name and description of each line of ``parameters.list``."""
    lines = (line.strip().partition(" ") for line in text.splitlines())
    return tuple((name, told.strip()) for name, _, told in lines if name)
