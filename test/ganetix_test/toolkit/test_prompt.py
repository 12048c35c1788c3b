"""Writes that do not wait for the reactor's next turn."""

from typing import Any

from twisted.internet.abstract import FileDescriptor
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from ganetix.toolkit.prompt import write_now


class Socket(FileDescriptor):
    """A socket whose kernel takes *room* bytes, and -1 means that it is broken."""

    def __init__(self, room: int) -> None:
        super().__init__(MemoryReactor())
        self.connected = 1
        self.room = room
        self.taken = b""

    def writeSomeData(self, data: bytes) -> Any:
        """See `FileDescriptor`."""
        if self.room < 0:
            return ConnectionLost()
        part = bytes(data)[: self.room]
        self.taken += part
        self.room -= len(part)
        return len(part)

    def waits(self) -> bool:
        """Whether the reactor was asked to write later."""
        reactor: Any = self.reactor
        return self in reactor.writers


class WriteNowTests(SynchronousTestCase):
    """What is written at once, and what is left to the reactor."""

    def test_open(self) -> None:
        """An open socket is written at once, and the reactor has nothing to do with it."""
        socket = Socket(100)
        write_now(socket, b"all")
        self.assertEqual((socket.taken, socket.waits()), (b"all", False))

    def test_full(self) -> None:
        """What the kernel does not take goes later, in its order, before what comes after it."""
        socket = Socket(3)
        write_now(socket, b"first")
        socket.room = 100
        write_now(socket, b" second")
        self.assertEqual((socket.taken, socket.waits()), (b"fir", True))
        socket.doWrite()
        self.assertEqual(socket.taken, b"first second")

    def test_behind_others(self) -> None:
        """What was written in the ordinary way goes first."""
        socket = Socket(100)
        socket.write(b"first")
        write_now(socket, b" second")
        self.assertEqual(socket.taken, b"")
        socket.doWrite()
        self.assertEqual(socket.taken, b"first second")

    def test_broken(self) -> None:
        """The reactor finds out that a connection is gone."""
        socket = Socket(-1)
        write_now(socket, b"all")
        self.assertTrue(socket.waits())
        self.assertIsInstance(socket.doWrite(), ConnectionLost)

    def test_ending(self) -> None:
        """One that is closing, or closed, is left to the reactor, which sees to its end."""
        closing, closed = Socket(100), Socket(100)
        closing.disconnecting = 1
        closed.connected = 0
        for socket in (closing, closed):
            write_now(socket, b"late")
            self.assertEqual(socket.taken, b"")

    def test_no_socket(self) -> None:
        """Something that is no socket gets the data."""
        written: list[bytes] = []

        class Plain:
            write = written.append

        write_now(Plain, b"all")
        self.assertEqual(written, [b"all"])
