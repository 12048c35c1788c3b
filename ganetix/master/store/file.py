"""The journal file on this machine: append, sync, and cut when a checkpoint has folded it."""

from collections import deque

import attrs
import msgspec

from ganetix import errors
from ganetix.paths import Paths
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.toolkit.interfaces import IAppendFile, IFileSystem


@attrs.define(eq=False)
class JournalFile:
    """The open journal. `write` and `cut` block: they run on the store's worker.

    The file is this master's only as long as this node does not obey a newer one, whose copy it
    is then. A master that stood still meanwhile would spoil it, so both look first, and raise
    `errors.NotMasterError`.
    """

    fs: IFileSystem
    paths: Paths
    epoch: int
    _handle: IAppendFile | None = attrs.field(default=None, init=False)
    _recent: deque[tuple[int, bytes]] = attrs.field(factory=deque, init=False)
    size: int = attrs.field(default=0, init=False)
    """Bytes written since the last cut."""
    last: int = attrs.field(default=0, init=False)
    """Serial of the last record in the file."""

    def open(self, end: int, last: int) -> None:
        """Open for appending at *end*, after record *last*, cutting off a torn tail."""
        self._handle = self.fs.append_to(self.path, 0o600)
        if self._handle.size() > end:
            self._handle.truncate(end)
            self._handle.sync()
        self.size, self.last = end, last

    def write(self, data: bytes, last: int) -> None:
        """Append *data*, a batch that ends with record *last*, and sync.

        After an error the file is as before. The batch is kept for the next `cut`.
        """
        self._check_master()
        handle = self._open_handle()
        before = handle.size()
        try:
            handle.write(data)
            handle.sync()
        except OSError:
            handle.truncate(before)
            raise
        self.size, self.last = before + len(data), last
        self._recent.append((last, data))

    def cut(self, serial: int, head: bytes) -> None:
        """Begin the file anew with *head*, which stands for all up to *serial*, and the rest."""
        self._check_master()
        while self._recent and self._recent[0][0] <= serial:
            self._recent.popleft()
        data = head + b"".join(rows for _, rows in self._recent)
        self.fs.replace(self.path, data, 0o600, True)
        self.close()
        self.open(len(data), self.last)

    @property
    def path(self) -> str:
        """The file's path."""
        return self.paths.journal_file

    def _check_master(self) -> None:
        try:
            obeyed = msgspec.json.decode(self.fs.read(self.paths.epoch_file), type=MasterInfo)
        except FileNotFoundError:
            return
        if obeyed.epoch > self.epoch:
            raise errors.NotMasterError(
                f"{self.paths.hostname} obeys {obeyed.master_node} as master since epoch "
                f"{obeyed.epoch}; this daemon of epoch {self.epoch} writes nothing any more."
            )

    def close(self) -> None:
        """Release the file."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _open_handle(self) -> IAppendFile:
        if self._handle is None:
            raise OSError(f"{self.path} is not open")
        return self._handle
