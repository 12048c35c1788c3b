"""A candidate's journal is the master's, byte for byte, and on stable storage when it says so."""

import errno
import os
from random import Random

from ganetix.errors import ConfigurationError, StorageError
from ganetix.model.journal import Record, encode
from ganetix.node.journal import NOWHERE, CandidateJournal
from ganetix.paths import Paths
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.journal import JournalAppend, SnapshotPage, StorePosition
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.workers import InlineWorker
from ganetix.tls.identity import Identity
from ganetix.toolkit.files import AppendFile, FileSystem

CONTEXT = CallContext("r1", 1, 0.0, "master", Identity("m", frozenset({"node"}), "d"))


def records(first: int, count: int, epoch: int = 1) -> bytes:
    """Return *count* encoded records from serial *first* on."""
    return b"".join(
        encode(Record(epoch, first + i, b"payload %d" % (first + i))) for i in range(count)
    )


def batch(after: int, count: int = 1, epoch: int = 1) -> JournalAppend:
    """Return the request for *count* records that follow *after*."""
    data = records(after + 1, count, epoch)
    return JournalAppend(epoch=epoch, after=after, records=data, last=after + count)


class FullDisk(FileSystem):
    """Files whose writes stop in the middle for lack of room."""

    def append_to(self, path: str, mode: int) -> AppendFile:
        """Return a file that takes ten bytes and then refuses."""
        return _Full(super().append_to(path, mode).fd)


class _Full(AppendFile):
    def write(self, data: bytes) -> None:
        super().write(data[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class JournalTests(AwaitingTestCase):
    """Batches, snapshots and positions."""

    def setUp(self) -> None:
        """Make a node without a journal."""
        self.paths = Paths(os.path.abspath(self.mktemp()), "node2.example.com")
        os.makedirs(self.paths.data_dir)
        self.journal = self.made(FileSystem())

    def made(self, files: FileSystem) -> CandidateJournal:
        """Return the journal as a new daemon has it."""
        return CandidateJournal(self.paths, files, InlineWorker())

    def content(self) -> bytes:
        """Return the journal file's bytes."""
        with open(self.paths.journal_file, "rb") as source:
            return source.read()

    def snapshot(self, serial: int, page: int = 7, epoch: int = 1) -> StorePosition:
        """Send a snapshot that stands for everything up to *serial*, in small pages."""
        data = records(serial, 1, epoch)
        at = NOWHERE
        for offset in range(0, len(data), page):
            piece = data[offset : offset + page]
            request = SnapshotPage(epoch, serial, offset, piece, len(data))
            at = self.awaited(self.journal.snapshot(request, CONTEXT))
        return at

    def test_no_candidate(self) -> None:
        """A node without a journal says so, and wants a snapshot before anything else."""
        self.assertEqual(self.awaited(self.journal.position()).serial, -1)
        error = self.refusal(self.journal.append(batch(5), CONTEXT), ConfigurationError)
        self.assertIn("snapshot", error.message)
        self.assertFalse(os.path.exists(self.paths.journal_file))

    def test_snapshot_and_batches(self) -> None:
        """After a snapshot batches follow; the file is what the master sent."""
        self.assertEqual(self.snapshot(5), StorePosition(1, 5))
        self.assertEqual(
            self.awaited(self.journal.append(batch(5, 2), CONTEXT)), StorePosition(1, 7)
        )
        self.assertEqual(
            self.awaited(self.journal.append(batch(7, 1), CONTEXT)), StorePosition(1, 8)
        )
        self.assertEqual(self.content(), records(5, 4))

    def test_gap(self) -> None:
        """A batch that leaves out a record is refused, and nothing of it is written."""
        self.snapshot(5)
        error = self.refusal(self.journal.append(batch(6), CONTEXT), ConfigurationError)
        self.assertIn("up to record 5", error.message)
        self.assertEqual(self.content(), records(5, 1))

    def test_repeated(self) -> None:
        """The same batch sent again is answered again and written once."""
        self.snapshot(5)
        for _ in range(2):
            at = self.awaited(self.journal.append(batch(5, 2), CONTEXT))
            self.assertEqual(at, StorePosition(1, 7))
        self.assertEqual(self.content(), records(5, 3))

    def test_other_history(self) -> None:
        """Another batch for the same place is refused: the journals went apart."""
        self.snapshot(5)
        self.awaited(self.journal.append(batch(5), CONTEXT))
        self.refusal(self.journal.append(batch(5, epoch=2), CONTEXT), ConfigurationError)

    def test_old_epoch(self) -> None:
        """Records of a mastership that is over are refused."""
        self.snapshot(5, epoch=3)
        self.refusal(self.journal.append(batch(5, epoch=2), CONTEXT), ConfigurationError)

    def test_damaged_batch(self) -> None:
        """A batch that is not what it says is refused."""
        self.snapshot(5)
        good = batch(5, 2)
        for data, last in ((good.records[:-1], 7), (good.records, 8), (b"", 6)):
            bad = JournalAppend(epoch=1, after=5, records=data, last=last)
            self.refusal(self.journal.append(bad, CONTEXT), ConfigurationError)
        self.assertEqual(self.content(), records(5, 1))

    def test_restart_with_torn_tail(self) -> None:
        """After a crash in the middle of a write the good part counts, and goes on."""
        self.snapshot(5)
        self.awaited(self.journal.append(batch(5, 2), CONTEXT))
        self.awaited(self.journal.stop())
        with open(self.paths.journal_file, "ab") as target:
            target.write(records(8, 1)[:-3])
        self.journal = self.made(FileSystem())
        self.assertEqual(self.awaited(self.journal.position()), StorePosition(1, 7))
        self.awaited(self.journal.append(batch(7, 1), CONTEXT))
        self.assertEqual(self.content(), records(5, 4))

    def test_position_changes_nothing(self) -> None:
        """Asking never touches a file: it may be the journal of a master that is writing."""
        torn = records(1, 2) + b"unfinished"
        with open(self.paths.journal_file, "wb") as target:
            target.write(torn)
        self.assertEqual(self.awaited(self.journal.position()), StorePosition(1, 2))
        self.assertEqual(self.content(), torn)

    def test_file_replaced_below(self) -> None:
        """A journal that a master on this node wrote on is read again before the next batch."""
        self.snapshot(5)
        self.awaited(self.journal.append(batch(5), CONTEXT))
        with open(self.paths.journal_file, "ab") as target:
            target.write(records(7, 3, epoch=2))
        self.refusal(self.journal.append(batch(6, epoch=3), CONTEXT), ConfigurationError)
        self.assertEqual(self.awaited(self.journal.position()), StorePosition(2, 9))

    def test_full_disk(self) -> None:
        """A write that fails leaves no trace, and says why."""
        self.snapshot(5)
        full = self.made(FullDisk())
        error = self.refusal(full.append(batch(5), CONTEXT), StorageError)
        self.assertIn("No space left", error.message)
        self.assertEqual(self.content(), records(5, 1))

    def test_snapshot_out_of_order(self) -> None:
        """Pages that do not follow each other never become the journal."""
        data = records(9, 1)
        late = SnapshotPage(1, 9, 7, data[7:], len(data))
        self.refusal(self.journal.snapshot(late, CONTEXT), ConfigurationError)
        self.assertEqual(self.awaited(self.journal.position()), NOWHERE)

    def test_snapshot_replaces(self) -> None:
        """A snapshot takes the place of another history, also of a damaged file."""
        with open(self.paths.journal_file, "wb") as target:
            target.write(b"x" * 100 + records(1, 2))
        self.assertEqual(self.snapshot(20, epoch=4), StorePosition(4, 20))
        self.assertEqual(self.content(), records(20, 1, epoch=4))

    def test_snapshot_shortens(self) -> None:
        """A snapshot of an earlier record of the same mastership keeps what came since."""
        self.snapshot(5)
        self.awaited(self.journal.append(batch(5, 3), CONTEXT))
        self.assertEqual(self.snapshot(7), StorePosition(1, 8))
        self.assertEqual(self.content(), records(7, 2))
        self.awaited(self.journal.append(batch(8), CONTEXT))

    def test_snapshot_of_the_next_master(self) -> None:
        """What the master before has sent and the new one does not know is gone."""
        self.snapshot(5)
        self.awaited(self.journal.append(batch(5, 3), CONTEXT))
        self.assertEqual(self.snapshot(7, epoch=2), StorePosition(2, 7))
        self.assertEqual(self.content(), records(7, 1, epoch=2))


class CrashTests(AwaitingTestCase):
    """What was answered outlives a loss of power, whatever else does."""

    def test_acknowledged_records_survive(self) -> None:
        """After a crash in the middle of the next write the position is what was answered."""
        for seed in range(100):
            files = FakeFileSystem(Random(seed).random)
            paths = Paths("", "node2")
            files.make_dirs(paths.data_dir, 0o755)
            self.acknowledge(CandidateJournal(paths, files, InlineWorker()))
            handle = files.append_to(paths.journal_file, 0o600)
            handle.write(records(8, 1))
            files.crash()
            after = CandidateJournal(paths, files, InlineWorker())
            serial = self.awaited(after.position()).serial
            self.assertIn(serial, (7, 8), f"seed {seed}")
            self.awaited(after.append(batch(serial, 2), CONTEXT))
            self.assertEqual(files.read(paths.journal_file), records(5, serial - 5 + 3))

    def acknowledge(self, journal: CandidateJournal) -> None:
        """Bring *journal* up to record 7."""
        data = records(5, 1)
        page = SnapshotPage(1, 5, 0, data, len(data))
        self.awaited(journal.snapshot(page, CONTEXT))
        for after in (5, 6):
            self.awaited(journal.append(batch(after), CONTEXT))
