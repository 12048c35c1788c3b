"""The ganeti-* programs: twistd with the daemon's plugin, log and pid file where they belong."""

import os
import sys
from collections.abc import Sequence
from typing import Any, ClassVar, Final, NoReturn, cast

from twisted.application.service import IServiceCollection
from twisted.python import usage
from twisted.scripts._twistd_unix import ServerOptions, UnixApplicationRunner

from ganetix import errors
from ganetix.daemons import layout, logs, settings
from ganetix.daemons.daemon import Daemon

_READY: Final = "ready"


def whole(text: str) -> int:
    """Read a whole number of an option; raise ValueError with what is wrong."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number.") from None


class DaemonOptions(usage.Options):
    """What every daemon takes."""

    optFlags: ClassVar[list[Any]] = [
        ["foreground", "f", "Stay in the foreground and log to the terminal (twistd's -n)."],
        ["debug", "d", "Log more."],
    ]
    optParameters: ClassVar[list[Any]] = [
        ["syslog", None, "no", "Log to the system log: no, yes (too) or only.", str],
    ]

    def postOptions(self) -> None:
        """Check what the parser does not; hand -f to twistd."""
        if self["syslog"] not in logs.SYSLOG:
            raise usage.UsageError(
                f"--syslog is '{self['syslog']}'; it must be one of {', '.join(logs.SYSLOG)}."
            )
        parent = self.parent
        if parent is not None:
            parent["nodaemon"] = bool(parent["nodaemon"] or self["foreground"])
            # Twistd would write its application to a file at the end.
            parent["no_save"] = True


class Runner(UnixApplicationRunner):
    """Twistd's runner; the process that the user started stays until the daemon is up or failed."""

    def daemonize(self, reactor: Any) -> int:
        """Fork into the background; the first process waits for the outcome and exits with it."""
        read, write = os.pipe()
        if os.fork():
            os.close(write)
            os._exit(_told(read))
        os.close(read)
        os.setsid()
        if os.fork():
            os._exit(0)
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        os.close(null)
        return write

    def postApplication(self) -> None:
        """Start the service, run the reactor, and report the outcome of the start."""
        try:
            self.startApplication(self.application)
        except (errors.GanetiError, OSError) as error:
            told = error.message if isinstance(error, errors.GanetiError) else str(error)
            _tell(told, self.config.get("statusPipe"))
            sys.exit(1)
        pipe = self.config.get("statusPipe")
        if pipe is not None:
            self.service.when_started(lambda reason: _tell(reason, pipe))
        self.startReactor(None, self.oldstdout, self.oldstderr)

    @property
    def service(self) -> Daemon:
        """The daemon that is run."""
        return cast("Daemon", next(iter(IServiceCollection(self.application))))


def _tell(reason: str | None, pipe: int | None) -> None:
    """Report *reason* (None: all is well) to whoever started us."""
    if pipe is None:
        print(reason, file=sys.__stderr__)
        return
    os.write(pipe, (reason or _READY).encode())
    os.close(pipe)


def _told(pipe: int) -> int:
    """Wait for the outcome in *pipe*; print what failed and return the exit code."""
    # Nothing at all means that the daemon died before it could say anything.
    reason = b""
    while part := os.read(pipe, 4096):
        reason += part
    told = reason.decode()
    if told == _READY:
        return 0
    print(told or "It ended without a word; see its log.", file=sys.__stderr__)
    return 1


def run(daemon: str, plugin: str, argv: Sequence[str]) -> NoReturn:
    """Run *daemon* (such as ``ganeti-noded``) through its twistd *plugin*; exit when it ends."""
    config = ServerOptions()
    try:
        config.parseOptions(["--pidfile=", plugin, *argv])
    except usage.UsageError as error:
        sys.exit(f"{daemon}: {str(error).rstrip('.')}. See {daemon} --help.")
    try:
        runner = _runner(daemon, config)
        runner.run()
    except errors.GanetiError as error:
        sys.exit(f"{daemon}: {error.message}")
    except OSError as error:
        sys.exit(f"{daemon}: {error}")
    sys.exit(runner.service.exit_code)


def _runner(daemon: str, config: ServerOptions) -> Runner:
    """Return the runner with our log observer in place of twistd's."""
    options, paths = config.subOptions, settings.node_paths(os.environ)
    found = settings.account(daemon, paths)
    layout.make_directories(paths)
    owner = (found.pw_uid, found.pw_gid) if found else None
    log_file = logs.LogFile(settings.log_file(paths, daemon), daemon, owner)
    observer = logs.observers(
        log_file, daemon, bool(options["foreground"]), bool(options["debug"]), options["syslog"]
    )
    config["logger"] = lambda: observer
    options["log_file"] = log_file
    return Runner(config)
