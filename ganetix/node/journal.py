"""The candidate's side of the store: an exact copy of the master's journal.

Records are opaque here; only their framing is read, for the position. The file is opened, and a
torn tail cut, with the first batch that arrives, so a node daemon beside a running master daemon
never touches the master's own journal.
"""

from contextlib import suppress

import attrs

from ganetix import errors
from ganetix.model import journal
from ganetix.paths import Paths
from ganetix.rpc.call import Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.journal import JournalAppend, SnapshotPage, StorePosition
from ganetix.toolkit.interfaces import IAppendFile, IFileSystem, IWorker

NOWHERE = StorePosition(epoch=0, serial=-1)
"""The position of a node that is no candidate."""


@attrs.define(eq=False)
class CandidateJournal:
    """The journal file as the master sends it. Everything blocking runs on *worker*, in order."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    name: str = "candidate journal"
    _handle: IAppendFile | None = attrs.field(default=None, init=False)
    _size: int = attrs.field(default=0, init=False)
    _at: StorePosition = attrs.field(default=NOWHERE, init=False)
    _last: JournalAppend | None = attrs.field(default=None, init=False)
    _pages: bytearray = attrs.field(factory=bytearray, init=False)

    async def start(self) -> None:
        """Nothing is opened before the first batch."""

    async def stop(self) -> None:
        """Release the file once everything asked for is written."""
        await self.worker.run(self._thd_close)

    async def append(self, request: JournalAppend, context: CallContext) -> StorePosition:
        """``journal_append``: answers when the batch is on stable storage.

        Raise `errors.ConfigurationError` when the batch does not follow what is here.
        """
        at: StorePosition = await self.worker.run(self._thd_append, request)
        return at

    async def snapshot(self, request: SnapshotPage, context: CallContext) -> StorePosition:
        """``journal_snapshot``: the last page puts the whole in place of the journal.

        Records that the same mastership has sent since the snapshot was made are kept behind it,
        so a master can shorten the journal of a candidate that is in sync.
        """
        at: StorePosition = await self.worker.run(self._thd_page, request)
        return at

    async def position(self) -> StorePosition:
        """Return what is on stable storage here."""
        at: StorePosition = await self.worker.run(self._thd_position)
        return at

    async def store_position(self, request: Nothing, context: CallContext) -> StorePosition:
        """``store_position``."""
        return await self.position()

    def _thd_append(self, request: JournalAppend) -> StorePosition:
        handle = self._thd_open()
        if request == self._last:
            return self._at
        self._check(request)
        try:
            handle.write(request.records)
            handle.sync()
        except OSError as error:
            self._thd_take_back(handle)
            self._thd_close()
            raise errors.StorageError(
                f"{self.paths.journal_file} can't be written: {error.strerror or error}."
            ) from error
        self._size += len(request.records)
        self._at = StorePosition(request.epoch, request.last)
        self._last = request
        return self._at

    def _check(self, request: JournalAppend) -> None:
        scan = journal.scan(request.records, f"The batch after {request.after}")
        serials = [record.serial for record in scan.records]
        whole = not scan.torn and serials and serials[-1] == request.last
        if not whole or serials[0] != request.after + 1:
            raise errors.ConfigurationError(
                f"The batch after record {request.after} is not whole; it was not stored."
            )
        if request.after != self._at.serial or request.epoch < self._at.epoch:
            raise errors.ConfigurationError(
                f"Node {self.paths.hostname} has the journal up to record {self._at.serial} of "
                f"epoch {self._at.epoch}; the batch follows record {request.after} and has epoch "
                f"{request.epoch}. Send a snapshot."
            )

    def _thd_page(self, page: SnapshotPage) -> StorePosition:
        if page.epoch < self._at.epoch:
            raise errors.ConfigurationError(
                f"Node {self.paths.hostname} has the journal of epoch {self._at.epoch}; a snapshot "
                f"of epoch {page.epoch} does not take its place."
            )
        if page.offset == 0:
            self._pages.clear()
        if page.offset != len(self._pages):
            raise errors.ConfigurationError(
                f"A snapshot's page at {page.offset} came after {len(self._pages)} bytes; begin "
                f"the snapshot again."
            )
        self._pages += page.data
        if len(self._pages) >= page.total:
            data = bytes(self._pages)
            self._pages.clear()
            self._thd_replace(page, data)
        return self._at

    def _thd_replace(self, page: SnapshotPage, data: bytes) -> None:
        scan = journal.scan(data, "The snapshot")
        if scan.torn or not scan.records or scan.records[-1].serial != page.serial:
            raise errors.ConfigurationError(
                f"The snapshot of record {page.serial} is not whole; it was not stored."
            )
        data += self._thd_newer(page)
        self._thd_close()
        self.files.make_dirs(self.paths.data_dir, 0o755)
        self.files.replace(self.paths.journal_file, data, 0o600, True)
        self._thd_open()

    def _thd_newer(self, page: SnapshotPage) -> bytes:
        """Return what is here and follows *page*; nothing of another history or a damaged file."""
        try:
            scan = self._thd_scan()
        except errors.ConfigurationError:
            return b""
        records = scan.records if scan is not None else ()
        if (page.epoch, page.serial) not in ((one.epoch, one.serial) for one in records):
            return b""
        return b"".join(journal.encode(one) for one in records if one.serial > page.serial)

    def _thd_position(self) -> StorePosition:
        if self._thd_current():
            return self._at
        self._thd_close()
        scan = self._thd_scan()
        if scan is None or not scan.records:
            return NOWHERE
        return StorePosition(scan.records[-1].epoch, scan.records[-1].serial)

    def _thd_current(self) -> bool:
        """Whether the open file is still the one at its path, and as we left it."""
        path = self.paths.journal_file
        return (
            self._handle is not None
            and self.files.exists(path)
            and self.files.size(path) == self._size == self._handle.size()
        )

    def _thd_scan(self) -> journal.Scan | None:
        path = self.paths.journal_file
        try:
            return journal.scan(self.files.read(path), path)
        except FileNotFoundError:
            return None

    def _thd_open(self) -> IAppendFile:
        if self._handle is not None and self._thd_current():
            return self._handle
        self._thd_close()
        scan = self._thd_scan()
        if scan is None or not scan.records:
            raise errors.ConfigurationError(
                f"Node {self.paths.hostname} has no journal yet. Send a snapshot."
            )
        handle = self.files.append_to(self.paths.journal_file, 0o600)
        if scan.torn:
            handle.truncate(scan.end)
            handle.sync()
        self._handle, self._size = handle, scan.end
        self._at = StorePosition(scan.records[-1].epoch, scan.records[-1].serial)
        return handle

    def _thd_take_back(self, handle: IAppendFile) -> None:
        """Cut off what a failed write left; if that fails too it is a torn tail like any other."""
        with suppress(OSError):
            handle.truncate(self._size)

    def _thd_close(self) -> None:
        handle, self._handle, self._last = self._handle, None, None
        if handle is not None:
            handle.close()
