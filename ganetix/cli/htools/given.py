"""Files that are given to the programs, or written by them."""

import sys

from ganetix.htools.faults import PlanError


def read(path: str) -> str:
    """Return the content of a file, or of standard input for ``-``; raises `PlanError`."""
    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8 text"
        raise PlanError(f"{path} cannot be read: {reason}") from None


def write(path: str, content: str) -> None:
    """Write a file; raises `PlanError`."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
    except OSError as err:
        raise PlanError(f"{path} cannot be written: {err.strerror}") from None
