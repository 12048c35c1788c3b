"""Runs of OS scripts: in the definition's directory, clean environment, output kept."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import attrs

from ganetix import errors
from ganetix.guestos.definition import Definition
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker

TAIL: Final = 2048
"""Bytes of output that an error quotes at most; the log has all of it."""


@attrs.frozen
class Run:
    """One run: *script* of *definition* for *subject* (an instance name, may be empty).

    *kind* is the first part of the log file's name.
    """

    definition: Definition
    script: str
    kind: str
    subject: str
    env: Mapping[str, str]
    arguments: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """The script's path."""
        return f"{self.definition.path}/{self.script}"


@attrs.frozen
class Scripts:
    """Runs OS scripts and keeps what they say, a file for each run.

    The definitions that ship with ganetix find its own Python first, in the directory *python*.
    """

    paths: Paths
    files: IFileSystem
    worker: IWorker
    clock: Clock
    processes: ProcessRunner
    python: str = ""

    async def run(self, run: Run) -> str:
        """Run it to its end and return the path of its log.

        Raise `errors.OpExecError` with the last lines when it fails. Cancelling ends the script.
        """
        log = self._log(run)
        await self.worker.run(self.files.make_dirs, self.paths.os_log_dir, 0o750)
        command = Command(
            (run.program, *run.arguments),
            env=self._environment(run),
            cwd=run.definition.path,
            keep=TAIL,
            output_file=log,
        )
        try:
            result = await self.processes.run(command)
        except errors.CommandError as error:
            raise errors.OpExecError(error.message) from error
        if not result.ok:
            raise errors.OpExecError(f"{self._subject(run)} {result.sentence()} All of it: {log}")
        return log

    def _environment(self, run: Run) -> Mapping[str, str]:
        own = run.definition.path.startswith(f"{self.paths.share}/")
        if not own or not self.python:
            return run.env
        return {**run.env, "PATH": f"{self.python}:{run.env['PATH']}"}

    def _subject(self, run: Run) -> str:
        of = f" for instance {run.subject}" if run.subject else ""
        return f"OS {run.definition.name}: script {run.script}{of} failed on {self.paths.hostname}."

    def _log(self, run: Run) -> str:
        when = datetime.fromtimestamp(self.clock.wall(), UTC).strftime("%Y-%m-%d_%H_%M_%S")
        parts = [run.kind, run.definition.name, *([run.subject] if run.subject else []), when]
        return f"{self.paths.os_log_dir}/{'-'.join(parts)}.log"
