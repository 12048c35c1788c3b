"""One connection to the console's socket: who it is, which terminal it has, then keys.

The first line from the client is ``TERM columns rows``; ``dumb 0 0`` is no terminal at all. After
it come the bytes that are typed, and go those that are shown, until one end closes.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ganetix.luxi.peercred import Allowed, Peer
from ganetix.manhole.console import Console
from ganetix.manhole.plain import Plain
from ganetix.manhole.screen import Screen, Terminal

_LONGEST: Final = 256
"""Bytes of the first line."""


@implementer(IHalfCloseableProtocol)
class Session(Protocol):
    """Reads the first line, then hands the connection to what fits the terminal."""

    log = Logger()
    transport: Any

    def __init__(self, factory: "ConsoleFactory") -> None:
        self._shared = factory
        self._begun = b""
        self._who = ""
        self._terminal: Plain | Terminal | None = None
        self._end: Callable[[], None] = self._close

    def connectionMade(self) -> None:
        """Look who it is."""
        try:
            peer = self._shared.identify(self.transport)
        except OSError as error:
            self._refuse(f"Who you are can't be told from this socket: {error}.")
            return
        if not self._shared.allowed.permits(peer):
            self._refuse(f"User {peer.uid} may not open this console.")
            return
        self._who = f"user {peer.uid}, process {peer.pid}"
        self._shared.sessions.add(self)

    def _refuse(self, sentence: str) -> None:
        self.log.warn("Console: refused a connection: {reason}", reason=sentence)
        self._tell(sentence)
        self._close()

    def _tell(self, sentence: str) -> None:
        self.transport.write(f"{sentence}\r\n".encode())

    def _close(self) -> None:
        self.transport.loseConnection()

    def dataReceived(self, data: bytes) -> None:
        """Read the first line; then these are keys."""
        if self._terminal is not None:
            self._terminal.dataReceived(data)
        elif self._who:
            self._begun += data
            self._greeted()

    def _greeted(self) -> None:
        line, end, rest = self._begun.partition(b"\n")
        if not end and len(line) <= _LONGEST:
            return
        match line.decode("ascii", "replace").split():
            case [name, columns, rows] if columns.isdecimal() and rows.isdecimal():
                self._begin(name, int(columns), int(rows))
            case _:
                self._refuse("The first line must be: TERM columns rows")
                return
        if rest:
            self.dataReceived(rest)

    def _begin(self, name: str, columns: int, rows: int) -> None:
        console = self._shared.console
        if name == "dumb":
            plain = self._terminal = Plain(console, self._who, prompts=rows > 0)
            self._end = plain.no_more
            plain.makeConnection(self.transport)
            return
        screen = Screen(console, self._who)
        terminal = self._terminal = Terminal(lambda: screen)
        self._end = screen.dialogue.no_more
        terminal.makeConnection(self.transport)
        screen.terminalSize(columns, rows)

    def readConnectionLost(self) -> None:
        """The client types no more: do what it typed, then close."""
        self._end()

    def writeConnectionLost(self) -> None:
        """Nobody looks any more."""
        self._close()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End the session."""
        self._shared.sessions.discard(self)
        if self._terminal is not None:
            self._terminal.connectionLost(reason)


@attrs.define(eq=False, slots=False)
class ConsoleFactory(Factory):
    """What all sessions share. *identify* tells the peer of a transport; raises OSError."""

    console: Console
    allowed: Allowed
    identify: Callable[[Any], Peer]
    sessions: set[Session] = attrs.field(factory=set, init=False)
    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> Session:
        """Make the protocol of a new connection."""
        return Session(self)

    def close(self) -> None:
        """End all sessions."""
        for session in tuple(self.sessions):
            session.transport.loseConnection()
