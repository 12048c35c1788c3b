"""Hooks: the administrator's own scripts before and after an operation."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from ganetix import errors
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.hooks import HookResult, HookResults, HooksRun
from ganetix.toolkit.interfaces import IFileSystem, IWorker

SKIPPED: Final = 0
FAILED: Final = 1
SUCCEEDED: Final = 2
KEEP: Final = 64 * 1024
"""Bytes that are kept of each stream of a script, the last ones."""

_SCRIPT = re.compile(r"[A-Za-z0-9_-]+")
_PATH = re.compile(r"[a-z0-9-]+")


@attrs.frozen
class Hooks:
    """Runs the scripts of ``/etc/ganeti/hooks/<path>-<phase>.d`` one after the other."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    processes: ProcessRunner

    async def run(self, request: HooksRun, context: CallContext) -> HookResults:
        """``hooks_runner``: see `run_scripts`."""
        return await self.run_scripts(request)

    async def run_scripts(self, request: HooksRun) -> HookResults:
        """Return results in the lexical order in which the scripts ran.

        A failing script does not keep the next one from running. Files that are no scripts (by
        name, or because they can't be executed) are told as skipped.
        """
        if request.phase not in ("pre", "post") or not _PATH.fullmatch(request.path):
            raise errors.HooksFailure(
                f"There are no hooks '{request.path}' in phase '{request.phase}'."
            )
        directory = f"{self.paths.hooks_dir}/{request.path}-{request.phase}.d"
        scripts: Sequence[tuple[str, bool]] = await self.worker.run(self._thd_scripts, directory)
        env = self._environment(request.env)
        return HookResults(
            [
                await self._one(f"{directory}/{name}", env) if usable else _skipped(name)
                for name, usable in scripts
            ]
        )

    def _environment(self, sent: Mapping[str, str]) -> Mapping[str, str]:
        """Return *sent*, with this node's own directory where the master's is named."""
        if "GANETI_DATA_DIR" not in sent:
            return sent
        return {**sent, "GANETI_DATA_DIR": self.paths.data_dir}

    async def _one(self, script: str, env: Mapping[str, str]) -> HookResult:
        name = script.rpartition("/")[2]
        try:
            result = await self.processes.run(Command((script,), env, "/", keep=KEEP))
        except errors.CommandError as error:
            return HookResult(name, FAILED, error.message)
        output = (result.stdout + result.stderr).decode("utf-8", "replace").strip()
        if result.ok:
            return HookResult(name, SUCCEEDED, output)
        return HookResult(name, FAILED, output or result.sentence())

    def _thd_scripts(self, directory: str) -> Sequence[tuple[str, bool]]:
        return [
            (
                name,
                bool(_SCRIPT.fullmatch(name)) and self.files.executable(f"{directory}/{name}"),
            )
            for name in self.files.entries(directory)
        ]


def _skipped(name: str) -> HookResult:
    return HookResult(name, SKIPPED, "")
