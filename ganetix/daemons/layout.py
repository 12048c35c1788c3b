"""The directories and files of a node: who owns them, and with which mode they are made.

Source: the reference's table of path permissions. On a real machine the owners are set when the
accounts exist; in a virtual cluster everything belongs to whoever made it.
"""

import grp
import os
import pwd
from collections.abc import Callable
from typing import Final

import attrs

from ganetix.paths import Paths

MASTERD: Final = "gnt-masterd"
DAEMONS: Final = "gnt-daemons"


@attrs.frozen
class Entry:
    """A path below the node's root with its mode, owner and group."""

    path: str
    mode: int
    owner: str
    group: str


DIRECTORIES: Final = (
    Entry("/etc/ganeti", 0o755, "root", "root"),
    Entry("/etc/ganeti/hooks", 0o755, "root", "root"),
    Entry("/srv/ganeti", 0o755, "root", "root"),
    Entry("/srv/ganeti/os", 0o755, "root", "root"),
    Entry("/srv/ganeti/file-storage", 0o755, "root", "root"),
    Entry("/var/lib/ganeti", 0o755, MASTERD, MASTERD),
    Entry("/var/lib/ganeti/queue", 0o750, MASTERD, DAEMONS),
    Entry("/var/lib/ganeti/queue/archive", 0o750, MASTERD, DAEMONS),
    Entry("/var/lib/ganeti/rapi", 0o750, "gnt-rapi", MASTERD),
    Entry("/var/lib/ganeti/export", 0o755, "root", "root"),
    Entry("/var/log/ganeti", 0o770, MASTERD, DAEMONS),
    Entry("/var/log/ganeti/os", 0o750, "root", DAEMONS),
    Entry("/var/lock", 0o755, "root", "root"),
    Entry("/var/run/ganeti", 0o775, MASTERD, DAEMONS),
    Entry("/var/run/ganeti/socket", 0o770, MASTERD, DAEMONS),
    Entry("/var/run/ganeti/bdev-cache", 0o755, "root", MASTERD),
    Entry("/var/run/ganeti/instance-disks", 0o755, "root", MASTERD),
    Entry("/var/run/ganeti/instance-reason", 0o755, "root", "root"),
)

FILES: Final = {
    "config.data": Entry("/var/lib/ganeti/config.data", 0o640, MASTERD, "gnt-confd"),
    "journal": Entry("/var/lib/ganeti/journal", 0o600, MASTERD, MASTERD),
    "authority.key": Entry("/var/lib/ganeti/authority.key", 0o600, MASTERD, MASTERD),
    "authority.pem": Entry("/var/lib/ganeti/authority.pem", 0o444, MASTERD, MASTERD),
    "server.pem": Entry("/var/lib/ganeti/server.pem", 0o440, MASTERD, MASTERD),
    "rapi.pem": Entry("/var/lib/ganeti/rapi.pem", 0o440, "gnt-rapi", MASTERD),
    "spice.pem": Entry("/var/lib/ganeti/spice.pem", 0o440, "root", MASTERD),
    "spice-ca.pem": Entry("/var/lib/ganeti/spice-ca.pem", 0o440, "root", MASTERD),
    "hmac.key": Entry("/var/lib/ganeti/hmac.key", 0o440, "gnt-confd", MASTERD),
    "cluster-domain-secret": Entry(
        "/var/lib/ganeti/cluster-domain-secret", 0o640, MASTERD, MASTERD
    ),
    "known_hosts": Entry("/var/lib/ganeti/known_hosts", 0o644, MASTERD, MASTERD),
    "ganeti_pub_keys": Entry("/var/lib/ganeti/ganeti_pub_keys", 0o600, MASTERD, MASTERD),
    "mastership": Entry("/var/lib/ganeti/mastership", 0o644, MASTERD, MASTERD),
    "rapi/users": Entry("/var/lib/ganeti/rapi/users", 0o640, "gnt-rapi", MASTERD),
    "queue/serial": Entry("/var/lib/ganeti/queue/serial", 0o640, MASTERD, DAEMONS),
    "queue/version": Entry("/var/lib/ganeti/queue/version", 0o640, MASTERD, DAEMONS),
}
"""Files below the data directory, by their names there."""


def make_directories(paths: Paths) -> None:
    """Make what is missing of the node's directories, with modes and owners. Blocks.

    On a real machine that takes root; a daemon that anybody else starts finds them made.
    """
    if not paths.virtual and os.geteuid() != 0:
        return
    for entry in DIRECTORIES:
        path = paths.at(entry.path)
        if not os.path.isdir(path):
            os.makedirs(path)
        # The lock directory is the system's on a real machine.
        if paths.virtual or entry.path.count("ganeti"):
            give(paths, path, entry)


def write(paths: Paths, name: str, data: bytes) -> None:
    """Write the file *name* of `FILES` with its mode and owner, whole and synced. Blocks."""
    entry = FILES[name]
    path = paths.at(entry.path)
    fresh = f"{path}.new"
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    give(paths, fresh, entry)
    os.replace(fresh, path)


def write_ssconf(paths: Paths, key: str, text: str) -> None:
    """Write the simple configuration value *key*: readable by all, writable by none."""
    path = paths.ssconf(key)
    with open(f"{path}.new", "w", encoding="utf-8") as target:
        target.write(text)
        os.fchmod(target.fileno(), 0o444)
    os.replace(f"{path}.new", path)


def give(paths: Paths, path: str, entry: Entry) -> None:
    """Set mode and, on a real machine as root, owner and group of *path* as *entry* says."""
    if not paths.virtual and os.geteuid() == 0:
        os.chown(path, _uid(entry.owner), _gid(entry.group))
    os.chmod(path, entry.mode)


def owner_of(paths: Paths) -> Callable[[str], tuple[int, int] | None]:
    """Return to whom each file belongs that the node daemon, which is root, writes for others.

    A candidate's copies are to be read by the master daemon's account once it is the master.
    """
    if paths.virtual or os.geteuid() != 0:
        return lambda _: None
    known = {paths.at(entry.path): entry for entry in FILES.values()}
    jobs = Entry(paths.queue_dir, 0o640, MASTERD, DAEMONS)

    def owner(path: str) -> tuple[int, int] | None:
        entry = jobs if path.startswith(f"{paths.queue_dir}/") else known.get(path)
        return None if entry is None else (_uid(entry.owner), _gid(entry.group))

    return owner


def _uid(user: str) -> int:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return 0


def _gid(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return 0
