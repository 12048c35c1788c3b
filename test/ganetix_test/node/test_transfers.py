"""Transfers on a node, asked for as the master asks."""

import os
import pathlib

from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.node.transfers import compressor
from ganetix.rpc.tables.export import ExportName
from ganetix.rpc.tables.transfer import (
    ExportWritten,
    KeyMade,
    KeyWanted,
    Peer,
    Place,
    ReceiveStart,
    SendStart,
    Started,
    TransferName,
    TransferQuery,
    TransferState,
)
from ganetix.testing.cases import AwaitingTestCase
from ganetix_test.node.made import CONTEXT, disk, make, spec

NAME = "vm1.example.com"


class TransferTests(AwaitingTestCase):
    """A node that sends to itself."""

    def setUp(self) -> None:
        """Make a node with a disk, and a key for each end."""
        self.node = make(self)
        self.transfers = self.node.services.transfers
        self.sender, self.receiver = (self.key() for _ in range(2))

    def key(self) -> KeyMade:
        """Make a key."""
        return self.awaited(self.transfers.make_key(KeyWanted(NAME), CONTEXT))

    def peer(self, own: KeyMade, other: KeyMade, compress: str = "none") -> Peer:
        """Return one end's view."""
        return Peer(own.name, other.pem, "word", compress)

    def received(self, place: Place, compress: str = "none") -> Started:
        """Listen for *place*."""
        request = ReceiveStart(place, self.peer(self.receiver, self.sender, compress))
        return self.awaited(self.transfers.receive(request, CONTEXT))

    def sent(self, place: Place, port: int, compress: str = "none") -> Started:
        """Send from *place*."""
        peer = self.peer(self.sender, self.receiver, compress)
        return self.awaited(self.transfers.send(SendStart(place, peer, "192.0.2.1", port), CONTEXT))

    def state(self, name: str) -> TransferState:
        """Return how far a transfer is."""
        return self.awaited(self.transfers.status(TransferQuery(name), CONTEXT))

    def lines(self) -> list[list[str]]:
        """Return the programs of both ends, the receiver's first."""
        return [
            [word for command in row for word in command.argv] for row in self.node.streams.sent
        ]

    def test_to_an_export(self) -> None:
        """A dump is compressed on its way and written below the export that is being made."""
        there = self.received(Place("file", export=NAME, file="uuid-1"), "gzip")
        here = self.sent(Place("file", export="other", file="uuid-2"), there.port, "gzip")
        self.assertEqual(self.state(here.name), TransferState(True, True, 0))
        receiving, sending = self.lines()
        self.assertEqual(receiving[:3], ["/usr/bin/gzip", "-d", "-c"])
        new = f"{self.node.paths.export_dir}/{NAME}.new"
        self.assertIn(f"of={new}/uuid-1", receiving)
        self.assertTrue(os.path.isdir(new))
        self.assertIn(f"if={self.node.paths.export_dir}/other/uuid-2", sending)
        self.assertEqual(sending[-3:], ["/usr/bin/gzip", "-6", "-c"])

    def test_missing_disk(self) -> None:
        """A disk that is not there is named, with the command that assembles it."""
        peer = self.peer(self.receiver, self.sender)
        request = ReceiveStart(Place("raw", spec(disk()), 0), peer)
        error = self.refusal(self.transfers.receive(request, CONTEXT), errors.BlockDeviceError)
        self.assertIn(f"gnt-instance activate-disks {NAME}", error.message)

    def test_keys(self) -> None:
        """A key that is not known, or was removed, opens nothing."""
        self.awaited(self.transfers.remove_key(TransferName(self.receiver.name), CONTEXT))
        request = ReceiveStart(
            Place("file", export=NAME, file="x"), self.peer(self.receiver, self.sender)
        )
        error = self.refusal(self.transfers.receive(request, CONTEXT), errors.OpExecError)
        self.assertIn(self.receiver.name, error.message)

    def test_status_waits(self) -> None:
        """A question with a time waits for the end, and not longer than that."""
        there = self.received(Place("file", export=NAME, file="x"))
        waiting = self.transfers.status(TransferQuery(there.name, 5.0), CONTEXT)
        work = Deferred.fromCoroutine(waiting)
        self.node.time.advance(5.0)
        self.assertEqual(self.successResultOf(work), TransferState(False, False, 0))

    def test_clean_up(self) -> None:
        """A transfer that is cleaned up ends, and is not known any more."""
        there = self.received(Place("file", export=NAME, file="x"))
        self.awaited(self.transfers.clean_up(TransferName(there.name), CONTEXT))
        error = self.refusal(
            self.transfers.status(TransferQuery(there.name), CONTEXT), errors.OpExecError
        )
        self.assertIn(there.name, error.message)

    def test_compressors(self) -> None:
        """A tool is a name, not a path; none is no program."""
        self.assertEqual(compressor("none", back=True), [])
        [command] = compressor("lzop", back=True)
        self.assertEqual(command.argv, ("/usr/bin/lzop", "-d", "-c"))
        with self.assertRaises(errors.OpPrereqError):
            compressor("../bin/sh", back=False)


class ExportTests(AwaitingTestCase):
    """The directories of exports."""

    def setUp(self) -> None:
        """Make a node with an export that is being made."""
        self.node = make(self)
        self.exports = self.node.services.exports
        self.top = pathlib.Path(self.node.paths.export_dir)
        self.top.mkdir(parents=True)
        self.awaited(self.exports.begin(NAME))
        (self.top / f"{NAME}.new/uuid-1").write_text("new", "utf-8")

    def test_finalize(self) -> None:
        """The new export takes an older one's place, whole; doing it again changes nothing."""
        (self.top / NAME).mkdir()
        (self.top / NAME / "old").write_text("old", "utf-8")
        for _ in range(2):
            request = ExportWritten(NAME, "[export]\n")
            self.awaited(self.exports.finalize(request, CONTEXT))
        self.assertEqual(sorted(os.listdir(self.top)), [NAME])
        self.assertEqual(sorted(os.listdir(self.top / NAME)), ["config.ini", "uuid-1"])

    def test_remove(self) -> None:
        """Both the export and a newer one's beginning go; a second time there is nothing."""
        first = self.awaited(self.exports.remove(ExportName(NAME), CONTEXT))
        second = self.awaited(self.exports.remove(ExportName(NAME), CONTEXT))
        self.assertEqual((first.removed, second.removed), (True, False))
        self.assertEqual(os.listdir(self.top), [])

    def test_elsewhere(self) -> None:
        """A name that leads out of the directory of exports is refused."""
        for name in ("../x", "", "..", "a/b"):
            self.refusal(self.exports.remove(ExportName(name), CONTEXT), errors.OpPrereqError)
