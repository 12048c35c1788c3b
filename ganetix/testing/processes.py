"""Programs without processes, and the tests that every runner has to pass."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from ganetix.errors import CommandError
from ganetix.process.command import (
    Command,
    IProcessRunner,
    ProcessRunner,
    Result,
    not_started,
)
from ganetix.toolkit.clock import Clock

Program = Callable[[Command], Awaitable[Result]]
"""``async program(command) -> result``; what a program does."""


@implementer(IProcessRunner)
@attrs.define(eq=False)
class FakeRunner:
    """Runs *programs* (absolute name to what it does); any other is missing. `ran` has them all."""

    clock: Clock
    programs: dict[str, Program] = attrs.field(factory=dict)
    ran: list[Command] = attrs.field(factory=list, init=False)

    async def run(self, command: Command) -> Result:
        """See `IProcessRunner`. Both times of the command count as its total time."""
        self.ran.append(command)
        program = self.programs.get(command.argv[0])
        if program is None:
            not_started(command, "there is no such program")
        work = Deferred.fromCoroutine(_run(program, command))
        expired: list[Result] = []
        for ended, seconds in (("timeout", command.timeout), ("silence", command.silence)):
            if seconds is not None:
                result = Result(command, -15, ended="timeout" if ended == "timeout" else "silence")
                self.clock.call_later(seconds, _expire, work, expired, result)
        try:
            return await work
        except CancelledError:
            if expired:
                return expired[0]
            raise


async def _run(program: Program, command: Command) -> Result:
    return await program(command)


def _expire(work: Deferred[Result], expired: list[Result], result: Result) -> None:
    if not work.called:
        expired.append(result)
        work.cancel()


class RunnerWorld(Protocol):
    """What the shared tests need: a runner, commands of known behaviour, and time."""

    runner: ProcessRunner

    def saying(self, text: str) -> Command:
        """A command that writes *text* and ends well."""

    def failing(self, status: int) -> Command:
        """A command that writes ``went wrong`` to its error output and ends with *status*."""

    def missing(self) -> Command:
        """A command whose program is not there."""

    def hanging(self) -> Command:
        """A command that never ends by itself and writes nothing."""

    def advance(self, seconds: float) -> None:
        """Let time pass."""


def make_process_runner_tests(make_world: Callable[[TestCase], RunnerWorld]) -> type[TestCase]:
    """Return the tests of `IProcessRunner` for the runner that *make_world* makes."""

    class ProcessRunnerTests(TestCase):
        """What every runner promises."""

        def setUp(self) -> None:
            """A world of its own for each test."""
            self.world = make_world(self)

        def test_interface(self) -> None:
            """The runner provides the interface."""
            self.assertTrue(verifyObject(IProcessRunner, self.world.runner))

        async def test_output(self) -> None:
            """Output of a command that ends well is in its result."""
            result = await self.world.runner.run(self.world.saying("good day"))
            self.assertTrue(result.ok)
            self.assertEqual(result.stdout, b"good day")

        async def test_failure(self) -> None:
            """A failing command is a result, and its check an error that says what it said."""
            result = await self.world.runner.run(self.world.failing(3))
            self.assertEqual(result.status, 3)
            error = self.assertRaises(CommandError, result.check)
            self.assertIn("exit code 3", str(error))
            self.assertIn("went wrong", str(error))

        async def test_missing(self) -> None:
            """A program that is not there is an error that names it."""
            command = self.world.missing()
            work = Deferred.fromCoroutine(_run(self.world.runner.run, command))
            error: Any = await self.assertFailure(work, CommandError)
            self.assertIn(command.argv[0], error.message)

        async def test_timeout(self) -> None:
            """A command that takes too long, or is silent for too long, is ended."""
            hanging = self.world.hanging()
            for ended, command in (
                ("timeout", attrs.evolve(hanging, timeout=3.0)),
                ("silence", attrs.evolve(hanging, silence=3.0)),
            ):
                work = Deferred.fromCoroutine(_run(self.world.runner.run, command))
                self.world.advance(2.9)
                self.assertNoResult(work)
                self.world.advance(0.2)
                result = await work
                self.assertEqual(result.ended, ended)
                self.assertFalse(result.ok)

        async def test_cancel(self) -> None:
            """Cancelling ends the command."""
            work = Deferred.fromCoroutine(_run(self.world.runner.run, self.world.hanging()))
            self.assertNoResult(work)
            work.cancel()
            await self.assertFailure(work, CancelledError)

    return ProcessRunnerTests
