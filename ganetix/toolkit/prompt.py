"""Writing to the network in this turn of the reactor and not in its next."""

from typing import Any

from twisted.internet.interfaces import IWriteDescriptor


def send_now(transport: Any) -> None:
    """Hand what was just written to *transport* to the kernel at once.

    Twisted waits for the reactor's next turn, to gather small writes; who writes whole messages
    only pays for that turn. What the kernel does not take, and every error, is left to the reactor
    as always. Does nothing with transports that are not sockets.
    """
    socket = transport
    if IWriteDescriptor.providedBy(transport) and socket.connected and not socket.disconnecting:
        socket.doWrite()
