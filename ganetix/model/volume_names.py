"""Which names LVM takes for volumes and groups."""

import re
from typing import Final

_NAME = re.compile(r"[A-Za-z0-9_.+][A-Za-z0-9_.+-]*")
_RESERVED_STARTS: Final = ("snapshot", "pvmove")
_RESERVED_PARTS: Final = (
    "_cdata", "_cmeta", "_corig", "_mlog", "_mimage", "_pmspare", "_rimage", "_rmeta", "_tdata",
    "_tmeta", "_vorigin", "_vdata",
)  # fmt: skip
_LONGEST: Final = 127


def wrong_name(name: str) -> str:
    """Say what is wrong with *name* for a volume or group, empty if LVM takes it."""
    if not name or len(name) > _LONGEST:
        return f"it must have 1 to {_LONGEST} characters"
    if name in (".", "..") or not _NAME.fullmatch(name):
        return "it may have letters, digits and _ . + -, and may not begin with -"
    if name.startswith(_RESERVED_STARTS) or any(part in name for part in _RESERVED_PARTS):
        return "LVM keeps such names for itself"
    return ""
