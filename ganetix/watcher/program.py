"""``ganeti-watcher``: the real outside of the watcher."""

import fcntl
import http.client
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)

from ganetix.luxi.client import Client, Door
from ganetix.paths import Paths
from ganetix.toolkit.files import FileSystem
from ganetix.toolkit.hosts import HostsFile, hosts_file
from ganetix.watcher.options import parse
from ganetix.watcher.run import MasterWorld, watch
from ganetix.watcher.world import Release, World

RAPI_PORT: Final = 5080
RAPI_WITHIN: Final = 15.0
"""Seconds for the remote API to answer."""


def node_paths(environ: Mapping[str, str]) -> Paths:
    """Return the paths of this machine, or of the virtual node that *environ* names."""
    hostname = environ.get("GANETI_HOSTNAME") or socket.getfqdn()
    return Paths(environ.get("GANETI_ROOTDIR", ""), hostname)


def world_of(paths: Paths) -> World:
    """Return the real outside of the node with *paths*."""
    return World(
        paths,
        FileSystem(),
        time.time_ns,
        lambda path: os.stat(path).st_mtime,
        lock,
        lambda command: subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode,
        (sys.executable, "-m", "ganetix.daemons.daemon_util"),
    )


def lock(path: str, exclusive: bool) -> Release | None:
    """Lock the file at *path* until released; None if another process holds it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return lambda: os.close(fd)


def master_of(paths: Paths) -> str | None:
    """Return the master's name as this node has it; None if it is in no cluster."""
    try:
        with open(paths.ssconf("master_node"), encoding="utf-8") as source:
            return source.read().strip()
    except FileNotFoundError:
        return None


def rapi_answers(paths: Paths, address: str | None) -> bool:
    """Whether the remote API answers at *address*, else where this node's one listens."""
    if address is None and paths.virtual:
        address = HostsFile(hosts_file(paths), FileSystem().read).lookup(paths.hostname).address
    try:
        port = socket.getservbyname("ganeti-rapi", "tcp")
    except OSError:
        port = RAPI_PORT
    # Whether it lives is the question, not whether it is the right one: it is this machine's own.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    link = http.client.HTTPSConnection(
        address or "127.0.0.1", port, timeout=RAPI_WITHIN, context=context
    )
    try:
        link.request("GET", "/version")
        return link.getresponse().status < 500
    except ssl.SSLError:
        return True  # it answered, in plain HTTP: it was started with --no-ssl
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ganetix.watcher.program", *words]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)


def _observer(stream: TextIO, level: object) -> ILogObserver:
    wanted = LogLevelFilterPredicate(defaultLogLevel=level)
    return FilteringLogObserver(textFileLogObserver(stream), [wanted])


def log_to(path: str, debug: int) -> None:
    """Log to the file at *path*; errors also to standard error, with *debug* everything."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    observers = [
        _observer(os.fdopen(fd, "a", encoding="utf-8"), LogLevel.debug if debug else LogLevel.info),
        _observer(sys.stderr, LogLevel.debug if debug else LogLevel.error),
    ]
    globalLogBeginner.beginLoggingTo(observers, redirectStandardIO=False)


def main() -> int:
    """Run the program."""
    options = parse(sys.argv[1:])
    paths = node_paths(os.environ)
    try:
        log_to(f"{paths.log_dir}/watcher.log", options.debug)
    except OSError as error:
        print(f"ganeti-watcher: {error}", file=sys.stderr)
        return 1
    door = Door(paths.luxi_socket, paths.hostname, lambda: master_of(paths))
    there = MasterWorld(
        Client(door),
        lambda: master_of(paths),
        lambda words: _start(words).wait,
        time.sleep,
        lambda address: rapi_answers(paths, address),
    )
    return watch(world_of(paths), there, options)


if __name__ == "__main__":
    sys.exit(main())
