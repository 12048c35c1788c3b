"""What a daemon or tool takes from its environment: which node it is, and where its files are."""

import os
import pathlib
import posixpath
import pwd
import secrets
import shlex
import socket
from collections.abc import Mapping
from typing import Final

import ganetix
from ganetix import errors
from ganetix.ids import Randomness
from ganetix.paths import Paths
from ganetix.toolkit.files import FileSystem
from ganetix.toolkit.hosts import Host, HostsFile, hosts_file, unknown

DEFAULT_PORTS: Final[Mapping[str, int]] = {"ganeti-noded": 1811, "ganeti-rapi": 5080}

LOG_FILES: Final[Mapping[str, str]] = {
    "ganeti-masterd": "master-daemon.log",
    "ganeti-noded": "node-daemon.log",
    "ganeti-rapi": "rapi-daemon.log",
}

USERS: Final[Mapping[str, str]] = {
    "ganeti-masterd": "gnt-masterd",
    "ganeti-noded": "root",
    "ganeti-rapi": "gnt-rapi",
}


def share_dir() -> str:
    """Return the directory of the data that the package ships."""
    return str(pathlib.Path(ganetix.__file__).parent / "share")


def node_paths(environ: Mapping[str, str]) -> Paths:
    """Return the paths of the node that *environ* names.

    In a virtual cluster GANETI_ROOTDIR and GANETI_HOSTNAME say which; else it is this machine.
    Raise `errors.GenericError` when only one is set or they don't fit together.
    """
    root, hostname = environ.get("GANETI_ROOTDIR", ""), environ.get("GANETI_HOSTNAME", "")
    if not root and not hostname:
        return Paths("", socket.getfqdn(), share_dir())
    if not root or not hostname:
        raise errors.GenericError(
            "Set both GANETI_ROOTDIR and GANETI_HOSTNAME, or neither: "
            "a virtual node's 'cmd' script sets them."
        )
    if posixpath.normpath(root) != root or not root.startswith("/"):
        raise errors.GenericError(
            f"GANETI_ROOTDIR is '{root}': it must be an absolute path without '.', '..' or a "
            "slash at its end."
        )
    if posixpath.basename(root) != hostname:
        raise errors.GenericError(
            f"GANETI_ROOTDIR is '{root}' and GANETI_HOSTNAME '{hostname}': the last component of "
            "the directory must be the host name."
        )
    return Paths(root, hostname, share_dir())


def randomness() -> Randomness:
    """Return the operating system's randomness."""
    return Randomness(secrets.token_bytes, secrets.SystemRandom().random)


def resolve_now(paths: Paths, name: str) -> Host:
    """Return the host called *name*, blocking; raise `errors.ResolverError`."""
    if paths.virtual:
        return HostsFile(hosts_file(paths), FileSystem().read).lookup(name)
    try:
        rows = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    except OSError as error:
        raise unknown(name, "/etc/hosts or the name service") from error
    return Host(rows[0][3] or name, str(rows[0][4][0]))


def own_address(paths: Paths) -> str:
    """Return the address that a virtual node's daemons bind; empty (all) on a real machine."""
    return resolve_now(paths, paths.hostname).address if paths.virtual else ""


def default_port(daemon: str) -> int:
    """Return *daemon*'s TCP port: the services database's, else Ganeti's."""
    try:
        return socket.getservbyname(daemon, "tcp")
    except OSError:
        return DEFAULT_PORTS[daemon]


def log_file(paths: Paths, daemon: str) -> str:
    """Return the path of *daemon*'s log."""
    return f"{paths.log_dir}/{LOG_FILES[daemon]}"


def default_arguments(paths: Paths, daemon: str) -> list[str]:
    """Return what ``/etc/default/ganeti`` adds to *daemon*'s command line, such as RAPI_ARGS.

    Its lines are NAME=VALUE, quoted as for a shell, which does not run here. Raise
    `errors.GenericError` for a line that can't be understood.
    """
    path = paths.at("/etc/default/ganeti")
    wanted = f"{daemon.removeprefix('ganeti-').upper()}_ARGS"
    found: list[str] = []
    try:
        lines = pathlib.Path(path).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return found
    for number, line in enumerate(lines, 1):
        name, _, value = line.strip().partition("=")
        if name == wanted:
            try:
                found = [word for part in shlex.split(value, True) for word in shlex.split(part)]
            except ValueError as error:
                raise errors.GenericError(
                    f"Line {number} of {path} can't be understood: {error}."
                ) from error
    return found


def account(daemon: str, paths: Paths) -> pwd.struct_passwd | None:
    """Return the account that *daemon* must change to, or None to stay who we are.

    In a virtual cluster, and when we are not root, daemons run as whoever starts them. Raise
    `errors.GenericError` when root starts a daemon whose account is missing.
    """
    user = USERS[daemon]
    if paths.virtual or os.geteuid() != 0 or user == "root":
        return None
    try:
        return pwd.getpwnam(user)
    except KeyError as error:
        raise errors.GenericError(
            f"The user '{user}' does not exist, and {daemon} does not run as root. Create it: "
            f"adduser --system --group --no-create-home {user}"
        ) from error
