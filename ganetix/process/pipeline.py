"""Programs at work on one stream: each reads what the one before it writes."""

import os
import signal
from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IPushProducer
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from ganetix.process.command import Command, Result, not_started
from ganetix.process.runner import SETSID
from ganetix.toolkit.clock import Clock

GRACE: Final = 5.0
"""Seconds between TERM and KILL."""
_KEEP: Final = 4096
"""Bytes of each program's error output that are kept, the last ones."""


@implementer(IPushProducer)
class Pipeline:
    """*commands* in a row, joined by the kernel's pipes.

    With *take* the last one's output is given to it, and the first one has no input; without it the
    first one's input is what `write` is given, and the last one's output goes nowhere.
    """

    def __init__(
        self,
        reactor: Any,
        clock: Clock,
        commands: Sequence[Command],
        take: Callable[[bytes], None] | None = None,
    ) -> None:
        self._outcome: str | None = None
        self._told: list[Callable[[str], object]] = []
        self._reactor = reactor
        self._clock = clock
        self._take = take
        self._stages = [_Stage(self, command) for command in commands]
        self._left = 0
        self._results: list[Result | None] = [None] * len(self._stages)
        self._timer: IDelayedCall | None = None
        self._aborted = ""

    def start(self) -> None:
        """Start all programs; raise `errors.CommandError` when one can't be: the others end."""
        for stage in self._stages:
            if not os.access(stage.command.argv[0], os.X_OK):
                not_started(stage.command, "there is no such program, or it may not be executed")
        nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        pipes = [os.pipe() for _ in self._stages[1:]]
        try:
            for index, stage in enumerate(self._stages):
                first: Any = nothing if self._take else "w"
                last: Any = "r" if self._take else nothing
                self._spawn(
                    stage,
                    pipes[index - 1][0] if index else first,
                    pipes[index][1] if index < len(pipes) else last,
                )
                self._left += 1
        except OSError as error:
            self.abort(f"{stage.command} could not be started")
            not_started(stage.command, str(error))
        finally:
            for fd in (nothing, *(fd for pair in pipes for fd in pair)):
                os.close(fd)

    def _spawn(self, stage: "_Stage", reads: Any, writes: Any) -> None:
        command = stage.command
        self._reactor.spawnProcess(
            stage,
            SETSID,
            [SETSID, *command.argv],
            env=dict(command.env),
            path=command.cwd,
            uid=command.uid,
            gid=command.gid,
            childFDs={0: reads, 1: writes, 2: "r"},
        )

    def write(self, data: bytes) -> None:
        """Give *data* to the first program."""
        self._stages[0].transport.write(data)

    def feed_from(self, producer: Any) -> None:
        """Hold *producer* back while the first program does not read."""
        self._stages[0].transport.registerProducer(producer, True)

    def finish(self) -> None:
        """End the first program's input after what was written."""
        self._stages[0].transport.unregisterProducer()
        self._stages[0].transport.closeStdin()

    def abort(self, why: str) -> None:
        """End all programs because of *why*: TERM now, KILL after a while; nothing at their end."""
        if not self._left:
            self._tell(f"Nothing was started: {why}")
            return
        self._aborted = self._aborted or why
        self._signal(signal.SIGTERM)
        if self._take is not None and self._stages[-1].transport is not None:
            # What was held back is read on, to its end: before that no program counts as ended.
            self._stages[-1].transport.resumeProducing()
        if self._timer is None:
            self._timer = self._clock.call_later(GRACE, self._signal, signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for index, stage in enumerate(self._stages):
            if self._results[index] is None and stage.transport is not None:
                stage.signal(number)

    # ---------------------------------------------- IPushProducer: the last program's output

    def pauseProducing(self) -> None:
        """See `IPushProducer`."""
        if not self._aborted:
            self._stages[-1].transport.pauseProducing()

    def resumeProducing(self) -> None:
        """See `IPushProducer`."""
        self._stages[-1].transport.resumeProducing()

    def stopProducing(self) -> None:
        """See `IPushProducer`: nobody takes the output any more."""
        self.abort("nobody takes its output")

    # ---------------------------------------------- what the programs do

    def said(self, data: bytes) -> None:
        """Output of the last program."""
        if self._take is not None and not self._aborted:
            self._take(data)

    def ended(self, stage: "_Stage", status: int, said: bytes) -> None:
        """One program has ended."""
        self._results[self._stages.index(stage)] = Result(stage.command, status, b"", said)
        self._left -= 1
        if self._left:
            return
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._tell(self._error())

    def when_ended(self, call: Callable[[str], object]) -> None:
        """Call *call* when all have ended, with what went wrong: nothing, or no full stop."""
        if self._outcome is not None:
            call(self._outcome)
        else:
            self._told.append(call)

    def _tell(self, outcome: str) -> None:
        if self._outcome is None:
            self._outcome = outcome
            for call in self._told:
                call(outcome)

    def _error(self) -> str:
        """Return what went wrong: a program that died of its reader's death is not the culprit."""
        failed = [result for result in self._results if result is not None and not result.ok]
        culprits = [result for result in failed if result.status != -signal.SIGPIPE] or failed
        if self._aborted:
            return f"{self._stages[0].command} was ended: {self._aborted}"
        return culprits[0].sentence().rstrip(".") if culprits else ""


class _Stage(ProcessProtocol):
    """One program of a pipeline."""

    transport: Any

    def __init__(self, pipeline: Pipeline, command: Command) -> None:
        self.command = command
        self._pipeline = pipeline
        self._errors = bytearray()
        self.transport = None

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        """Output goes on, what is said about it is kept."""
        if childFD == 1:
            self._pipeline.said(data)
        else:
            self._errors += data
            del self._errors[:-_KEEP]

    def processEnded(self, reason: Failure) -> None:
        """It has ended, and all that it wrote has been read."""
        why: Any = reason.value
        status = -why.signal if why.signal is not None else why.exitCode
        self._pipeline.ended(self, status, bytes(self._errors))

    def signal(self, number: signal.Signals) -> None:
        """Send *number* to the program and to all that it started."""
        for send in (os.killpg, os.kill):
            try:
                send(self.transport.pid, number)
            except (ProcessLookupError, TypeError):
                continue
            return
