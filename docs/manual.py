"""The man pages: what the programs' parsers know, put into the hand-written pages of docs/man.

A page begins with ``# NAME: summary``. Its line ``{{options}}`` is replaced by the commands,
arguments and options of the program NAME, as the table has them that its parser uses.
"""

import argparse
import importlib
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from twisted.python import reflect

from ganetix.cli.command import COMMON, Argument, Command, Option
from ganetix.cli.htools.options import OPTIONS as HTOOLS_OPTIONS
from ganetix.cli.htools.options import Option as HtoolsOption
from ganetix.cli.values import KINDS
from ganetix.daemons import cfgupgrade, daemon_util, masterd, node_cleanup, noded, rapid
from ganetix.vcluster import setup as vcluster_setup
from ganetix.watcher import cleaner_program
from ganetix.watcher import options as watcher_options

PAGES: Final = pathlib.Path(__file__).parent / "man"
HOLE: Final = "{{options}}"
HTOOLS: Final = (
    "hail",
    "harep",
    "hbal",
    "hcheck",
    "hinfo",
    "hroller",
    "hscan",
    "hspace",
    "hsqueeze",
)
DAEMONS: Final[Mapping[str, Any]] = {
    "ganeti-masterd": masterd.Options,
    "ganeti-noded": noded.Options,
    "ganeti-rapi": rapid.Options,
}
PARSERS: Final[Mapping[str, Callable[[], argparse.ArgumentParser]]] = {
    "cfgupgrade": cfgupgrade.parser,
    "ganeti-cleaner": cleaner_program.parser,
    "ganeti-watcher": watcher_options.parser,
    "node-cleanup": node_cleanup.parser,
    "vcluster-setup": vcluster_setup.parser,
}
TOOLS: Final = ("burnin", "move-instance")
HTOOLS_OWN: Final = (
    ("`-V`, `--version`", "Show the version."),
    ("`-h`, `--help`", "Show this help."),
    ("`--help-completion`", "Show the options for completion scripts."),
)


class Page(NamedTuple):
    """One page of docs/man: its program and what that is in a few words."""

    name: str
    summary: str

    @property
    def section(self) -> int:
        """The section of the manual: 1 for what anybody may run, 8 for the administrator's."""
        return 1 if self.name in HTOOLS else 8


def pages() -> list[Page]:
    """Return the pages of docs/man, by name."""
    found = []
    for path in sorted(PAGES.glob("*.md")):
        title = path.read_text("utf-8").partition("\n")[0]
        if title.startswith("# ") and ": " in title:
            found.append(Page(*title[2:].split(": ", 1)))
    return found


def filled(text: str) -> str:
    """Return the page *text* with the tables of its program in it."""
    name = text.partition(":")[0].removeprefix("# ")
    return text.replace(HOLE, "\n".join(tables(name))) if HOLE in text else text


def tables(program: str) -> Iterator[str]:
    """Yield the lines of the sections about the command line of *program*."""
    if program.startswith("gnt-"):
        yield from _commands(program)
    elif program in TOOLS:
        module = importlib.import_module(f"ganetix.cli.{program.replace('-', '_')}.options")
        yield from _options((*module.COMMAND.options, *COMMON))
    elif program in HTOOLS:
        names = importlib.import_module(f"ganetix.cli.htools.{program}").OPTIONS
        yield from _definitions([*(_planner(HTOOLS_OPTIONS[name]) for name in names), *HTOOLS_OWN])
    elif program in DAEMONS:
        yield from _definitions(_twisted(DAEMONS[program]))
    elif program in PARSERS:
        yield from _definitions(_argparse(PARSERS[program]()))
    elif program == "daemon-util":
        yield from ("```text", daemon_util.USAGE, "```")
    else:
        raise KeyError(f"Nothing is known of the command line of {program}.")


def _commands(program: str) -> Iterator[str]:
    commands = importlib.import_module(f"ganetix.cli.{program.replace('-', '_')}").COMMANDS
    yield from ("## Commands", "")
    for name in sorted(commands):
        yield from _command(program, name, commands[name])
    yield from ("## Options of every command", "", *_options(COMMON))


def _command(program: str, name: str, command: Command) -> Iterator[str]:
    shown = [
        program,
        name,
        "[options]" if command.options else "",
        *map(_argument, command.arguments),
    ]
    yield from (f"### {name}", "", f"`{' '.join(filter(None, shown))}`", "", command.help, "")
    if command.aliases:
        yield from (f"Also: {', '.join(f'`{alias}`' for alias in command.aliases)}.", "")
    yield from _options(command.options)


def _argument(argument: Argument) -> str:
    name = "|".join(argument.choices) or f"<{argument.name}>"
    shown = f"{name}..." if argument.most is None else " ".join([name] * argument.most)
    return shown if argument.least else f"[{shown}]"


def _options(options: Iterable[Option]) -> Iterator[str]:
    yield from _definitions((_flags(option), _meaning(option)) for option in options)


def _flags(option: Option) -> str:
    value = option.metavar or option.dest.upper()
    if option.choices:
        value = option.metavar or "|".join(option.choices)
    return ", ".join(
        f"`{flag} {value}`" if option.takes_value else f"`{flag}`" for flag in option.flags
    )


def _meaning(option: Option) -> str:
    said = [_plain(option.help)]
    if option.takes_value and option.kind not in {"string", "choice"}:
        said.append(f"Takes {_plain(KINDS[option.kind][1].rstrip('.'))}.")
    if option.action in {"append", "count"}:
        said.append("May be repeated.")
    if option.takes_value and option.default not in (None, "", (), {}):
        said.append(f"Default: {_plain(str(option.default))}.")
    return " ".join(said)


def _planner(option: HtoolsOption) -> tuple[str, str]:
    value = {"no": "", "must": f"={option.metavar}", "may": f"[={option.metavar}]"}[option.value]
    short = [f"`-{option.short}{value.replace('=', ' ' if option.value == 'must' else '')}`"]
    return ", ".join([*(short if option.short else ()), f"`--{option.long}{value}`"]), option.help


def _twisted(options: Any) -> Iterator[tuple[str, str]]:
    flags: list[Any] = []
    parameters: list[Any] = []
    reflect.accumulateClassList(options, "optFlags", flags)
    reflect.accumulateClassList(options, "optParameters", parameters)
    for long, short, said in flags:
        yield ", ".join([*([f"`-{short}`"] if short else ()), f"`--{long}`"]), said
    for long, short, default, said, *_ in parameters:
        names = [*([f"`-{short} VALUE`"] if short else ()), f"`--{long}=VALUE`"]
        known = "" if default is None else f" Default: {default}."
        yield ", ".join(names), f"{said}{known}"


def _argparse(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    # argparse has no public way to its own table.
    for action in parser._actions:
        value = action.metavar or ("|".join(action.choices or ()) or action.dest.upper())
        takes = action.nargs != 0
        flags = [f"`{flag} {value}`" if takes else f"`{flag}`" for flag in action.option_strings]
        yield ", ".join(flags) or f"`{value}`", _plain(action.help or "")


def _definitions(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, said in rows:
        yield from (term, f": {said}", "")


def _plain(text: str) -> str:
    """Return *text* so that Markdown shows it as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>{}$" else letter for letter in text)
