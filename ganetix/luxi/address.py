"""Names of Unix sockets, also those that are longer than the kernel takes."""

import posixpath
from typing import Final

LONGEST: Final = 107
"""Bytes that the kernel takes as the name of a Unix socket."""


def is_long(path: str) -> bool:
    """Whether *path* has to be reached through its directory's file descriptor."""
    return len(path.encode()) > LONGEST


def through(descriptor: int, path: str) -> str:
    """Return a short name for *path* while *descriptor* is open on its directory."""
    return f"/proc/self/fd/{descriptor}/{posixpath.basename(path)}"
