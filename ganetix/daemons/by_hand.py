"""Programs that an administrator runs by hand: their question, and how they end."""

import sys
from collections.abc import Callable

from ganetix import errors


def ask(question: str) -> str:
    """Return what is typed in answer to *question*; empty when nobody can answer."""
    try:
        return input(question)
    except EOFError:
        return ""


def carry_out(name: str, work: Callable[[], None]) -> None:
    """Do *work*; end the program *name* with a sentence when that fails."""
    try:
        work()
    except errors.GanetiError as error:
        sys.exit(f"{name}: {error.message}")
    except OSError as error:
        sys.exit(f"{name}: {error}")
