"""Whether the watcher pauses."""

import re
from typing import Final

import attrs

FORGOTTEN: Final = 3600
"""Seconds for which an expired pause stays on disk."""


@attrs.frozen
class Pause:
    """Until when (seconds since the epoch) the watcher pauses, if so; *stale*: remove the file."""

    until: int | None = None
    stale: bool = False


def read(text: bytes, now: float) -> Pause:
    """Return what the pause file's *text* means at *now*."""
    number = text.strip()
    if not re.fullmatch(rb"\d{1,15}", number):
        return Pause(stale=True)
    until = int(number)
    if until > now:
        return Pause(until)
    return Pause(stale=until + FORGOTTEN < now)
