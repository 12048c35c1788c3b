"""A daemon's console: its options, its private directory, and the alarm that bounds a line."""

import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import attrs
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint

from ganetix import __version__, errors
from ganetix.daemons import settings
from ganetix.daemons.daemon import Daemon
from ganetix.daemons.listening import Listening
from ganetix.daemons.program import DaemonOptions, whole
from ganetix.luxi.peercred import Allowed, Peer, peer_of
from ganetix.manhole.console import LIMIT, Console, LineTooLong, Name
from ganetix.manhole.service import ManholeService
from ganetix.manhole.session import ConsoleFactory
from ganetix.paths import Paths
from ganetix.toolkit.files import FileSystem
from ganetix.toolkit.services import Startable


class ConsoleOptions(DaemonOptions):
    """The command line of a daemon that has a console."""

    optFlags: ClassVar[list[Any]] = [
        ["no-manhole", None, "Offer no console (gnt-debug manhole)."],
    ]
    optParameters: ClassVar[list[Any]] = [
        ["manhole-ssh", None, None, "Offer the console by SSH too, on this TCP port.", whole],
    ]


@attrs.frozen
class Offer:
    """Which consoles the daemon *name* (``masterd``) offers: the socket's, and by SSH on a port."""

    name: str
    here: bool
    ssh_port: int | None

    @classmethod
    def of(cls, name: str, options: ConsoleOptions) -> "Offer":
        """Return what the command line says."""
        return cls(name, not options["no-manhole"], options["manhole-ssh"])


class Alarm:
    """Raises `LineTooLong` in the main thread when a step takes longer than `LIMIT`.

    The kernel's timer does it, so that a sleep is interrupted as well as a loop.
    """

    def __init__(self) -> None:
        self._armed = False
        signal.signal(signal.SIGALRM, self._ring)

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Bound what happens inside; may be nested, the inner limit then counts first."""
        outer, self._armed = self._armed, True
        left = signal.setitimer(signal.ITIMER_REAL, LIMIT)
        try:
            yield
        finally:
            # First of all: a signal that is on its way must not hit what comes after the line.
            self._armed = outer
            signal.setitimer(signal.ITIMER_REAL, *left)

    def _ring(self, *_: object) -> None:
        if self._armed:
            raise LineTooLong(f"This line kept the daemon from all its work for {LIMIT:.0f} s.")


def consoles(
    daemon: Daemon, paths: Paths, offer: Offer, names: tuple[Name, ...]
) -> tuple[Startable, ...]:
    """Return the services of the consoles that are offered; *names* come beside `daemon`, `tree`.

    Raise `errors.GenericError` when the keys of SSH can't be used.
    """
    title = f"{daemon.name} on {paths.hostname}, pid {os.getpid()}, ganetix {__version__}"
    own = (
        Name("daemon", "the service that twistd runs; daemon.reactor", lambda: daemon),
        Name("tree", "the daemon's parts: tree.children, tree.named(...)", lambda: daemon.tree),
    )
    console = Console(title, (*own, *names), Alarm().limited)
    here = (_here(daemon, paths, offer.name, console),) if offer.here else ()
    by_ssh = (_by_ssh(daemon, paths, offer, console),) if offer.ssh_port is not None else ()
    return (*here, *by_ssh)


def _here(daemon: Daemon, paths: Paths, name: str, console: Console) -> ManholeService:
    allowed = Allowed(frozenset({0, os.geteuid()}))
    factory = ConsoleFactory(console, allowed, _peer)
    return ManholeService(
        daemon.reactor, paths.manhole_socket(name), factory, FileSystem(), private_directory,
        os.close,
    )  # fmt: skip


def _peer(transport: Any) -> Peer:
    return peer_of(transport.getHandle())


def private_directory(path: str) -> int:
    """Make the directory *path* if need be and return it opened.

    Raise `errors.GenericError` when it is somebody else's, or open to others.
    """
    if not os.path.lexists(path):
        os.mkdir(path, 0o700)
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    found = os.fstat(directory)
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        os.close(directory)
        raise errors.GenericError(
            f"{path} belongs to user {found.st_uid} and has mode "
            f"{stat.S_IMODE(found.st_mode):04o}; the console's directory must be user "
            f"{os.geteuid()}'s alone. Remove it: rm -r {path}"
        )
    return directory


def _by_ssh(daemon: Daemon, paths: Paths, offer: Offer, console: Console) -> Listening:
    # SSH is rarely asked for, and most of Conch and its algorithms is needed for it alone.
    from ganetix.manhole.ssh import authorised, ssh_factory

    try:
        users = FileSystem().read(paths.manhole_users_file)
    except FileNotFoundError as error:
        raise errors.GenericError(
            f"{paths.manhole_users_file} does not exist: write the public keys into it that may "
            "open the console by SSH, or leave --manhole-ssh out."
        ) from error
    keys = authorised(users, paths.manhole_users_file)
    factory = ssh_factory(console, offer.name, keys, _host_key(paths.manhole_key_file(offer.name)))
    port, address = offer.ssh_port, settings.own_address(paths)
    make = TCP6ServerEndpoint if ":" in address else TCP4ServerEndpoint
    endpoint = make(daemon.reactor, port, interface=address)
    return Listening("manhole by SSH", endpoint, factory, f"{address or 'all'}, port {port}")


def _host_key(path: str) -> bytes:
    """Return the host key in *path*, made at the first use."""
    from ganetix.manhole.ssh import make_host_key

    files = FileSystem()
    if not files.exists(path):
        files.replace(path, make_host_key(), 0o600, sync=True)
    return files.read(path)
