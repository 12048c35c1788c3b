"""Promises of the console: what is typed at the prompt, and who may type."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from ganetix.luxi.peercred import Allowed, Peer
from ganetix.manhole.console import Console, LineTooLong, Name
from ganetix.manhole.interpreter import SHOWN
from ganetix.manhole.session import ConsoleFactory, Session


@contextmanager
def unlimited() -> Iterator[None]:
    """Let a step take as long as it wants."""
    yield


@contextmanager
def rings() -> Iterator[None]:
    """Ring in the middle of each step."""
    raise LineTooLong("This line took too long.")
    yield


class SessionTests(SynchronousTestCase):
    """One daemon's console over a connection."""

    def setUp(self) -> None:
        """A console on which *config* is another thing each time."""
        self.asked = 0
        self.later: Deferred[object] = Deferred()
        names = (
            Name("config", "the configuration", self.config),
            Name("later", "something to wait for", lambda: self.later),
        )
        self.console = Console("a daemon", names, unlimited)

    def config(self) -> str:
        """Count how often it is asked for."""
        self.asked += 1
        return f"snapshot {self.asked}"

    def session(self, uid: int = 1000, console: Console | None = None) -> tuple[Session, Any]:
        """Return the connection of user *uid*."""
        factory = ConsoleFactory(
            console or self.console, Allowed(frozenset({0, 1000})), lambda _: Peer(77, uid, uid)
        )
        session = factory.buildProtocol(None)
        transport = StringTransport()
        session.makeConnection(transport)
        return session, transport

    def typed(self, text: str, console: Console | None = None) -> str:
        """Return what a session without a terminal answers to *text*."""
        session, transport = self.session(console=console)
        session.dataReceived(b"dumb 0 0\n" + text.encode())
        return str(transport.value().decode())

    def test_values_prints_and_errors_come_back(self) -> None:
        """A value is shown, a print goes to the session, an error with the line's own stack."""
        self.assertEqual(self.typed("6*7\nprint('out')\n"), "42\nout\n")
        shown = self.typed("def f():\n    1/0\n\nf()\n")
        self.assertEqual(
            shown.splitlines()[:3],
            [
                "Traceback (most recent call last):",
                '  File "<console>", line 1, in <module>',
                '  File "<console>", line 2, in f',
            ],
        )
        self.assertIn("SyntaxError", self.typed("1+\n"))

    def test_a_line_that_is_no_text(self) -> None:
        """Bytes that are not UTF-8 are refused in words; the next line is taken."""
        session, transport = self.session()
        session.dataReceived(b"dumb 0 0\n'\xe4'\n1\n")
        self.assertRegex(transport.value().decode(), "^This line is not UTF-8: .*\n1\n$")

    def test_names_are_bound_anew_for_each_line(self) -> None:
        """The configuration is an immutable snapshot: each line sees the newest."""
        first, second = self.typed("config\nconfig\n").splitlines()
        self.assertNotEqual(first, second)

    def test_a_line_may_await(self) -> None:
        """The next line waits for what the last one awaits, and sees its result."""
        session, transport = self.session()
        session.dataReceived(b"dumb 0 0\nx = await later\nx\n")
        self.assertEqual(transport.value(), b"")
        self.later.callback("done")
        self.assertEqual(transport.value(), b"'done'\n")

    def test_an_awaited_error_is_shown(self) -> None:
        """It is the line's own error, and the session goes on."""
        session, transport = self.session()
        session.dataReceived(b"dumb 0 0\nawait later\n1\n")
        self.later.errback(ValueError("not today"))
        self.assertIn("ValueError: not today\n1\n", transport.value().decode())

    def test_a_coroutine_becomes_a_deferred(self) -> None:
        """A coroutine as the value of a line runs by itself and tells its result."""
        session, transport = self.session()
        session.dataReceived(b"dumb 0 0\nasync def f():\n    return await later\n\nf()\n'on'\n")
        self.assertEqual(transport.value(), b"<Deferred #0>\n'on'\n")
        self.later.callback(5)
        self.assertIn(b"Deferred #0 called back: 5", transport.value())

    def test_long_values_are_cut(self) -> None:
        """The whole cluster in one value does not flood the screen."""
        answer = self.typed("'x' * 100000\n")
        self.assertLess(len(answer), SHOWN + 100)
        self.assertIn("print(_)", answer)

    def test_a_line_that_blocks_is_interrupted(self) -> None:
        """It gets an error that except Exception does not swallow, and the session goes on."""
        ringing = Console("a daemon", (), rings)
        answer = self.typed("1\n", ringing)
        self.assertIn("LineTooLong: This line took too long.", answer)
        self.assertFalse(issubclass(LineTooLong, Exception))

    def test_leaving(self) -> None:
        """exit() and the end of input close; neither stops the daemon."""
        for text in ("exit()\n", "raise SystemExit\n"):
            session, transport = self.session()
            session.dataReceived(b"dumb 0 0\n" + text.encode())
            self.assertTrue(transport.disconnecting)
        session, transport = self.session()
        session.dataReceived(b"dumb 0 0\nawait later\n")
        session.readConnectionLost()
        self.assertFalse(transport.disconnecting)
        self.later.callback(None)
        self.assertTrue(transport.disconnecting)

    def test_the_last_line_needs_no_end(self) -> None:
        """A pipe may end in the middle of a line, or of a block: both are done."""
        block = "for i in (1, 2):\n    print(i)"
        for text, answer in (("1", b"1\n"), (block, b"1\n2\n"), ("'" + "''never closed", b"")):
            session, transport = self.session()
            session.dataReceived(b"dumb 0 0\n" + text.encode())
            session.readConnectionLost()
            self.assertEqual(transport.value(), answer)
            self.assertTrue(transport.disconnecting)

    def test_a_terminal_gets_colours_banner_and_prompt(self) -> None:
        """The banner names what is there; a typed number is coloured; the screen is not cleared."""
        session, transport = self.session()
        session.dataReceived(b"xterm 120 40\n12\r")
        shown = transport.value()
        self.assertIn(b"config", shown)
        self.assertIn(b"await works", shown)
        self.assertIn(b"\x1b[36m12\x1b[0m", shown)
        self.assertTrue(shown.endswith(b"12\r\n>>> "))
        self.assertNotIn(b"\x1bc", shown)

    def test_ctrl_c_gives_up_what_is_awaited(self) -> None:
        """The awaited thing is cancelled and the prompt is back."""
        session, transport = self.session()
        session.dataReceived(b"xterm 80 24\nawait later\r")
        transport.clear()
        session.dataReceived(b"\x03")
        self.assertEqual(transport.value(), b"Given up.\r\n>>> ")

    def test_strange_indentation_is_no_end(self) -> None:
        """A line that Python can't read while it is typed is shown without colours."""
        session, transport = self.session()
        session.dataReceived(b"xterm 80 24\nif 1:\r    if 1:\r        2\r   3")
        self.assertFalse(transport.disconnecting)
        self.assertTrue(transport.value().endswith(b"3"))

    def test_two_at_once(self) -> None:
        """Each session has names and output of its own."""
        one, first = self.session()
        two, second = self.session()
        for session, value in ((one, b"1"), (two, b"2")):
            session.dataReceived(b"dumb 0 0\nmine = " + value + b"\n")
        one.dataReceived(b"print(mine)\n")
        two.dataReceived(b"print(mine)\n")
        self.assertEqual((first.value(), second.value()), (b"1\n", b"2\n"))

    def test_strangers_are_refused(self) -> None:
        """The peer's user decides, before a byte of its input is looked at."""
        session, transport = self.session(uid=1001)
        session.dataReceived(b"dumb 0 0\nprint(1)\n")
        self.assertEqual(transport.value(), b"User 1001 may not open this console.\r\n")
        self.assertTrue(transport.disconnecting)

    def test_the_first_line_must_fit(self) -> None:
        """Something else than a terminal's name and size is refused in words, and at once."""
        for line in (b"xterm 80\n", b"GET / HTTP/1.1\n", b"x" * 300):
            session, transport = self.session()
            session.dataReceived(line)
            self.assertIn(b"TERM columns rows", transport.value())
            self.assertTrue(transport.disconnecting)

    def test_sessions_are_in_the_log(self) -> None:
        """Who came, what they typed, that they left."""
        with capturedLogs() as events:
            session, _ = self.session()
            session.dataReceived(b"dumb 0 0\nconfig\n")
            session.connectionLost()
        told = [event for event in events if "who" in event]
        self.assertEqual([event["who"] for event in told], ["user 1000, process 77"] * 3)
        self.assertEqual([event["line"] for event in told if "line" in event], ["config"])
