"""A blocking LUXI client on plain sockets, for programs that ask one thing after another."""

import os
import select
import socket
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ganetix import errors
from ganetix.luxi import address, messages

CONNECT_TIMEOUT: Final = 30.0
"""Seconds for which a master daemon that does not listen is tried again."""
CALL_TIMEOUT: Final = 180.0
"""Seconds without a byte from the master daemon."""
_TRIES: Final = 15
_RETRY: Final = (FileNotFoundError, ConnectionRefusedError, BlockingIOError)
_REPEATABLE: Final = ("Query", "WaitForJobChange")
"""Beginnings of the methods that change nothing: a lost connection is mended and they go again."""


def connect(path: str, timeout: float) -> socket.socket:
    """Return a socket connected to *path*, by its directory if the path is long.

    *timeout* is for each read and write, in seconds. Raise OSError.
    """
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.settimeout(timeout)
        if address.is_long(path):
            _connect_through_directory(link, path)
        else:
            link.connect(path)
    except BaseException:
        link.close()
        raise
    return link


def _connect_through_directory(link: socket.socket, path: str) -> None:
    directory = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
    try:
        link.connect(address.through(directory, path))
    finally:
        os.close(directory)


class Door(NamedTuple):
    """Where the master daemon listens, and what this machine knows of the cluster."""

    socket: str
    hostname: str
    master: Callable[[], str | None]
    """The name of the master node as this node has it; None if it is in no cluster."""
    connect_timeout: float = CONNECT_TIMEOUT
    call_timeout: float = CALL_TIMEOUT
    connect: Callable[[str, float], socket.socket] = connect
    """Connects to a path, with the time-out of reading and writing."""


class Client:
    """One connection to the master daemon, made at the first call."""

    def __init__(self, door: Door, told: Callable[[str], object] = lambda _: None) -> None:
        """Talk through *door*; *told* gets a sentence when there is something to wait for."""
        self._door = door
        self._told = told
        self._link: socket.socket | None = None
        self._framer = messages.Framer(limit=1 << 40)
        self._answers: list[bytes] = []

    def call(self, method: str, *args: Any) -> Any:
        """Return what *method* answers to *args*.

        Raise the error that the master daemon answers; `LuxiError` if it can't be reached or goes
        away, `NotMasterError` or `NotInClusterError` if this is not the place to ask.
        """
        request = messages.encode_request(method, list(args))
        for left in reversed(range(_TRIES)):
            link = self._connected()
            try:
                return messages.decode_response(self._exchange(link, request))
            except KeyboardInterrupt:
                # Its answer, when it comes, must not be taken for that of the next call.
                self.close()
                raise
            except TimeoutError:
                self.close()
                raise errors.LuxiError(self._silent(method)) from None
            except OSError as error:
                self.close()
                if left and method.startswith(_REPEATABLE):
                    self._told("The connection to the master daemon was lost; trying again.")
                    continue
                raise errors.LuxiError(self._lost(method, error)) from None
        raise AssertionError("unreachable: the last try returns or raises")

    def close(self) -> None:
        """Give the connection up; the next call makes a new one."""
        if self._link is not None:
            self._link.close()
            self._link = None
        self._framer = messages.Framer(limit=1 << 40)
        self._answers.clear()

    def _exchange(self, link: socket.socket, request: bytes) -> bytes:
        link.sendall(request)
        while not self._answers:
            data = link.recv(1 << 18)
            if not data:
                raise ConnectionResetError("it closed the connection")
            self._answers += self._framer.feed(data)
        return self._answers.pop(0)

    def _connected(self) -> socket.socket:
        if self._link is not None and not self._answers and _closed(self._link):
            self.close()
        if self._link is None:
            self._link = self._connect()
        return self._link

    def _connect(self) -> socket.socket:
        until = time.monotonic() + self._door.connect_timeout
        told = False
        while True:
            try:
                return self._door.connect(self._door.socket, self._door.call_timeout)
            except _RETRY as error:
                self._check_place()
                if time.monotonic() >= until:
                    raise errors.LuxiError(self._absent(error)) from None
                if not told:
                    self._told(f"Waiting for the master daemon on {self._door.socket} ...")
                    told = True
                time.sleep(min(1.0, self._door.connect_timeout))
            except OSError as error:
                raise errors.LuxiError(self._refused(error)) from None

    def _check_place(self) -> None:
        """Raise if no master daemon can be expected on this machine."""
        master = self._door.master()
        if master is None:
            raise errors.NotInClusterError(
                f"Nothing listens on {self._door.socket}, and this machine is not part of a"
                " cluster. Make one with: gnt-cluster init NAME"
            )
        if master != self._door.hostname:
            raise errors.NotMasterError(
                f"This node, {self._door.hostname}, is not the master."
                f" Type the command on {master}."
            )

    def _absent(self, error: OSError) -> str:
        return (
            f"The master daemon does not listen on {self._door.socket} ({error.strerror}),"
            f" though this node, {self._door.hostname}, is the master."
            " Start it with: ganeti-masterd (or systemctl start ganeti-masterd),"
            " and look into its log if it stops again."
        )

    def _refused(self, error: OSError) -> str:
        advice = (
            " Type the command as root or as a member of the group gnt-admin."
            if isinstance(error, PermissionError)
            else ""
        )
        return f"Can't connect to the master daemon on {self._door.socket}: {error}.{advice}"

    def _silent(self, method: str) -> str:
        return (
            f"The master daemon on {self._door.socket} did not answer {method} within"
            f" {self._door.call_timeout:.0f} seconds.{_what_now(method)}"
        )

    def _lost(self, method: str, error: OSError) -> str:
        why = error.strerror or str(error)
        return (
            f"The master daemon on {self._door.socket} went away before it answered {method}"
            f" ({why}).{_what_now(method)}"
        )


def _closed(link: socket.socket) -> bool:
    """Whether the other end has closed while nothing was asked: nothing sent could be lost."""
    readable, _, _ = select.select([link], [], [], 0)
    return bool(readable) and not link.recv(1, socket.MSG_PEEK)


def _what_now(method: str) -> str:
    if method.startswith("Submit"):
        return " Whether the job was taken is not known; look for it with: gnt-job list"
    return ""
