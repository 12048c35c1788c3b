"""Root's ssh key on this node, and whom root lets in."""

from typing import Final

import attrs

from ganetix import errors
from ganetix.process.command import Command, ProcessRunner
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.ssh import LetIn, NewSshKey, SshPublicKeys
from ganetix.toolkit.interfaces import IFileSystem, IWorker

_KEYGEN: Final = "/usr/bin/ssh-keygen"
_NEW, _OLD = ".renewing", ".old"


@attrs.frozen
class SshKeys:
    """The calls about ssh keys. *directory* is root's, empty where the cluster has none."""

    directory: str
    files: IFileSystem
    worker: IWorker
    processes: ProcessRunner

    async def make(self, request: NewSshKey, context: CallContext) -> SshPublicKeys:
        """``node_ssh_key_make``; raise `errors.OpExecError` when ssh-keygen can't."""
        path = self._path(request.kind) + _NEW
        await self.worker.run(self._thd_begin, path)
        line = (_KEYGEN, "-q", "-t", request.kind, "-b", str(request.bits), "-N", "", "-f", path)
        try:
            result = await self.processes.run(Command(line, timeout=600.0))
            result.check()
        except errors.CommandError as error:
            raise errors.OpExecError(error.message) from error
        fresh = await self.worker.run(self._thd_public, path)
        return SshPublicKeys(
            fresh, await self.worker.run(self._thd_public, self._path(request.before))
        )

    async def install(self, request: NewSshKey, context: CallContext) -> Done:
        """``node_ssh_key_install``; nothing when that was done before."""
        await self.worker.run(self._thd_install, self._path(request.kind))
        return Done()

    async def restore(self, request: NewSshKey, context: CallContext) -> Done:
        """``node_ssh_key_restore``; nothing where nothing was changed."""
        await self.worker.run(self._thd_restore, self._path(request.kind))
        return Done()

    async def keep(self, request: Nothing, context: CallContext) -> Done:
        """``node_ssh_key_keep``: what is in use stays, whatever came before it goes."""
        await self.worker.run(self._thd_keep)
        return Done()

    async def let_in(self, request: LetIn, context: CallContext) -> Done:
        """``node_ssh_let_in``: lines for others than those that are named stay as they are."""
        self._path("rsa")
        await self.worker.run(self._thd_let_in, request)
        return Done()

    def _path(self, kind: str) -> str:
        if not self.directory:
            raise errors.OpPrereqError("A node of a virtual cluster has no ssh keys.", errors.STATE)
        return f"{self.directory}/id_{kind}"

    def _thd_begin(self, path: str) -> None:
        self.files.make_dirs(self.directory, 0o700)
        self._thd_remove(path)

    def _thd_public(self, path: str) -> str:
        public = f"{path}.pub"
        return self.files.read(public).decode().strip() if self.files.exists(public) else ""

    def _thd_install(self, path: str) -> None:
        if not self.files.exists(path + _NEW):
            return
        if not self.files.exists(path):
            # Nothing, to go back to.
            self.files.replace(path, b"", 0o600, False)
        self._thd_move(path, path + _OLD)
        self._thd_move(path + _NEW, path)

    def _thd_restore(self, path: str) -> None:
        if self.files.exists(path + _OLD):
            self._thd_remove(path)
        self._thd_move(path + _OLD, path)
        if self.files.exists(path) and not self.files.size(path):
            self._thd_remove(path)
        self._thd_remove(path + _NEW)

    def _thd_keep(self) -> None:
        for name in self.files.entries(self.directory):
            if name.startswith("id_") and _OLD in (name[-4:], name.removesuffix(".pub")[-4:]):
                self.files.remove(f"{self.directory}/{name}")

    def _thd_move(self, path: str, target: str) -> None:
        for end in (".pub", ""):
            if self.files.exists(path + end):
                self.files.rename(path + end, target + end)

    def _thd_remove(self, path: str) -> None:
        for end in (".pub", ""):
            if self.files.exists(path + end):
                self.files.remove(path + end)

    def _thd_let_in(self, request: LetIn) -> None:
        path = f"{self.directory}/authorized_keys"
        before = self.files.read(path).decode() if self.files.exists(path) else ""
        after = changed(before, request)
        if after != before:
            self.files.make_dirs(self.directory, 0o700)
            self.files.replace(path, after.encode(), 0o600, True)


def changed(text: str, request: LetIn) -> str:
    """Return the lines of ``authorized_keys`` with *request* carried out; a pure function."""
    rows = text.splitlines()
    has = {body for row in rows for body in row.split()}
    beside = [fresh for old, fresh in request.instead.items() if _body(old) in has]
    gone = {_body(key) for key in request.drop}
    kept = [row for row in rows if not gone.intersection(row.split())]
    fresh = [key for key in (*request.add, *beside) if _body(key) not in has]
    return "".join(f"{row}\n" for row in (*kept, *dict.fromkeys(fresh)))


def _body(key: str) -> str:
    """Return the key itself, without kind, options and comment."""
    return next(iter(key.split()[1:]), key)
