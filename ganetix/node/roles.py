"""Who is master in this node's eyes, and what is left behind when the node's role changes."""

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.paths import Paths
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.interfaces import CallContext, IMastership
from ganetix.rpc.tables.roles import CryptoTokens, Demote
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.tls.credentials import certificate_from_pem
from ganetix.tls.identity import digest_of
from ganetix.toolkit.interfaces import IFileSystem, IWorker


@implementer(IMastership)
@attrs.define(eq=False)
class Mastership:
    """The highest epoch obeyed, in a file that is synced before a session is answered."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    name: str = "mastership"
    _obeyed: MasterInfo = attrs.field(default=MasterInfo("", 0), init=False)

    async def start(self) -> None:
        """Read the file; raise `errors.ConfigurationError` when it is damaged."""
        self._obeyed = await self.worker.run(self._thd_read)

    async def stop(self) -> None:
        """Nothing is open between two writes."""

    def get(self) -> MasterInfo:
        """See `IMastership`."""
        return self._obeyed

    async def raise_to(self, epoch: int, master_node: str) -> None:
        """See `IMastership`; raise `errors.NotMasterError` for an epoch that is over.

        One epoch has one master.
        """
        self._check(epoch, master_node)
        fresh = MasterInfo(master_node, epoch)
        if fresh == self._obeyed:
            return
        await self.worker.run(self._thd_write, fresh)

    async def forget(self) -> None:
        """Obey nobody any more: the node has left the cluster."""
        await self.worker.run(self._thd_forget)

    def _check(self, epoch: int, master_node: str) -> None:
        obeyed = self._obeyed
        other = obeyed.master_node and obeyed.master_node != master_node
        if epoch < obeyed.epoch or (epoch == obeyed.epoch and other):
            raise errors.NotMasterError(
                f"Node {self.paths.hostname} obeys {obeyed.master_node} as master since epoch "
                f"{obeyed.epoch}; it does not obey {master_node} with epoch {epoch}."
            )

    def _thd_read(self) -> MasterInfo:
        path = self.paths.epoch_file
        try:
            return msgspec.json.decode(self.files.read(path), type=MasterInfo)
        except FileNotFoundError:
            return MasterInfo("", 0)
        except msgspec.DecodeError as error:
            raise errors.ConfigurationError(
                f"{path} can't be read ({error}); remove it if no other master is running, and "
                f"start the node daemon again."
            ) from error

    def _thd_write(self, fresh: MasterInfo) -> None:
        self._check(fresh.epoch, fresh.master_node)
        self.files.make_dirs(self.paths.data_dir, 0o755)
        self.files.replace(self.paths.epoch_file, msgspec.json.encode(fresh), 0o644, True)
        self._obeyed = fresh

    def _thd_forget(self) -> None:
        if self.files.exists(self.paths.epoch_file):
            self.files.remove(self.paths.epoch_file)
        self._obeyed = MasterInfo("", 0)


@attrs.frozen
class Roles:
    """The calls about the node's role."""

    paths: Paths
    files: IFileSystem
    worker: IWorker

    async def demote(self, request: Demote, context: CallContext) -> Done:
        """``node_demote_from_mc``: remove configuration, journal, queue and authority key."""
        await self.worker.run(self._thd_demote)
        return Done()

    async def crypto_tokens(self, request: Nothing, context: CallContext) -> CryptoTokens:
        """``node_crypto_tokens``: the digest of this node's own certificate."""
        return CryptoTokens(await self.worker.run(self._thd_digest))

    def _thd_digest(self) -> str:
        path = self.paths.node_cert_file
        if not self.files.exists(path):
            return ""
        return digest_of(certificate_from_pem(self.files.read(path), path))

    def _thd_named(self) -> str:
        try:
            return self.files.read(self.paths.ssconf("master_node")).decode().strip()
        except FileNotFoundError:
            return ""

    def _thd_demote(self) -> None:
        if self._thd_named() == self.paths.hostname:
            raise errors.OpPrereqError(
                f"Node {self.paths.hostname} is the master; it must stay a master candidate."
            )
        remove_candidate_files(self.paths, self.files)


def remove_candidate_files(paths: Paths, files: IFileSystem) -> None:
    """Remove what only master candidates have (blocking); nothing where nothing is."""
    for path in (
        paths.config_file,
        f"{paths.config_file}.good",
        paths.journal_file,
        paths.authority_key_file,
    ):
        if files.exists(path):
            files.remove(path)
    files.remove_tree(paths.queue_dir)
