"""Who is at the other end of a Unix socket, as the kernel tells it."""

import socket
import struct
from typing import Final

import attrs

_UCRED: Final = struct.Struct("iII")
_SO_PEERGROUPS: Final = 59
"""Linux's option for the supplementary groups; Python's socket module has no name for it."""
_LARGEST: Final = 1024
"""Bytes that Python's getsockopt returns at most: 256 groups."""


@attrs.frozen
class Peer:
    """The process that connected: its process id, user id and group ids at that moment."""

    pid: int
    uid: int
    gid: int
    groups: frozenset[int] = frozenset()


@attrs.frozen
class Allowed:
    """Which peers may speak: those with a user id in *uids* or any group id in *gids*."""

    uids: frozenset[int]
    gids: frozenset[int] = frozenset()

    def permits(self, peer: Peer) -> bool:
        """Whether *peer* may speak."""
        return peer.uid in self.uids or not self.gids.isdisjoint({peer.gid, *peer.groups})


def peer_of(connection: socket.socket) -> Peer:
    """Return the peer of *connection*, a connected Unix socket; raise OSError if it is none."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, gid = _UCRED.unpack(raw)
    return Peer(pid, uid, gid, _groups(connection))


def _groups(connection: socket.socket) -> frozenset[int]:
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _LARGEST)
    except OSError:  # an old kernel, or a peer in more groups than fit: the primary one decides
        return frozenset()
    return frozenset(gid for (gid,) in struct.iter_unpack("I", raw))
