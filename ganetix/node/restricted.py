"""Commands that the administrator of this node lets the cluster run, and nothing else."""

import re
from typing import Final

import attrs
from twisted.internet.defer import DeferredLock

from ganetix import errors
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.node_care import Output, RestrictedRun
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker

SEARCH_PATH: Final = "/sbin:/bin:/usr/sbin:/usr/bin"
DELAY: Final = 10.0
"""Seconds before a refusal, so that names can't be tried out quickly."""

WIDEST: Final = 0o755
LIMIT: Final = 3000.0
KEEP: Final = 64 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")


@attrs.frozen
class Restricted:
    """Runs one command at a time. *owner* is the user id to whom all of it must belong."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    clock: Clock
    processes: ProcessRunner
    owner: int = 0
    _lock: DeferredLock = attrs.field(factory=DeferredLock, init=False)

    async def run(self, request: RestrictedRun, context: CallContext) -> Output:
        """``restricted_command``: its output; raise `errors.OpExecError` when it fails.

        Which check a refused command did not pass is told in this node's log alone.
        """
        await self._lock.acquire()
        try:
            return await self._run(request.command)
        finally:
            self._lock.release()

    async def _run(self, name: str) -> Output:
        path = f"{self.paths.restricted_commands_dir}/{name}"
        if not _NAME.fullmatch(name) or not await self.worker.run(self._thd_safe, path):
            await self.clock.sleep(DELAY)
            raise errors.OpExecError(
                f"Command '{name}' can't be run on {self.paths.hostname}. Commands are executable "
                f"files in {self.paths.restricted_commands_dir} there; they and the directory must "
                "be root's, and writable by nobody else."
            )
        command = Command((path,), {"PATH": SEARCH_PATH}, "/", timeout=LIMIT, keep=KEEP)
        try:
            result = await self.processes.run(command)
        except errors.CommandError as error:
            raise errors.OpExecError(error.message) from error
        output = (result.stdout + result.stderr).decode("utf-8", "replace")
        if not result.ok:
            raise errors.OpExecError(result.sentence())
        return Output(output)

    def _thd_safe(self, path: str) -> bool:
        directory = self.paths.restricted_commands_dir
        return (
            self.files.is_dir(directory)
            and self._closed(directory)
            and self.files.executable(path)
            and self._closed(path)
        )

    def _closed(self, path: str) -> bool:
        return self.files.owner(path) == self.owner and not self.files.mode(path) & ~WIDEST
