"""``daemon-util``: starts, stops and looks after the daemons of this node."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from ganetix import errors
from ganetix.daemons import by_hand, settings
from ganetix.daemons.pidfile import running_pid
from ganetix.node.files import CANDIDATES
from ganetix.paths import Paths
from ganetix.process.command import Command
from ganetix.toolkit.files import FileSystem

MODULES: Final[Mapping[str, str]] = {
    "ganeti-noded": "ganetix.daemons.noded",
    "ganeti-masterd": "ganetix.daemons.masterd",
    "ganeti-rapi": "ganetix.daemons.rapid",
}
MASTER_DAEMONS: Final = ("ganeti-masterd", "ganeti-rapi")

STOP_TIMEOUT: Final = 60.0
"""Seconds for a daemon to stop; the master waits up to 30 s for the steps of its jobs."""

_CANDIDATE: Final = re.compile(r"[0-9a-f-]{36}=[0-9A-F]{2}(:[0-9A-F]{2})+(,[0-9A-F:]+)*")

USAGE: Final = """\
Usage: daemon-util check|start|stop DAEMON [ARGUMENT...]
       daemon-util check-and-start DAEMON [ARGUMENT...]
       daemon-util start-all|stop-all|start-master|stop-master
       daemon-util daemon-pidfile DAEMON
       daemon-util list-start-daemons
       daemon-util accept-candidates FILE
DAEMON is ganeti-noded, ganeti-masterd or ganeti-rapi. FILE is a copy of the master's
ssconf_master_candidates_certs, for a node that missed its last change and refuses the master."""


def start(paths: Paths, daemon: str, arguments: Sequence[str] = ()) -> int:
    """Start *daemon* unless it runs; return 0 when it is up, else its exit code."""
    if running_pid(paths.pid_file(daemon)) is not None:
        return 0
    always = settings.default_arguments(paths, daemon)
    command = [sys.executable, "-m", MODULES[daemon], *always, *arguments]
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode


def stop(paths: Paths, daemon: str) -> int:
    """Stop *daemon* if it runs; return 0 when it has ended, 1 if it does not within a minute."""
    pid = running_pid(paths.pid_file(daemon))
    if pid is None:
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while running_pid(paths.pid_file(daemon)) == pid:
        if time.monotonic() > deadline:
            print(
                f"{daemon} (pid {pid}) has not stopped within {STOP_TIMEOUT:.0f} s; see its log, "
                f"{settings.log_file(paths, daemon)}.",
                file=sys.stderr,
            )
            return 1
        time.sleep(0.02)
    return 0


def command(verb: str) -> Command:
    """Return the command that does *verb* on this node, for a daemon to run."""
    line = (sys.executable, "-m", "ganetix.daemons.daemon_util", verb)
    return Command(line, dict(os.environ), timeout=2 * STOP_TIMEOUT)


def is_master(paths: Paths) -> bool:
    """Tell whether this node is the master by its own ssconf files."""
    try:
        with open(paths.ssconf("master_node"), encoding="utf-8") as source:
            return source.read().strip() == paths.hostname
    except FileNotFoundError:
        return False


def daemons_here(paths: Paths) -> tuple[str, ...]:
    """Return the daemons that belong on this node, in the order of their start."""
    if not os.path.exists(paths.node_cert_file):
        return ()
    return ("ganeti-noded", *(MASTER_DAEMONS if is_master(paths) else ()))


def start_all(paths: Paths) -> int:
    """Start the daemons that belong on this node."""
    return _worst(start(paths, daemon) for daemon in daemons_here(paths))


def stop_all(paths: Paths) -> int:
    """Stop all daemons of this node, the master's first."""
    return _worst(stop(paths, daemon) for daemon in reversed(tuple(MODULES)))


def start_master(paths: Paths) -> int:
    """Start the master's daemons."""
    return _worst(start(paths, daemon) for daemon in MASTER_DAEMONS)


def stop_master(paths: Paths) -> int:
    """Stop the master's daemons."""
    return _worst(stop(paths, daemon) for daemon in reversed(MASTER_DAEMONS))


def check(paths: Paths, daemon: str) -> int:
    """Return 0 if *daemon* runs, else 1."""
    return 0 if running_pid(paths.pid_file(daemon)) is not None else 1


def _worst(codes: Iterable[int]) -> int:
    """Return the highest exit code, having gone through all."""
    return max(codes, default=0)


def _check_and_start(paths: Paths, daemon: str, *arguments: str) -> int:
    return start(paths, daemon, arguments)


def _print_pid_file(paths: Paths, daemon: str) -> int:
    print(paths.pid_file(daemon))
    return 0


def _print_daemons(paths: Paths) -> int:
    print("\n".join(daemons_here(paths)))
    return 0


def accept_candidates(paths: Paths, path: str) -> int:
    """Make the list in *path* the one of those who may command this node; return the exit code.

    Raise `errors.ParseError` when *path* holds no such list.
    """
    with open(path, encoding="utf-8", errors="replace") as source:
        text = source.read()
    rows = [row for row in text.splitlines() if row.strip()]
    if not rows or not all(_CANDIDATE.fullmatch(row) for row in rows):
        raise errors.ParseError(
            f"{path} is no list of master candidates' certificates (lines UUID=DIGEST): copy "
            f"{paths.ssconf(CANDIDATES)} from the master."
        )
    FileSystem().replace(
        paths.ssconf(CANDIDATES), "".join(f"{r}\n" for r in rows).encode(), 0o444, True
    )
    if running_pid(paths.pid_file("ganeti-noded")) is None:
        return 0
    return stop(paths, "ganeti-noded") or start(paths, "ganeti-noded")


WHOLE: Final[Mapping[str, Callable[[Paths], int]]] = {
    "start-all": start_all,
    "stop-all": stop_all,
    "start-master": start_master,
    "stop-master": stop_master,
    "list-start-daemons": _print_daemons,
}
"""What takes no further argument."""

ONE: Final[Mapping[str, Callable[..., int]]] = {
    "start": _check_and_start,
    "check-and-start": _check_and_start,
    "stop": stop,
    "check": check,
    "daemon-pidfile": _print_pid_file,
}
"""What takes a daemon; starting also takes the daemon's arguments."""


def run(paths: Paths, argv: Sequence[str]) -> int:
    """Do what *argv* says; return the exit code."""
    match argv:
        case [verb] if verb in WHOLE:
            return WHOLE[verb](paths)
        case [verb, daemon, *arguments] if verb in ONE and daemon in MODULES:
            if not arguments or ONE[verb] is _check_and_start:
                return ONE[verb](paths, daemon, *arguments)
        case ["accept-candidates", path]:
            return accept_candidates(paths, path)
        case [verb, name] if verb in ONE:
            print(f"'{name}' is no daemon: {', '.join(MODULES)}.", file=sys.stderr)
            return 1
    wanted = argv in (["-h"], ["--help"])
    print(USAGE, file=sys.stdout if wanted else sys.stderr)
    return 0 if wanted else 1


def main() -> None:
    """Run the program."""
    by_hand.carry_out(
        "daemon-util", lambda: sys.exit(run(settings.node_paths(os.environ), sys.argv[1:]))
    )


if __name__ == "__main__":
    main()
