"""The gnt-* programs: find the command, parse its options, run it, turn errors into sentences."""

import importlib
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping

import ganetix
from ganetix.cli.command import Command
from ganetix.cli.context import Context, Refused, World
from ganetix.cli.parser import parse
from ganetix.errors import GanetiError, HooksAbort, OpExecError, OpPrereqError, near
from ganetix.luxi.client import connect

RELEASE = "3.0.2"
"""The release of Ganeti whose commands these are."""


def run(prog: str, words: list[str], world: World) -> int:
    """Run the program *prog* with *words*, what follows its name; return the exit code."""
    program = importlib.import_module(f"ganetix.cli.{prog.replace('-', '_')}")
    commands: Mapping[str, Command] = program.COMMANDS
    if words[:1] == ["--version"]:
        world.stdout.write(f"{prog} (ganeti ganetix-{ganetix.__version__}) {RELEASE}\n")
        return 0
    strange = next((word for word in words if _broken(word)), None)
    if strange is not None:
        world.stderr.write(f"Failure: {strange!a} is not UTF-8 text; type it anew.\n")
        return 1
    if words[:1] == ["--complete"]:
        return _complete(world, prog, commands, words[1:])
    name = _named(commands, words[0]) if words else None
    if name is None:
        world.stdout.write(_usage(prog, commands, words))
        return 0 if words[:1] in (["--help"], ["-h"]) else 1
    variable = f"{prog}_{name}".upper().replace("-", "_")
    given = words[1:]
    if variable in program.ENVIRONMENT_DEFAULTS and variable in world.environ:
        shlex = importlib.import_module("shlex")
        given = [*shlex.split(world.environ[variable]), *given]
    return _carry_out(Context(world, prog, name, commands[name]), given)


def _complete(world: World, prog: str, commands: Mapping[str, Command], words: list[str]) -> int:
    """Print what may stand in place of the last word, for a shell."""
    complete = importlib.import_module("ganetix.cli.complete")
    named = _named(commands, words[0]) if words else None
    command = commands[named] if named else None
    context = Context(world, prog, named or "", command or Command("", ""))
    context.print(*complete.candidates(context, commands, command, words))
    context.client.close()
    return 0


def _broken(word: str) -> bool:
    """Whether *word* came from bytes that are no UTF-8."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return True
    return False


def _carry_out(context: Context, words: list[str]) -> int:
    """Run the context's command; every error becomes a sentence and an exit code."""
    try:
        options, arguments = parse(f"{context.prog} {context.name}".strip(), context.command, words)
        module, function = context.command.run.split(":")
        code: int = getattr(importlib.import_module(f"ganetix.cli.{module}"), function)(
            context, options, arguments
        )
        context.flush()
    except Refused as refused:
        return refused.code
    except GanetiError as error:
        context.tell(describe(error))
        return error.exit_code
    except KeyboardInterrupt:
        context.tell("Stopped. Jobs that were submitted go on; look at them with: gnt-job list")
        return 1
    else:
        return code
    finally:
        context.client.close()


def describe(error: GanetiError) -> str:
    """Return what to say about *error*."""
    if isinstance(error, OpPrereqError):
        return f"Failure: {error.message}\nError type: {error.kind}; nothing was changed."
    if isinstance(error, OpExecError):
        return f"Failure: {error.message}\nThe operation had begun when it failed."
    if isinstance(error, HooksAbort):
        return f"Failure: {error.message}\nA hook refused the operation; nothing was changed."
    return f"Failure: {error.message}"


def _named(commands: Mapping[str, Command], word: str) -> str | None:
    if word in commands:
        return word
    return next((name for name, command in commands.items() if word in command.aliases), None)


def _usage(prog: str, commands: Mapping[str, Command], words: list[str]) -> str:
    width = max(map(len, commands))
    lines = [f" {name.ljust(width)}  {commands[name].help}" for name in sorted(commands)]
    head = [f"Usage: {prog} {{command}} [options] [arguments]"]
    if words and not words[0].startswith("-"):
        head.append(f"There is no command {words[0]!r}.{near(words[0], commands)}")
    more = f"Show the options of one with: {prog} <command> --help"
    return "\n".join([*head, more, "", "Commands:", *lines, ""])


def _ask(question: str) -> str | None:
    """Ask on the controlling terminal; None if there is none."""
    try:
        with open("/dev/tty", "r+b", buffering=0) as terminal:
            terminal.write(question.encode())
            return terminal.read(1024).decode(errors="replace")
    except OSError:
        return None


def tool(prog: str, words: list[str], world: World) -> int:
    """Run *prog*, a program with one command only, which `ganetix.cli.PROG.options` describes."""
    package = prog.replace("-", "_")
    command: Command = importlib.import_module(f"ganetix.cli.{package}.options").COMMAND
    return _carry_out(Context(world, prog, "", command), words)


def _program(prog: str, run: Callable[[str, list[str], World], int] = run) -> int:
    world = World(
        os.environ,
        socket.gethostname(),
        sys.stdin,
        sys.stdout,
        sys.stderr,
        connect,
        _ask,
        time.time_ns,
    )
    try:
        return run(prog, sys.argv[1:], world)
    except OSError as error:
        # Whoever reads us has seen enough, or the output's disk is full; what errors of other
        # files mean is said where they are opened. The interpreter must not flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"The output can't be written: {error.strerror}.\n")
        return 1


def gnt_backup() -> int:
    """Run gnt-backup."""
    return _program("gnt-backup")


def gnt_cluster() -> int:
    """Run gnt-cluster."""
    return _program("gnt-cluster")


def gnt_node() -> int:
    """Run gnt-node."""
    return _program("gnt-node")


def gnt_instance() -> int:
    """Run gnt-instance."""
    return _program("gnt-instance")


def gnt_group() -> int:
    """Run gnt-group."""
    return _program("gnt-group")


def gnt_os() -> int:
    """Run gnt-os."""
    return _program("gnt-os")


def gnt_job() -> int:
    """Run gnt-job."""
    return _program("gnt-job")


def gnt_network() -> int:
    """Run gnt-network."""
    return _program("gnt-network")


def gnt_filter() -> int:
    """Run gnt-filter."""
    return _program("gnt-filter")


def burnin() -> int:
    """Run burnin."""
    return _program("burnin", tool)


def move_instance() -> int:
    """Run move-instance."""
    return _program("move-instance", tool)


def gnt_storage() -> int:
    """Run gnt-storage."""
    return _program("gnt-storage")


def gnt_debug() -> int:
    """Run gnt-debug."""
    return _program("gnt-debug")
