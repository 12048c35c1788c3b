"""Both runners: the shared tests, and what only real processes can show."""

import os
from collections.abc import Callable

import attrs
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock as FakeClock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from ganetix.errors import CommandError
from ganetix.process.command import MASK, Command, Result
from ganetix.process.runner import ProcessRunner
from ganetix.testing.processes import FakeRunner, make_process_runner_tests
from ganetix.toolkit.clock import Clock


def shell(script: str) -> Command:
    """Return a command that runs *script*."""
    return Command(("/bin/sh", "-c", script), {"PATH": "/usr/bin:/bin"})


class RealWorld:
    """Real processes; only the runner's own timers run on a clock that the test moves."""

    def __init__(self, case: TestCase) -> None:
        self.fake = FakeClock()
        self.runner = ProcessRunner(reactor, Clock(self.fake, self.fake.seconds))

    def saying(self, text: str) -> Command:
        """See `RunnerWorld`."""
        return Command(("/usr/bin/printf", "%s", text))

    def failing(self, status: int) -> Command:
        """See `RunnerWorld`."""
        return shell(f"echo went wrong >&2; exit {status}")

    def missing(self) -> Command:
        """See `RunnerWorld`."""
        return Command(("/nowhere/program",))

    def hanging(self) -> Command:
        """See `RunnerWorld`."""
        return Command(("/usr/bin/tail", "-f", "/dev/null"))

    def advance(self, seconds: float) -> None:
        """See `RunnerWorld`."""
        self.fake.advance(seconds)


class FakeWorld(RealWorld):
    """The same programs, made of nothing."""

    def __init__(self, case: TestCase) -> None:
        super().__init__(case)
        self.runner = FakeRunner(  # type: ignore[assignment]  # a fake in place of the real one
            Clock(self.fake, self.fake.seconds),
            {"/usr/bin/printf": self._say, "/bin/sh": self._fail, "/usr/bin/tail": self._hang},
        )

    async def _say(self, command: Command) -> Result:
        return Result(command, 0, command.argv[-1].encode())

    async def _fail(self, command: Command) -> Result:
        return Result(command, int(command.argv[-1].split()[-1]), b"", b"went wrong\n")

    async def _hang(self, command: Command) -> Result:
        await Deferred()
        return Result(command, 0)


class RealRunnerTests(make_process_runner_tests(RealWorld)):  # type: ignore[misc]  # made by a factory
    """The runner on real processes."""

    def _here(self) -> str:
        path: str = self.mktemp()
        os.makedirs(path)
        return os.path.abspath(path)

    async def test_stdin_environment_directory(self) -> None:
        """A program gets its input, its directory and nothing of our environment."""
        here = self._here()
        command = attrs.evolve(shell("cat; pwd; env"), stdin=b"in ", cwd=here)
        result = (await self.world.runner.run(command)).check()
        lines = result.stdout.decode().splitlines()
        self.assertEqual(lines[0], f"in {here}")
        names = {line.split("=")[0] for line in lines[1:]}
        self.assertLessEqual(names, {"PATH", "PWD", "SHLVL", "_", "OLDPWD"})

    async def test_last_bytes(self) -> None:
        """Only the last bytes of long output are kept."""
        command = attrs.evolve(shell("seq 1 100000"), keep=14)
        result = await self.world.runner.run(command)
        self.assertEqual(result.stdout, b"\n99999\n100000\n")

    async def test_output_file(self) -> None:
        """Both streams are appended to the output file."""
        path = f"{self._here()}/log"
        for _ in range(2):
            await self.world.runner.run(attrs.evolve(shell("echo a"), output_file=path))
        with open(path) as log:
            self.assertEqual(log.read(), "a\na\n")

    async def test_bad_interpreter(self) -> None:
        """A script whose interpreter is missing is one that could not be started."""
        path = f"{self._here()}/script"
        with open(path, "w") as script:
            script.write("#!/nowhere/interpreter\n")
        os.chmod(path, 0o700)
        try:
            await self.world.runner.run(Command((path,)))
        except CommandError as error:
            self.assertIn("could not be started", error.message)
        else:
            self.fail("It was started.")

    async def test_whole_group(self) -> None:
        """Ending a command ends its children too; who ignores TERM is killed."""
        here = self._here()
        script = f"trap '' TERM; tail -f /dev/null & echo $! > {here}/child; echo ready; wait; wait"
        work = Deferred.fromCoroutine(self.world.runner.run(shell(script)))
        await self._until(
            lambda: os.path.exists(f"{here}/child") and os.stat(f"{here}/child").st_size
        )
        with open(f"{here}/child") as told:
            child = int(told.read())
        work.cancel()
        self.world.advance(6)
        await self.assertFailure(work, CancelledError)
        await self._until(lambda: not _alive(child))

    async def _until(self, true: Callable[[], object]) -> None:
        clock = Clock(reactor, lambda: 0.0)
        while not true():
            await clock.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class FakeRunnerTests(make_process_runner_tests(FakeWorld)):  # type: ignore[misc]  # made by a factory
    """The runner that ships for tests."""


class CommandTests(SynchronousTestCase):
    """What a command shows of itself."""

    def test_secrets(self) -> None:
        """Secrets are in no text that an error or log could hold."""
        command = Command(("/bin/x", "--key=hunter2"), {"K": "hunter2"}, secrets=("hunter2",))
        result = Result(command, 1, b"", b"bad key hunter2")
        for text in (str(command), repr(command), result.sentence()):
            self.assertNotIn("hunter2", text)
        self.assertIn(MASK, result.sentence())

    def test_absolute(self) -> None:
        """A program is named by its absolute path."""
        self.assertRaises(ValueError, Command, ("ls",))
