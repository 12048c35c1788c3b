"""The console on a terminal: colours, line editing, history."""

from typing import Any

from twisted.conch.insults.insults import ServerProtocol, modes
from twisted.conch.manhole import ColoredManhole

from ganetix.manhole.console import Console
from ganetix.manhole.dialogue import Dialogue
from ganetix.manhole.interpreter import Interpreter


class Terminal(ServerProtocol):
    """The far end's terminal; left as it was found, with what it shows."""

    transport: Any

    def loseConnection(self) -> None:
        """Close; Twisted's own would clear the screen."""
        self.resetModes([modes.IRM])
        self.transport.loseConnection()


class Screen(ColoredManhole):
    """One session of *who* on *console*."""

    def __init__(self, console: Console, who: str) -> None:
        super().__init__()
        self.console = console
        self.interpreter = Interpreter(self, console.limited, self.handle_QUIT)
        self.dialogue = Dialogue(console, who, self.interpreter, self._prompt, self.handle_QUIT)

    def connectionMade(self) -> None:
        """Begin the session."""
        interpreter = self.interpreter
        super().connectionMade()
        self.interpreter = interpreter  # the inherited method has made a plain one
        self.dialogue.begin()

    def connectionLost(self, reason: Any) -> None:
        """End the session."""
        super().connectionLost(reason)
        self.dialogue.end()

    def initializeScreen(self) -> None:
        """Greet; what the screen shows stays."""
        self.terminal.write(self.console.banner().encode())
        self.terminal.write(self.ps[self.pn])
        self.setInsertMode()

    def terminalSize(self, width: int, height: int) -> None:
        """Know the new size; the line is drawn again when it changes."""
        self.width, self.height = width, height

    def lineReceived(self, line: bytes) -> None:
        """Take a line that was typed."""
        self.dialogue.line(line)

    def _prompt(self, more: bool) -> None:
        self.pn = int(more)
        if self._needsNewline():
            self.terminal.nextLine()
        self.terminal.write(self.ps[self.pn])

    def characterReceived(self, ch: bytes, moreCharactersComing: bool) -> None:
        """Show a typed character in its line, coloured if the line can be read as Python."""
        try:
            super().characterReceived(ch, moreCharactersComing)
        except (SyntaxError, IndexError):  # an indentation that fits nothing before it
            self.terminal.write(ch)

    def handle_INT(self) -> None:
        """Give up what is awaited, or else the line."""
        if not self.dialogue.interrupt():
            super().handle_INT()
