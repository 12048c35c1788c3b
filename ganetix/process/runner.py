"""The real runner, on Twisted's ProcessProtocol."""

import os
import signal
from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from ganetix.process.command import Command, Ended, IProcessRunner, Result, not_started
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.timers import Timer, Timers

SETSID: Final = "/usr/bin/setsid"
"""Makes the program the leader of a session of its own, so that one signal reaches all of it."""
ENV: Final = "/usr/bin/env"
"""Changes the directory in the new process: Twisted would fork for it, and a fork of a daemon that
is locked in memory takes many times as long as a spawn."""

_NOT_EXECUTED: Final = (b"setsid: failed to execute", b"/usr/bin/env: cannot change directory")


@implementer(IProcessRunner)
@attrs.define(eq=False)
class ProcessRunner:
    """Spawns with *reactor*, counts time on *clock*; *grace* is seconds between TERM and KILL."""

    reactor: IReactorProcess
    clock: Clock
    grace: float = 5.0
    log: Logger = attrs.field(factory=Logger)
    _timers: Timers = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the timers."""
        self._timers = Timers(self.clock)

    async def run(self, command: Command) -> Result:
        """See `IProcessRunner`."""
        if not os.access(command.argv[0], os.X_OK):
            not_started(command, "there is no such program, or it may not be executed")
        self.log.debug("Running {command}", command=str(command))
        protocol = _Running(command, self._timers, self.grace, self._output(command))
        line = [SETSID, *command.argv]
        if command.cwd is not None:
            line = [ENV, f"--chdir={command.cwd}", *line]
        try:
            self.reactor.spawnProcess(
                protocol,
                line[0],
                line,
                env=dict(command.env),
                uid=command.uid,
                gid=command.gid,
            )
        except OSError as error:
            protocol.close()
            not_started(command, str(error))
        try:
            result = await protocol.done
        except CancelledError:
            protocol.end("cancelled")
            await protocol.gone
            raise
        if result.stderr.startswith(_NOT_EXECUTED):
            not_started(command, result.stderr.decode("utf-8", "replace").strip())
        return result

    def _output(self, command: Command) -> int | None:
        if command.output_file is None:
            return None
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            return os.open(command.output_file, flags, 0o600)
        except OSError as error:
            not_started(command, str(error))


class _Running(ProcessProtocol):
    """One process group from its start to its end."""

    def __init__(self, command: Command, timers: Timers, grace: float, output: int | None) -> None:
        self.command = command
        self.done: Deferred[Result] = Deferred()
        self.gone: Deferred[None] = Deferred()
        self._timers = timers
        self._grace = grace
        self._output = output
        self._kept = {1: bytearray(), 2: bytearray()}
        self._ended: Ended = ""
        self._waits: dict[str, Timer] = {}

    def connectionMade(self) -> None:
        """Feed it and start both timers."""
        transport: Any = self.transport
        self._pid: int = transport.pid
        if self.command.stdin:
            transport.write(self.command.stdin)
        transport.closeStdin()
        self._wait("timeout", self.command.timeout, lambda: self.end("timeout"))
        self._wait("silence", self.command.silence, lambda: self.end("silence"))

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """Keep the last bytes of each stream."""
        kept = self._kept[childFD]
        kept += data
        if len(kept) > 2 * self.command.keep:
            del kept[: -self.command.keep or None]
        if self._output is not None:
            os.write(self._output, data)
        self._wait("silence", self.command.silence, lambda: self.end("silence"))

    def processExited(self, reason: Failure) -> None:
        """Do not wait for ever for descendants that hold its output open."""
        transport: Any = self.transport
        self._wait("pipes", self._grace, transport.loseConnection)

    def processEnded(self, reason: Failure) -> None:
        """Tell the result."""
        self.close()
        if self._ended:
            # Members of its group that TERM did not end do not outlive it.
            self._signal(signal.SIGKILL)
        ended: Any = reason.value
        status = -ended.signal if ended.signal is not None else ended.exitCode
        out, err = (bytes(self._kept[fd][-self.command.keep :]) for fd in (1, 2))
        self.done.callback(Result(self.command, status, out, err, self._ended))
        self.gone.callback(None)

    def close(self) -> None:
        """Release timers and the output file."""
        for timer in self._waits.values():
            timer.cancel()
        self._waits.clear()
        if self._output is not None:
            os.close(self._output)
            self._output = None

    def _wait(self, name: str, seconds: float | None, call: Callable[[], None]) -> None:
        before = self._waits.pop(name, None)
        if before is not None:
            before.cancel()
        if seconds is not None:
            self._waits[name] = self._timers.after(seconds, call)

    def end(self, why: Ended) -> None:
        """End the whole group because of *why*: TERM now, KILL after the grace."""
        self._ended = self._ended or why
        self._signal(signal.SIGTERM)
        self._wait("kill", self._grace, lambda: self._signal(signal.SIGKILL))

    def _signal(self, number: signal.Signals) -> None:
        pid = self._pid
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            # Not the leader of a group yet, or all of it has ended.
            self._signal_alone(pid, number)

    @staticmethod
    def _signal_alone(pid: int, number: signal.Signals) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
