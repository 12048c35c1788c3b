"""What a command works with: where it is, whom it asks, where it prints."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TextIO

from ganetix.cli import programs
from ganetix.cli.command import Command
from ganetix.luxi.client import Client, Door
from ganetix.paths import Paths


class Refused(Exception):
    """The user did not confirm; `code` is the exit code that the command has for that."""

    def __init__(self, code: int = 1) -> None:
        """Exit with *code*."""
        super().__init__(code)
        self.code = code


class World(NamedTuple):
    """The outside of a command, so that tests can give another one."""

    environ: Mapping[str, str]
    hostname: str
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    connect: Callable[[str, float], Any]
    """Connects to a Unix socket; see `ganetix.luxi.client.Door`."""
    ask: Callable[[str], str | None]
    """Asks on the controlling terminal; None if there is none."""
    nanoseconds: Callable[[], int]
    """Wall time since the epoch."""
    run: Callable[[list[str]], tuple[int, str]] = programs.run
    """Runs another program; see `ganetix.cli.programs.run`."""
    feed: Callable[[list[str], str, Callable[[str], None] | None], int] = programs.feed
    """Runs another program that reads from this one; see `ganetix.cli.programs.feed`."""
    sleep: Callable[[float], object] = time.sleep
    """Waits for so many seconds, before asking again what nobody announces."""
    terminal: Callable[[list[str]], int] = programs.terminal
    """Runs another program on this terminal; see `ganetix.cli.programs.terminal`."""


class Context:
    """One run of one command."""

    def __init__(self, world: World, prog: str, name: str, command: Command) -> None:
        """Run *command*, called *name*, of the program *prog*."""
        self.world = world
        self.prog = prog
        self.name = name
        self.command = command
        self.paths = paths_of(world)
        self.client = Client(self._door(), self.tell)

    def print(self, *lines: str) -> None:
        """Print *lines* to standard output."""
        for line in lines:
            self.world.stdout.write(f"{line}\n")

    def flush(self) -> None:
        """Let what was printed be seen now, though the command goes on."""
        self.world.stdout.flush()

    def tell(self, sentence: str) -> None:
        """Say *sentence* on standard error."""
        self.flush()
        self.world.stderr.write(f"{sentence}\n")
        self.world.stderr.flush()

    def call(self, method: str, *args: Any) -> Any:
        """Return what the master daemon answers; raise its errors."""
        return self.client.call(method, *args)

    def confirm(self, question: str, *, code: int = 1) -> None:
        """Ask *question*; raise `Refused` with exit *code* unless the answer is yes."""
        answer = self.world.ask(f"{question}\ny/[n]: ")
        if answer is None:
            self.tell(
                f"{question}\nNothing was done: there is no terminal to ask on."
                f" See what skips the question with: {self.prog} {self.name} --help"
            )
            raise Refused(code)
        if answer.strip().lower() not in {"y", "yes"}:
            self.tell("Nothing was done.")
            raise Refused(code)

    def reason(self, text: str | None) -> list[list[Any]]:
        """Return the reason trail of what this command submits; *text* is the user's own."""
        now = self.world.nanoseconds()
        trail = [["gnt:user", text, now]] if text else []
        return [*trail, [f"gnt:client:{self.prog}", self.name, now]]

    def ssconf(self, key: str) -> str | None:
        """Return the value that this node has of *key*; None without one."""
        return _ssconf(self.paths, key)

    def _door(self) -> Door:
        forced = self.world.environ.get("FORCE_LUXI_SOCKET", "query")
        known = {
            "query": self.paths.luxi_socket,
            "master": f"{self.paths.socket_dir}/ganeti-master",
        }
        return Door(
            known.get(forced, forced),
            self.paths.hostname,
            lambda: self.ssconf("master_node"),
            connect=self.world.connect,
        )


def paths_of(world: World) -> Paths:
    """Return the paths of the node that *world* is on: a real one, or one of a virtual cluster."""
    return Paths(
        world.environ.get("GANETI_ROOTDIR", ""),
        world.environ.get("GANETI_HOSTNAME") or world.hostname,
    )


def _ssconf(paths: Paths, key: str) -> str | None:
    try:
        with open(paths.ssconf(key), encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return None
