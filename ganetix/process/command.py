"""What to run, and what came of it."""

import shlex
from collections.abc import Awaitable, Mapping
from typing import Final, Literal, NoReturn, Protocol

import attrs
from zope.interface import Interface

from ganetix.errors import CommandError

MASK: Final = "********"
_TAIL: Final = 20

Ended = Literal["", "timeout", "silence", "cancelled"]


def _absolute(_: object, __: object, argv: tuple[str, ...]) -> None:
    if not argv or not argv[0].startswith("/"):
        raise ValueError(f"A command needs an absolute program, not {argv[:1]}.")


@attrs.frozen
class Command:
    """A program with everything that it gets; nothing is inherited.

    *silence* and *timeout* are seconds: without a byte of output, and in all. Output is kept up to
    *keep* bytes of each stream, the last ones; with *output_file* both streams are appended to
    that file as well. *secrets* are texts that no log or error may show.
    """

    argv: tuple[str, ...] = attrs.field(validator=_absolute, repr=False)
    env: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    cwd: str | None = None
    uid: int | None = None
    gid: int | None = None
    stdin: bytes = attrs.field(default=b"", repr=False)
    silence: float | None = None
    timeout: float | None = None
    keep: int = 1024 * 1024
    output_file: str | None = None
    secrets: tuple[str, ...] = attrs.field(default=(), repr=False)

    def __str__(self) -> str:
        """The command line as one would type it, without secrets."""
        return self.masked(shlex.join(self.argv))

    def masked(self, text: str) -> str:
        """Return *text* without this command's secrets."""
        for secret in self.secrets:
            if secret:
                text = text.replace(secret, MASK)
        return text


@attrs.frozen
class Result:
    """How a command ended: *status* is its exit code, or minus the signal that killed it.

    *ended* says which of the command's own times made the runner end it.
    """

    command: Command
    status: int
    stdout: bytes = b""
    stderr: bytes = b""
    ended: Ended = ""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.status == 0 and not self.ended

    def check(self) -> "Result":
        """Return this result if it is `ok`, else raise `errors.CommandError`."""
        if not self.ok:
            raise CommandError(self.sentence())
        return self

    def sentence(self) -> str:
        """Say what happened, with the last lines of output, without secrets."""
        lines = (self.stderr or self.stdout).decode("utf-8", "replace").strip().splitlines()
        told = self.command.masked("\n".join(lines[-_TAIL:]))
        return f"Command {self.command} {self._how()}." + (f" Its output: {told}" if told else "")

    def _how(self) -> str:
        if self.ended == "timeout":
            return f"was ended because it took longer than {self.command.timeout:g} seconds"
        if self.ended == "silence":
            return f"was ended because it was silent for {self.command.silence:g} seconds"
        if self.ended == "cancelled":
            return "was cancelled"
        if self.status < 0:
            return f"was killed by signal {-self.status}"
        return f"ended with exit code {self.status}"


class ProcessRunner(Protocol):
    """`IProcessRunner` for the type checker."""

    def run(self, command: Command) -> Awaitable[Result]:
        """See `IProcessRunner`."""


class IProcessRunner(Interface):
    """Runs programs."""

    def run(command: Command) -> Awaitable[Result]:
        """Run *command* and fire when it has ended, well or not.

        Raise `errors.CommandError` if it could not be started. Cancelling ends the whole process
        group (TERM, then KILL) and fires with CancelledError when it has ended.
        """


def not_started(command: Command, why: str) -> NoReturn:
    """Raise the error for a command that could not be started."""
    raise CommandError(f"Command {command} could not be started: {command.masked(why)}.")
