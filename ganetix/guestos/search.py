"""Where OS definitions are found: the search path, first match wins."""

from collections.abc import Sequence

import attrs

from ganetix import errors
from ganetix.guestos import definition
from ganetix.guestos.definition import Definition
from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem, IWorker


@attrs.frozen
class Diagnosis:
    """A directory on the search path: its *definition*, or *trouble* as a sentence."""

    name: str
    path: str
    definition: Definition | None
    trouble: str


@attrs.frozen
class Definitions:
    """The OS definitions of a node. Blocking work runs on *worker*."""

    paths: Paths
    files: IFileSystem
    worker: IWorker

    async def diagnose(self) -> Sequence[Diagnosis]:
        """Return every directory of the search path, in its order, usable or not."""
        found: Sequence[Diagnosis] = await self.worker.run(self._thd_diagnose)
        return found

    async def named(self, os_name: str) -> Definition:
        """Return the definition for *os_name* (``name`` or ``name+variant``).

        Raise `errors.OpPrereqError` when no directory has that name, or the first is not usable.
        """
        name = definition.base_name(os_name)
        found: Diagnosis | None = await self.worker.run(self._thd_first, name)
        if found is None:
            searched = ", ".join(self.paths.os_search_path)
            raise errors.OpPrereqError(
                f"OS {name} is not on node {self.paths.hostname}; searched were: {searched}.",
                errors.NOENT,
            )
        if found.definition is None:
            raise errors.OpPrereqError(
                f"OS {name} is not usable on node {self.paths.hostname}: {found.trouble}",
                errors.INVAL,
            )
        return found.definition

    def _thd_diagnose(self) -> Sequence[Diagnosis]:
        return [
            self._thd_one(name, f"{base}/{name}")
            for base in self.paths.os_search_path
            for name in (self.files.entries(base) if self.files.is_dir(base) else ())
            if self.files.is_dir(f"{base}/{name}") and not name.startswith(".")
        ]

    def _thd_first(self, name: str) -> Diagnosis | None:
        for base in self.paths.os_search_path:
            if self.files.is_dir(f"{base}/{name}"):
                return self._thd_one(name, f"{base}/{name}")
        return None

    def _thd_one(self, name: str, path: str) -> Diagnosis:
        present = set(self.files.entries(path))
        try:
            texts = {
                file: self.files.read(f"{path}/{file}").decode()
                for file in definition.TEXT_FILES
                if file in present
            }
            programs = {
                script: self.files.executable(f"{path}/{script}")
                for script in definition.SCRIPTS
                if script in present
            }
            return Diagnosis(name, path, definition.parse(name, path, texts, programs), "")
        except errors.ConfigurationError as error:
            return Diagnosis(name, path, None, error.message)
        except OSError as error:
            problem = f"{error.filename or path} can't be read: {error.strerror}."
            return Diagnosis(name, path, None, problem)
        except UnicodeDecodeError as error:
            return Diagnosis(name, path, None, f"A file in {path} is not UTF-8: {error}.")
