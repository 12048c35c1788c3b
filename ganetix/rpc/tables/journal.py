"""Calls that keep a candidate's copy of the configuration."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Nothing, Role

_CANDIDATES: Final[frozenset[Role]] = frozenset({"master", "candidate"})


class JournalAppend(msgspec.Struct, frozen=True):
    """A batch of encoded records that follow (epoch, *after*): write, sync, then answer.

    *after* is the serial of the record before the batch. A node that has not got that record
    refuses with `errors.ConfigurationError`, and is sent a snapshot.
    """

    epoch: int
    after: int
    records: bytes
    last: int


class SnapshotPage(msgspec.Struct, frozen=True):
    """64 KiB pages of a whole configuration with live jobs; the last page puts it in place."""

    epoch: int
    serial: int
    offset: int
    data: bytes
    total: int


class StorePosition(msgspec.Struct, frozen=True):
    """What a candidate has on stable storage."""

    epoch: int
    serial: int


JOURNAL_APPEND: Final = Call("journal_append", JournalAppend, StorePosition, "urgent", True)
JOURNAL_SNAPSHOT: Final = Call("journal_snapshot", SnapshotPage, StorePosition, "fast", True)
STORE_POSITION: Final = Call("store_position", Nothing, StorePosition, "urgent", True, _CANDIDATES)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    JOURNAL_APPEND,
    JOURNAL_SNAPSHOT,
    STORE_POSITION,
)
