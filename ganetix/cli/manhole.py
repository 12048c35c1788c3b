"""gnt-debug manhole: this terminal on the console of a running daemon.

The daemon's console speaks raw terminal bytes over a Unix socket; the first line from here says
what kind of terminal it has: ``TERM columns rows``, or ``dumb 0 0`` for a pipe.
"""

import os
import posixpath
import select
import shlex
import socket
import sys
import termios
import tty
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.luxi.client import connect

_CHUNK: Final = 1 << 16
_DUMB: Final = "dumb"


def manhole(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Open the console of a daemon, here or on another node; return when it is closed."""
    node = options.node
    if node is None or node == context.paths.hostname:
        return _here(context, context.paths.manhole_socket(options.daemon), options.daemon)
    if context.paths.virtual:
        return _here(context, _of_sibling(context, node, options.daemon), options.daemon)
    remote = ["gnt-debug", "manhole", "--daemon", options.daemon]
    known = f"-oGlobalKnownHostsFile={context.paths.known_hosts_file}"
    command = ["ssh", "-t", known, f"root@{node}", shlex.join(remote)]
    return context.world.terminal(command)


def _of_sibling(context: Context, node: str, daemon: str) -> str:
    """Return the socket in the directory of another node of this virtual cluster."""
    root = posixpath.join(posixpath.dirname(context.paths.root), node)
    if not os.path.isdir(root):
        raise errors.OpPrereqError(
            f"This virtual cluster has no node {node}. See: gnt-node list", errors.NOENT
        )
    return context.paths._replace(root=root, hostname=node).manhole_socket(daemon)


def _here(context: Context, path: str, daemon: str) -> int:
    try:
        link = connect(path, 30.0)
    except PermissionError:
        raise errors.OpPrereqError(
            f"You may not open {path}: the console is for the user that {daemon} runs as.",
            errors.ENVIRON,
        ) from None
    except OSError as error:
        raise errors.OpPrereqError(
            f"{daemon} has no console on {path} ({error.strerror}):"
            " it does not run, or was started with --no-manhole.",
            errors.ENVIRON,
        ) from None
    terminal = _terminal(context)
    with link, _raw(sys.stdin.fileno(), terminal):
        link.settimeout(None)
        link.sendall(f"{terminal}\n".encode())
        shovel(link, sys.stdin.fileno(), sys.stdout.fileno())
    return 0


def _terminal(context: Context) -> str:
    if not (os.isatty(sys.stdin.fileno()) and os.isatty(sys.stdout.fileno())):
        return f"{_DUMB} 0 0"
    columns, rows = os.get_terminal_size(sys.stdout.fileno())
    return f"{context.world.environ.get('TERM') or _DUMB} {columns} {rows}"


@contextmanager
def _raw(descriptor: int, terminal: str) -> Iterator[None]:
    """Let every key through while the block runs, if there is a terminal that can do more."""
    if terminal.startswith(f"{_DUMB} "):
        yield
        return
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def shovel(link: socket.socket, keys: int, screen: int) -> None:
    """Carry bytes from the descriptor *keys* to *link*, and back to *screen*, until it closes."""
    sources: list[Any] = [link, keys]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if keys in ready:
            typed = os.read(keys, _CHUNK)
            if typed:
                link.sendall(typed)
            else:
                link.shutdown(socket.SHUT_WR)
                sources.remove(keys)
        if link in ready:
            shown = link.recv(_CHUNK)
            if not shown:
                return
            os.write(screen, shown)
