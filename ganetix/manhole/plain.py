"""The console without a terminal: lines in, output out; for scripts and for dumb terminals."""

from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from ganetix.manhole.console import Console
from ganetix.manhole.dialogue import Dialogue
from ganetix.manhole.interpreter import Interpreter


class Plain(LineReceiver):
    """One session of *who* on *console*; with *prompts* somebody looks at it."""

    delimiter = b"\n"
    MAX_LENGTH = 1 << 20
    transport: Any

    def __init__(self, console: Console, who: str, prompts: bool) -> None:
        self.console = console
        self.prompts = prompts
        self._line_ended = True
        interpreter = Interpreter(self, console.limited, self._leave)
        self.dialogue = Dialogue(console, who, interpreter, self._prompt, self._leave)

    def connectionMade(self) -> None:
        """Begin the session."""
        self.dialogue.begin()
        if self.prompts:
            self.addOutput(self.console.banner())
            self._prompt(False)

    def lineReceived(self, line: bytes) -> None:
        """Take a line."""
        self.dialogue.line(line.removesuffix(b"\r"))

    def no_more(self) -> None:
        """Nothing more will come: what came last is a line, also without an end."""
        rest = self.clearLineBuffer()
        if rest:
            self.lineReceived(rest)
        self.dialogue.no_more()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the session."""
        self.dialogue.end()

    def addOutput(self, data: str, isAsync: Any = None) -> None:
        """Write *data*."""
        if data:
            self._line_ended = data.endswith("\n")
            self.transport.write(data.encode())

    def _prompt(self, more: bool) -> None:
        if not self._line_ended:
            self.addOutput("\n")
        if self.prompts:
            self.addOutput("... " if more else ">>> ")
            self._line_ended = True  # by the return key, when the line is typed

    def _leave(self) -> None:
        self.transport.loseConnection()
