"""The journal's framing: what was written is read, a torn tail is told from damage."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model import journal
from ganetix.model.journal import Record


def records(payloads: list[bytes]) -> list[Record]:
    """Return records of epoch 3 with serials from 8 on."""
    return [Record(3, 8 + n, payload) for n, payload in enumerate(payloads)]


class FramingTests(SynchronousTestCase):
    """Encoding and scanning."""

    @given(st.lists(st.binary(max_size=60), max_size=6))
    def test_round_trip(self, payloads: list[bytes]) -> None:
        """A file of whole records gives them back, and its end."""
        rows = records(payloads)
        data = b"".join(map(journal.encode, rows))
        found = journal.scan(data, "journal")
        self.assertEqual((list(found.records), found.end, found.torn), (rows, len(data), False))

    @given(st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.data())
    def test_a_cut_leaves_a_prefix(self, payloads: list[bytes], data: st.DataObject) -> None:
        """However short the file is cut, the whole records before the cut are found."""
        rows = records(payloads)
        whole = b"".join(map(journal.encode, rows))
        size = data.draw(st.integers(0, len(whole) - 1))
        found = journal.scan(whole[:size], "journal")
        self.assertEqual(list(found.records), rows[: len(found.records)])
        self.assertEqual(found.torn, found.end != size)
        self.assertLess(len(found.records), len(rows))

    def test_a_flipped_bit_before_good_records_is_damage(self) -> None:
        """Every single damaged byte in the first of two records is told, with its offset."""
        first, second = map(journal.encode, records([b"first", b"second"]))
        for at in range(4, len(first)):
            raw = bytearray(first + second)
            raw[at] ^= 0x10
            error = self.assertRaises(
                errors.ConfigurationError, journal.scan, bytes(raw), "/data/journal"
            )
            self.assertIn("/data/journal", error.message)
            self.assertIn("offset 0", error.message)

    def test_a_jump_of_serials_is_damage(self) -> None:
        """A record that does not follow the one before it is refused."""
        data = journal.encode(Record(1, 1, b"")) + journal.encode(Record(1, 3, b""))
        self.assertRaises(errors.ConfigurationError, journal.scan, data, "journal")

    def test_another_file_is_no_torn_journal(self) -> None:
        """What never was a journal is refused; zeros are what a power cut leaves of a first one."""
        for data in (b"Hello, this is a text and no journal.", bytes(range(1, 200))):
            error = self.assertRaises(
                errors.ConfigurationError, journal.scan, data, "/data/journal"
            )
            self.assertIn("/data/journal: the record at offset 0", error.message)
        self.assertEqual(journal.scan(bytes(100), "journal"), journal.Scan((), 0, torn=True))
