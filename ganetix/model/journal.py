"""The framing of the journal: records that can be scanned, and a torn tail that can be told.

A record is a header of 28 bytes (length of the payload, CRC-32, epoch, serial, kind) and the
payload. The checksum covers the rest of the header and the payload. Kind 0 is JSON.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import attrs
import msgspec

from ganetix import errors

HEADER: Final = struct.Struct(">IIQQI")
VERSION: Final = 1
LIMIT: Final = 64 * 1024 * 1024


class Record(msgspec.Struct, frozen=True):
    """One journal record; *serial* rises by one from record to record, across epochs too."""

    epoch: int
    serial: int
    payload: bytes


@attrs.frozen
class Scan:
    """What a journal file holds: good records, and where the good part ends."""

    records: tuple[Record, ...]
    end: int
    torn: bool
    """Bytes follow the good part: the tail of a write that never finished."""


def encode(record: Record) -> bytes:
    """Return *record* as the file holds it."""
    body = struct.pack(">QQI", record.epoch, record.serial, VERSION) + record.payload
    return struct.pack(">II", len(record.payload), zlib.crc32(body)) + body


def scan(data: bytes, name: str) -> Scan:
    """Return the records of the journal *data*; *name* is the file, for messages.

    A tail that is cut short, or whose checksum fails with nothing readable after it, is torn: it
    was never acknowledged. A bad record with a good one after it is damage, and so is a beginning
    that no journal has: raise `errors.ConfigurationError` with the offset.
    """
    records: list[Record] = []
    offset = 0
    while offset < len(data):
        found = _at(data, offset)
        if found is None:
            if _good_after(data, offset):
                raise _damaged(name, offset, "fails its checksum, and good records follow it")
            if offset == 0 and not _may_begin(data):
                raise _damaged(name, offset, "is not a journal's: the file is something else")
            return Scan(tuple(records), offset, torn=True)
        record, end = found
        if records and record.serial != records[-1].serial + 1:
            last = records[-1].serial
            raise _damaged(name, offset, f"has serial {record.serial} after {last}")
        records.append(record)
        offset = end
    return Scan(tuple(records), offset, torn=False)


def _at(data: bytes, offset: int) -> tuple[Record, int] | None:
    """Return the record at *offset* and where it ends; None when it is not whole and good."""
    body = offset + 8
    if len(data) - offset < HEADER.size:
        return None
    length, crc, epoch, serial, version = HEADER.unpack_from(data, offset)
    end = offset + HEADER.size + length
    if length > LIMIT or end > len(data) or zlib.crc32(data[body:end]) != crc:
        return None
    if version != VERSION:
        return None
    return Record(epoch, serial, data[offset + HEADER.size : end]), end


def _may_begin(data: bytes) -> bool:
    """Whether *data* may be the torn beginning of a new journal."""
    head = data[: HEADER.size]
    if len(head) < HEADER.size or not any(head):
        return len(data) < HEADER.size or not any(data)
    length, _, _, _, version = HEADER.unpack(head)
    return bool(length <= LIMIT and version == VERSION)


def _good_after(data: bytes, offset: int) -> bool:
    """Whether a whole good record begins anywhere after *offset*, by the length that it claims."""
    if len(data) - offset < HEADER.size:
        return False
    return any(_at(data, start) is not None for start in _starts(data, offset))


def _starts(data: bytes, offset: int) -> Iterator[int]:
    """Yield where the next record would begin if the length at *offset* is right."""
    length = HEADER.unpack_from(data, offset)[0]
    nearest = offset + HEADER.size + length
    if length <= LIMIT and nearest < len(data):
        yield nearest
    marker = struct.pack(">I", VERSION)
    start = offset + 1
    while (found := data.find(marker, start + 24)) != -1:
        yield found - 24
        start = found - 23


def _damaged(name: str, offset: int, what: str) -> errors.ConfigurationError:
    return errors.ConfigurationError(
        f"{name}: the record at offset {offset} {what}. The file is damaged; start from another "
        f"master candidate, or move the file away to go on from the last checkpoint alone."
    )
