"""The Twisted service around a daemon's tree: an awaited start whose failure ends the process."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import attrs
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.util import switchUID

from ganetix import errors
from ganetix.daemons import settings
from ganetix.daemons.logs import LogFile, on_hangup
from ganetix.daemons.pidfile import PidFile
from ganetix.paths import Paths
from ganetix.toolkit.services import Startable


@attrs.frozen
class Account:
    """Who a daemon changes to once it has its pid file."""

    uid: int
    gid: int


def daemon_for(name: str, options: Any, build: Callable[["Daemon", Paths], Startable]) -> "Daemon":
    """Return the daemon *name* of the node that the environment names, for twistd to run.

    *options* are its command line; *build* makes its tree. Raise `SystemExit` with a sentence when
    the environment does not fit.
    """
    from twisted.internet import reactor

    try:
        paths = settings.node_paths(os.environ)
        found = settings.account(name, paths)
    except errors.GanetiError as error:
        sys.exit(f"{name}: {error.message}")
    account = Account(found.pw_uid, found.pw_gid) if found else None
    pid_file = PidFile(paths.pid_file(name), name)
    daemon = Daemon(
        name,
        cast("EPollReactor", reactor),
        pid_file,
        account,
        lambda made: build(made, paths),
    )
    daemon.log_file = options.get("log_file")
    return daemon


class Daemon(Service):
    """Runs the tree that *build* makes, once the process is the one that stays.

    When the tree can't be started the reactor is stopped and `exit_code` says so.
    """

    log = Logger()

    def __init__(
        self,
        name: str,
        reactor: EPollReactor,
        pid_file: PidFile,
        account: Account | None,
        build: Callable[["Daemon"], Startable],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.setName(name)
        self.reactor = reactor
        self.pid_file = pid_file
        self.account = account
        self.build = build
        self.wall = wall
        self.tree: Startable | None = None
        self.exit_code = 0
        self.log_file: LogFile | None = None
        self.at_hangup: list[Callable[[], object]] = []
        """What SIGHUP does: each opens or reads something anew."""
        self._report: Callable[[str | None], None] = lambda reason: None
        self._starting: Deferred[None] | None = None

    def privilegedStartService(self) -> None:
        """Take the pid file and stop being root where there is an account for us."""
        self.pid_file.take()
        if self.account is not None:
            switchUID(self.account.uid, self.account.gid)

    def when_started(self, report: Callable[[str | None], None]) -> None:
        """Have *report* called with None when the tree is up, or a sentence when it can't be."""
        self._report = report

    def startService(self) -> None:
        """Start the tree; the outcome comes later."""
        super().startService()
        # Timers must not jump with the wall clock; Twisted's default reactors use time.time.
        self.reactor.seconds = time.monotonic
        if self.log_file is not None:
            self.at_hangup.insert(0, self.log_file.reopen)
            # Without a log file the daemon is on a terminal, whose hangup ends it.
            on_hangup(self._hung_up, self.reactor.callFromThread)
        self.reactor.callWhenRunning(self._begin)

    def _begin(self) -> None:
        self._starting = Deferred.fromCoroutine(self._start()).addErrback(self._failed)

    def _hung_up(self) -> None:
        for call in self.at_hangup:
            call()

    async def _start(self) -> None:
        self.tree = self.build(self)
        await self.tree.start()
        self.log.info("{daemon} is ready", daemon=self.name)
        self._report(None)

    def _failed(self, failure: Failure) -> None:
        self.tree, self.exit_code = None, 1
        if failure.check(CancelledError):
            told = "stopped while it was starting"
        elif isinstance(failure.value, errors.GanetiError):
            told = failure.value.message
        elif isinstance(failure.value, OSError):
            told = str(failure.value)
        else:
            self.log.failure("{daemon} failed to start", failure, daemon=self.name)
            told = f"a defect: {failure.getErrorMessage()}; the log has the details"
        self.log.critical("{daemon} can't start: {reason}", daemon=self.name, reason=told)
        self._report(told)
        if self.reactor.running:
            self.reactor.callLater(0, self._stop_reactor)

    def _stop_reactor(self) -> None:
        if self.reactor.running and not self.reactor._stopped:
            self.reactor.stop()

    def log_fd(self) -> int:
        """The descriptor that stacks are written to: the log's, else standard error's."""
        return 2 if self.log_file is None else self.log_file.fileno()

    def finish(self, reason: str) -> None:
        """End the process in good order, after what is being answered now."""
        self.log.info("{daemon} ends: {reason}", daemon=self.name, reason=reason)
        self.reactor.callLater(1.0, self._stop_reactor)

    def fail(self, reason: str) -> None:
        """End the process with exit code 1 for *reason*: it can't go on as what it is."""
        self.log.critical("{daemon} ends: {reason}", daemon=self.name, reason=reason)
        self.exit_code = 1
        self._stop_reactor()

    def stopService(self) -> Deferred[None]:
        """Stop the tree and give the pid file back."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._starting is not None and not self._starting.called:
            self._starting.cancel()
        try:
            if self.tree is not None:
                await self.tree.stop()
        finally:
            self.log.info("{daemon} has stopped", daemon=self.name)
            self.pid_file.release()
