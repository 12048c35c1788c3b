"""Sizes as people write them."""

from typing import Final

_EXACT: Final = {"": 1.0, "m": 1.0, "g": 1024.0, "t": 1024.0**2,
                 "M": 1e6 / 1024**2, "G": 1e9 / 1024**2, "T": 1e12 / 1024**2}  # fmt: skip
_LONG: Final = {"mib": 1.0, "gib": 1024.0, "tib": 1024.0**2,
                "mb": 1e6 / 1024**2, "gb": 1e9 / 1024**2, "tb": 1e12 / 1024**2}  # fmt: skip


def size(text: str) -> int:
    """Read a size with its unit, in MiB; single letters know case. Raises `ValueError`."""
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    unit = text[len(digits) :].strip()
    scale = _EXACT.get(unit, _LONG.get(unit.lower()))
    if not digits or scale is None:
        raise ValueError(text)
    return int(int(digits) * scale)
