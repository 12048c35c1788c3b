"""The lines of one session in order: the next one waits for what the last one awaits."""

from collections import deque
from collections.abc import Callable
from typing import Any

import attrs
from twisted.logger import Logger

from ganetix.manhole.console import Console
from ganetix.manhole.interpreter import Interpreter


@attrs.define(eq=False)
class Dialogue:
    """Takes the lines of *who* to *interpreter*.

    *ready* is called when the next line may come, with whether it continues the last one;
    *finished*, when everything was done and there will be no more lines.
    """

    console: Console
    who: str
    interpreter: Interpreter
    ready: Callable[[bool], object]
    finished: Callable[[], object]
    log: Logger = attrs.field(factory=Logger)
    _lines: deque[bytes] = attrs.field(factory=deque, init=False)
    _busy: bool = attrs.field(default=False, init=False)
    _waiting: object = attrs.field(default=None, init=False)
    _last: bool = attrs.field(default=False, init=False)

    def begin(self) -> None:
        """Say in the log that somebody is here."""
        self.log.info("Console: {who} is here", who=self.who)
        self._bind()

    def line(self, line: bytes) -> None:
        """Take a line: now, or after those before it."""
        self._lines.append(line)
        self._next()

    def no_more(self) -> None:
        """No line will come after those that are here: an open block ends with them."""
        self._last = True
        self._next()

    def interrupt(self) -> bool:
        """Give up what is awaited; whether anything was."""
        awaiting = self.interpreter.awaiting
        if awaiting is None:
            return False
        self._lines.clear()
        awaiting.cancel()
        return True

    def end(self) -> None:
        """The session is over."""
        self._lines.clear()
        self.interrupt()
        self.log.info("Console: {who} has left", who=self.who)

    def _bind(self) -> None:
        self.interpreter.locals.update(self.console.bind(), exit=self.interpreter.leave)

    def _next(self) -> None:
        while self._lines and not self._busy:
            self._run(self._lines.popleft())
        if self._last and not self._busy:
            self._finish()

    def _finish(self) -> None:
        if self.interpreter.buffer:
            self._run(b"")
            self.interpreter.resetBuffer()
        if not self._busy:
            self._last = False
            self.finished()

    def _run(self, line: bytes) -> None:
        self.log.info(
            "Console: {who} types {line}", who=self.who, line=line.decode("utf-8", "replace")
        )
        self._busy = True
        self._bind()
        try:
            more = bool(self.interpreter.push(line))
        except UnicodeDecodeError as error:
            self.interpreter.resetBuffer()
            self.interpreter.write(f"This line is not UTF-8: {error}\n")
            more = False
        awaiting = self.interpreter.awaiting
        if awaiting is None:
            self._done(more)
        else:
            self._waiting = awaiting.addBoth(self._awaited)

    def _awaited(self, _: Any) -> None:
        self.interpreter.awaiting = None
        self._done(False)
        self._next()

    def _done(self, more: bool) -> None:
        self._busy = False
        self.ready(more)
