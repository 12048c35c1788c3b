"""The exports on this node: what is there, and what each is made of."""

import attrs

from ganetix import errors
from ganetix.paths import Paths
from ganetix.rpc.call import Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.export import ExportConfig, ExportList, ExportName
from ganetix.toolkit.interfaces import IFileSystem, IWorker


@attrs.frozen
class Exports:
    """The export calls."""

    paths: Paths
    files: IFileSystem
    worker: IWorker

    async def names(self, request: Nothing, context: CallContext) -> ExportList:
        """``export_list``; raise `errors.OpExecError` where the directory of exports is missing."""
        names: list[str] = await self.worker.run(self._thd_names)
        return ExportList(names)

    async def info(self, request: ExportName, context: CallContext) -> ExportConfig:
        """``export_info``; raise `errors.OpPrereqError` for an export that is not here."""
        text: str = await self.worker.run(self._thd_text, request.name)
        return ExportConfig(text)

    def _thd_names(self) -> list[str]:
        if not self.files.is_dir(self.paths.export_dir):
            raise errors.OpExecError(
                f"Node {self.paths.hostname} has no directory {self.paths.export_dir}; "
                f"make it, owned by root and with mode 755."
            )
        return [
            name for name in self.files.entries(self.paths.export_dir) if not name.startswith(".")
        ]

    def _thd_text(self, name: str) -> str:
        if "/" in name or name not in self._thd_names():
            raise errors.OpPrereqError(
                f"Node {self.paths.hostname} has no export '{name}'; 'gnt-backup list' shows those "
                f"that there are.",
                errors.NOENT,
            )
        path = f"{self.paths.export_dir}/{name}/config.ini"
        try:
            return self.files.read(path).decode("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError):
            raise errors.OpPrereqError(
                f"The export '{name}' on node {self.paths.hostname} is not complete: {path} is "
                f"missing.",
                errors.STATE,
            ) from None
