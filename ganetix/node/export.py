"""The exports on this node: what is there, and what each is made of."""

import attrs

from ganetix import errors
from ganetix.paths import Paths
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.export import ExportConfig, ExportList, ExportName, ExportRemoved
from ganetix.rpc.tables.transfer import ExportWritten
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

    async def finalize(self, request: ExportWritten, context: CallContext) -> Done:
        """``finalize_export``: the export that was being made takes the place of an older one."""
        await self.worker.run(self._thd_finalize, request)
        return Done()

    async def remove(self, request: ExportName, context: CallContext) -> ExportRemoved:
        """``export_remove``: the export and what there is of a newer one; nothing is fine."""
        found: bool = await self.worker.run(self._thd_remove, request.name)
        return ExportRemoved(found)

    def dump(self, name: str, file: str, *, new: bool) -> str:
        """Return the path of dump *file* of export *name*, or of the *new* one being made.

        Raise `errors.OpPrereqError` for what would be elsewhere.
        """
        for part in (name, file):
            if "/" in part or part in ("", ".", ".."):
                raise errors.OpPrereqError(f"'{part}' is no name in an export.", errors.INVAL)
        return f"{self.paths.export_dir}/{name}{'.new' if new else ''}/{file}"

    async def begin(self, name: str) -> None:
        """Make the directory of the export that is being made, if it is not there yet."""
        path = self.dump(name, "x", new=True).rpartition("/")[0]
        await self.worker.run(self.files.make_dirs, path, 0o750)

    def _thd_finalize(self, request: ExportWritten) -> None:
        config = self.dump(request.name, "config.ini", new=True)
        fresh = config.rpartition("/")[0]
        if not self.files.is_dir(fresh):
            if self.files.exists(self.dump(request.name, "config.ini", new=False)):
                return  # it was done already
            self.files.make_dirs(fresh, 0o750)
        self.files.replace(config, request.config.encode(), 0o600, True)
        place = fresh.removesuffix(".new")
        if self.files.exists(place):
            self.files.remove_tree(place)
        self.files.rename(fresh, place)

    def _thd_remove(self, name: str) -> bool:
        place = self.dump(name, "x", new=False).rpartition("/")[0]
        found = [path for path in (place, f"{place}.new") if self.files.is_dir(path)]
        for path in found:
            self.files.remove_tree(path)
        return bool(found)

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
