"""What a daemon's console offers: the short names, the banner, the limit of a line."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import attrs

LIMIT: Final = 10.0
"""Seconds for which a line may keep the daemon from everything else."""

_HOW: Final = (
    "await works at the prompt; Ctrl-C gives up what is awaited, or the line.",
    f"A line that blocks the daemon for {LIMIT:.0f} s is interrupted. Ctrl-D or exit() leaves.",
)


class LineTooLong(BaseException):
    """Raised into a line that keeps the daemon for longer than `LIMIT`.

    It is no Exception, so that code which goes on after any error does not go on after this one.
    """


@attrs.frozen
class Name:
    """A short name at the prompt; *value* is called anew before each line."""

    name: str
    about: str
    value: Callable[[], object]


@attrs.frozen
class Console:
    """One daemon's console. *title* says which daemon it is.

    Within *limited* a step that takes longer than `LIMIT` gets `LineTooLong`.
    """

    title: str
    names: tuple[Name, ...]
    limited: Callable[[], AbstractContextManager[None]]

    def bind(self) -> dict[str, Any]:
        """Return what the names stand for now."""
        return {name.name: name.value() for name in self.names}

    def banner(self) -> str:
        """Say what this is and what is there, as lines."""
        width = max((len(name.name) for name in self.names), default=0)
        rows = [f"  {name.name:{width}}  {name.about}" for name in self.names]
        head = f"{self.title}. This is the running daemon: what is typed here is done."
        return "\n".join((head, *rows, *_HOW)) + "\n"
