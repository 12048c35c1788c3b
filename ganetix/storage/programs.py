"""Running the programs of storage: absolute names, time-outs, one language."""

from collections.abc import Mapping
from typing import Final

import attrs

from ganetix import errors
from ganetix.process.command import Command, ProcessRunner, Result

TIMEOUT: Final = 120.0
"""Seconds that a program may take; those that copy data are given their own."""


@attrs.frozen
class Programs:
    """Runs storage programs with *runner*; *env* is what they see beyond their language."""

    runner: ProcessRunner
    env: Mapping[str, str] = attrs.field(factory=dict)

    async def run(
        self, *argv: str, timeout: float = TIMEOUT, secrets: tuple[str, ...] = ()
    ) -> Result:
        """Run *argv* and return its result, good or bad.

        Raise `errors.BlockDeviceError` if it could not be started or had to be ended.
        """
        env = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **self.env}
        command = Command(argv, env=env, timeout=timeout, secrets=secrets)
        try:
            result = await self.runner.run(command)
        except errors.CommandError as error:
            raise errors.BlockDeviceError(error.message) from error
        if result.ended:
            raise errors.BlockDeviceError(result.sentence())
        return result

    async def must(
        self, what: str, *argv: str, timeout: float = TIMEOUT, secrets: tuple[str, ...] = ()
    ) -> str:
        """Run *argv* and return its output; raise `errors.BlockDeviceError` naming *what*."""
        result = await self.run(*argv, timeout=timeout, secrets=secrets)
        if not result.ok:
            raise failed(what, result)
        return result.stdout.decode("utf-8", "replace")


def failed(what: str, result: Result) -> errors.BlockDeviceError:
    """Return the error for *result* of a program that did *what* (a verb with its object)."""
    raw = (result.stderr or result.stdout).decode("utf-8", "replace")
    lines = [line.strip() for line in raw.splitlines() if line.strip()]
    told = "; ".join(result.command.masked(line).rstrip(".") for line in lines[-3:])
    how = f" with exit code {result.status}" if result.status >= 0 else " by a signal"
    program = result.command.argv[0].rpartition("/")[2]
    return errors.BlockDeviceError(
        f"Can't {what}: {program} ended{how}" + (f" ({told})." if told else ".")
    )
