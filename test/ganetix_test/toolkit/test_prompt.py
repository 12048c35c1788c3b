"""Writes that do not wait for the reactor's next turn."""

from twisted.internet.interfaces import IWriteDescriptor
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from ganetix.toolkit.prompt import send_now


@implementer(IWriteDescriptor)
class Descriptor:
    """A socket that counts how often it is written."""

    connected = True
    disconnecting = False
    written = 0

    def doWrite(self) -> None:
        """See `IWriteDescriptor`."""
        self.written += 1

    def fileno(self) -> int:
        """See `IWriteDescriptor`."""
        return -1

    def connectionLost(self, reason: object) -> None:
        """See `IWriteDescriptor`."""

    def logPrefix(self) -> str:
        """See `IWriteDescriptor`."""
        return "-"


class SendNowTests(SynchronousTestCase):
    """What is written at once, and what is left to the reactor."""

    def test_open(self) -> None:
        """An open socket is written at once."""
        socket = Descriptor()
        send_now(socket)
        self.assertEqual(socket.written, 1)

    def test_ending(self) -> None:
        """One that is closing, or closed, is left to the reactor, which sees to its end."""
        closing, closed = Descriptor(), Descriptor()
        closing.disconnecting = True
        closed.connected = False
        send_now(closing)
        send_now(closed)
        self.assertEqual((closing.written, closed.written), (0, 0))

    def test_no_socket(self) -> None:
        """Something that is no socket needs nothing."""
        send_now(object())
