"""Where a daemon's events go: one line an event, with the job, node and call it is about."""

import functools
import os
import signal
import sys
import syslog
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TextIO

import attrs
from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    eventAsText,
)
from zope.interface import implementer

from ganetix.toolkit.logcontext import current

SYSLOG: Final = ("no", "yes", "only")

FIELDS: Final = ("job", "opcode", "node", "call", "request")
"""What an event may be about; each present one is written as ``name=value``."""

_TWISTEDS: Final = frozenset({"log_failure", "log_flattened"})
"""What in an event is more than its format says."""

_PRIORITIES: Final = {
    LogLevel.debug: syslog.LOG_DEBUG,
    LogLevel.info: syslog.LOG_INFO,
    LogLevel.warn: syslog.LOG_WARNING,
    LogLevel.error: syslog.LOG_ERR,
    LogLevel.critical: syslog.LOG_CRIT,
}


def line_of(event: LogEvent) -> str:
    """Return *event* as one line without a time: level, fields, text, traceback if any."""
    level = event.get("log_level", LogLevel.info).name.upper()
    known = {**current().fields(), **event}
    about = "".join(f" {name}={known[name]}" for name in FIELDS if known.get(name) is not None)
    return f"{level}{about} {_text(event).rstrip()}".replace("\n", " | ")


def _text(event: LogEvent) -> str:
    """Return what *event* says, with its traceback.

    Twisted's formats may call functions, and take ten times as long: most don't, and are Python's.
    """
    told = event.get("log_format")
    if isinstance(told, str) and "(" not in told and not _TWISTEDS.intersection(event):
        # A format that does not fit its fields is left to Twisted, which says so.
        with suppress(KeyError, AttributeError, IndexError, TypeError, ValueError):
            return told.format_map(event)
    return eventAsText(event, includeTimestamp=False, includeSystem=False)


def stamp_of(event: LogEvent) -> str:
    """Return the event's wall time as ``2026-01-31 23:59:59,123`` in local time."""
    seconds, rest = divmod(event.get("log_time", 0.0), 1)
    return f"{_second(int(seconds))},{int(rest * 1000):03d}"


@functools.lru_cache(maxsize=1)
def _second(since: int) -> str:
    """Return that second in local time; there may be a thousand events in one."""
    return f"{datetime.fromtimestamp(since, UTC).astimezone():%Y-%m-%d %H:%M:%S}"


@implementer(ILogObserver)
@attrs.define(eq=False)
class LogFile:
    """A log file, created with mode 0600 for *owner* (uid, gid), that `reopen` opens anew."""

    path: str
    daemon: str
    owner: tuple[int, int] | None = None
    _stream: TextIO = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Open the file."""
        self._stream = self._opened()

    def _opened(self) -> TextIO:
        fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self.owner is not None:
            os.fchown(fd, *self.owner)
        return os.fdopen(fd, "a", encoding="utf-8", errors="backslashreplace", buffering=1)

    def reopen(self) -> None:
        """Go on in a file of the same name: after a log rotation."""
        old, self._stream = self._stream, self._opened()
        old.close()

    def fileno(self) -> int:
        """The descriptor that is written to now."""
        return self._stream.fileno()

    def __call__(self, event: LogEvent) -> None:
        """Write *event*."""
        self._stream.write(f"{stamp_of(event)}: {self.daemon} pid={os.getpid()} {line_of(event)}\n")


@implementer(ILogObserver)
@attrs.frozen
class StandardError:
    """The terminal of a daemon in the foreground."""

    stream: TextIO

    def __call__(self, event: LogEvent) -> None:
        """Write *event*."""
        self.stream.write(f"{stamp_of(event)}: {line_of(event)}\n")
        self.stream.flush()


@implementer(ILogObserver)
@attrs.frozen
class Syslog:
    """The system log, facility daemon."""

    daemon: str
    write: Callable[[int, str], None] = syslog.syslog

    def __call__(self, event: LogEvent) -> None:
        """Write *event*."""
        priority = _PRIORITIES[event.get("log_level", LogLevel.info)]
        self.write(priority | syslog.LOG_DAEMON, f"{self.daemon}[{os.getpid()}]: {line_of(event)}")


def observers(
    log_file: LogFile | None, daemon: str, foreground: bool, debug: bool, to_syslog: str
) -> ILogObserver:
    """Return the observer of a daemon: its file, the system log or both, and the terminal.

    *to_syslog* is one of `SYSLOG`. Without *debug* events below info are left out.
    """
    chosen: list[ILogObserver] = []
    if log_file is not None and to_syslog != "only":
        chosen.append(log_file)
    if to_syslog != "no":
        chosen.append(Syslog(daemon))
    if foreground:
        chosen.append(StandardError(sys.__stderr__ or sys.stderr))
    wanted = LogLevelFilterPredicate(defaultLogLevel=LogLevel.debug if debug else LogLevel.info)
    if not debug:
        # Factories that come and go with each connection.
        wanted.setLogLevelForNamespace("twisted.internet", LogLevel.warn)
    return FilteringLogObserver(_All(tuple(chosen)), [wanted])


@implementer(ILogObserver)
@attrs.frozen
class _All:
    """Tells every one of *targets*."""

    targets: tuple[Callable[[LogEvent], None], ...]

    def __call__(self, event: LogEvent) -> None:
        for target in self.targets:
            target(event)


def on_hangup(
    call: Callable[[], None], call_from_signal: Callable[[Callable[[], None]], None]
) -> None:
    """Let SIGHUP make the *call*; *call_from_signal* brings it into the reactor."""
    signal.signal(signal.SIGHUP, lambda *_: call_from_signal(call))
