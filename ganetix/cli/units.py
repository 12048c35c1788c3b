"""Sizes and durations, from text and to text."""

import math
import re
from typing import Final

from ganetix.errors import UnitParseError

_SIZE: Final = r"([.\d]+)\s*([a-z]*)"
_FACTORS: Final = {
    **dict.fromkeys(("", "m", "mb", "mib"), 1),
    **dict.fromkeys(("g", "gb", "gib"), 1024),
    **dict.fromkeys(("t", "tb", "tib"), 1024 * 1024),
}
_STEP: Final = 4
"""Sizes are rounded up to a multiple of this, in MiB."""
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


_DIGITS: Final = 18
"""Longer numbers fit nowhere that this software talks to."""
_CENTURY: Final = 100 * 366 * 86400


def natural(text: str) -> int | None:
    """Return the whole number that *text* is; None for anything else, and for what fits nowhere."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None


def parse_size(text: str) -> int:
    """Return the MiB that *text* means, such as ``512``, ``512m``, ``10G`` or ``1.5tib``.

    Rounded up to 4 MiB. Raise `UnitParseError`.
    """
    match = re.fullmatch(_SIZE, text.strip(), re.IGNORECASE)
    factor = _FACTORS.get(match[2].lower()) if match else None
    try:
        value = float(match[1]) if match else math.nan
    except ValueError:
        value = math.nan
    if factor is None or math.isnan(value):
        raise UnitParseError(
            f"{text!r} is not a size: give a number of MiB, or a number with m, g or t."
        )
    if value * factor >= 10**_DIGITS:
        raise UnitParseError(f"{text!r} is larger than any disk or memory.")
    return math.ceil(math.ceil(value * factor) / _STEP) * _STEP


def format_size(mib: float, unit: str) -> str:
    """Return *mib* MiB in *unit*: ``h`` for a readable size, or a plain number in m, g or t."""
    if unit == "m" or (unit == "h" and mib < 1024):
        return f"{round(mib):d}{'M' if unit == 'h' else ''}"
    if unit == "g" or (unit == "h" and mib < 1024 * 1024):
        return f"{mib / 1024:.1f}{'G' if unit == 'h' else ''}"
    return f"{mib / 1024 / 1024:.1f}{'T' if unit == 'h' else ''}"


def parse_duration(text: str) -> int:
    """Return the seconds that *text* means, such as ``90``, ``30m``, ``4h``, ``1d`` or ``2w``.

    Raise `UnitParseError`.
    """
    number, factor = text.strip(), 1
    if number[-1:] in _SECONDS:
        number, factor = number[:-1], _SECONDS[number[-1]]
    seconds = natural(number)
    if seconds is None:
        raise UnitParseError(
            f"{text!r} is not a duration: give seconds, or a number with s, m, h, d or w."
        )
    if seconds * factor > _CENTURY:
        raise UnitParseError(f"{text!r} is longer than a century.")
    return seconds * factor
