"""Writing to the network in this turn of the reactor and not in its next."""

from typing import Any

from twisted.internet.interfaces import IWriteDescriptor


def write_now(transport: Any, data: bytes) -> None:
    """Write *data* to *transport*: what the kernel takes of it at once, the rest when it has room.

    Twisted waits for the reactor's next turn, to gather small writes, and has the poller told of
    each; who writes whole messages only pays for that. An error is left to the reactor as always.
    What is no socket just gets the data.
    """
    if _is_open(transport) and not _has_more(transport):
        sent = transport.writeSomeData(data)
        if isinstance(sent, int):
            data = data[sent:]
    if data:
        transport.write(data)


def _is_open(transport: Any) -> bool:
    socket = IWriteDescriptor.providedBy(transport)
    return bool(socket and transport.connected and not transport.disconnecting)


def _has_more(transport: Any) -> bool:
    """Whether something waits that must go first; Twisted has no public name for that."""
    return bool(transport._tempDataBuffer or len(transport.dataBuffer) > transport.offset)
