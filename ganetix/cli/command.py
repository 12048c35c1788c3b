"""What a command is: data that the parser, the help and the tests read."""

from typing import Any, NamedTuple


class Option(NamedTuple):
    """One option of a command."""

    flags: tuple[str, ...]
    dest: str
    help: str
    kind: str = "string"
    """How the value is read, a key of `ganetix.cli.values.KINDS`."""
    action: str = "store"
    """``store``, ``append`` (may be repeated), ``store_true``, ``store_false``, ``store_const``
    or ``count``."""
    default: Any = None
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    const: Any = None

    @property
    def takes_value(self) -> bool:
        """Whether a value follows."""
        return self.action in {"store", "append"}


class Argument(NamedTuple):
    """A run of positional arguments: from *least* to *most* of them (None: any number)."""

    name: str
    least: int = 1
    most: int | None = 1
    choices: tuple[str, ...] = ()


class Command(NamedTuple):
    """One sub-command of a gnt-* program."""

    run: str
    """``module:function`` below ganetix.cli."""
    help: str
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    aliases: tuple[str, ...] = ()
    object: str = ""
    """What the command is about, where several programs share its function."""


DEBUG = Option(("-d", "--debug"), "debug", "Say more in the logs.", action="count", default=0)
REASON = Option(("--reason",), "reason", "Why you do this; kept with the job.")
COMMON = (DEBUG, REASON)
"""Options of every command."""
