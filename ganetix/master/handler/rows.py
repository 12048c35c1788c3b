"""Long answers: rows are computed and encoded in slices, with turns of the reactor between."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from ganetix.toolkit.clock import Clock

SLICE: Final = 250
"""Rows that are computed and encoded before others get a turn."""


async def encoded(clock: Clock, count: int, rows: Callable[[int, int], list[Any]]) -> msgspec.Raw:
    """Return the JSON of *count* rows; *rows* computes those from one number to before another."""
    pieces = [_inside(rows(0, SLICE))]
    for start in range(SLICE, count, SLICE):
        await clock.sleep(0)
        pieces.append(_inside(rows(start, start + SLICE)))
    return msgspec.Raw(b"[" + b",".join(pieces) + b"]")


def _inside(rows: list[Any]) -> bytes:
    return msgspec.json.encode(rows)[1:-1]
