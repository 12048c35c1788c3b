"""The command line of one command, parsed by an argparse parser made for it alone."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from ganetix.cli.command import COMMON, Argument, Command, Option
from ganetix.cli.values import KINDS
from ganetix.errors import GanetiError, UnitParseError


class UsageError(GanetiError):
    """The command line makes no sense; the sentence says what to type."""


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Make help as wide as the terminal; argparse, left alone, imports much to find that out."""
    try:
        width = os.get_terminal_size().columns
    except OSError:
        width = 80
    return argparse.HelpFormatter(prog, max_help_position=28, width=max(40, width - 2))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. Show what there is with: {self.prog} --help")


def parse(prog: str, command: Command, words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return options and arguments of *words*, what follows the command's name.

    Options come before arguments: the first word that is no option ends them, as in Ganeti. Raise
    `UsageError`; exit with 0 after --help.
    """
    options = (*command.options, *COMMON)
    parser = _parser(prog, command, options)
    found = parser.parse_args(_joined(words, options))
    arguments = found.arguments
    delattr(found, "arguments")
    _check_arguments(prog, command, arguments)
    return found, arguments


def _parser(prog: str, command: Command, options: Iterable[Option]) -> _Parser:
    usage = " ".join([prog, "[options]", *map(_shown, command.arguments)])
    parser = _Parser(prog=prog, usage=usage, description=command.help, formatter_class=_formatter)
    for option in options:
        parser.add_argument(*option.flags, **_settings(option))
    parser.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    return parser


def _settings(option: Option) -> dict[str, Any]:
    settings: dict[str, Any] = {"dest": option.dest, "help": option.help.replace("%", "%%")}
    settings["action"] = option.action
    if option.takes_value:
        settings["type"] = _reader(option.kind)
        settings["metavar"] = option.metavar or option.dest.upper()
        if option.choices:
            settings["choices"] = option.choices
            settings["metavar"] = option.metavar or f"{{{','.join(option.choices)}}}"
    if option.action == "store_const":
        settings["const"] = option.const
    if option.default is not None:
        repeated = option.action == "append"
        settings["default"] = list(option.default) if repeated else option.default
    return settings


def _reader(kind: str) -> Callable[[str], Any]:
    read, expected = KINDS[kind]

    def reader(text: str) -> Any:
        try:
            return read(text)
        except UnitParseError as error:
            raise argparse.ArgumentTypeError(error.message.rstrip(".")) from None
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{error}; expected {expected}") from None

    return reader


def _joined(words: list[str], options: Iterable[Option]) -> list[str]:
    """Tie each option to its value, and mark where the arguments begin.

    argparse alone would take a value that begins with a dash for an option, and an option after
    the first argument for one of ours.
    """
    valued = [flag for option in options if option.takes_value for flag in option.flags]
    done: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            return [*done, "--", word, *rest]
        if (flag := _needs_value(word, valued)) and (value := next(rest, None)) is not None:
            # argparse takes an equals sign after a short option for its own.
            tie = "=" if flag.startswith("--") or value.startswith("=") else ""
            done.append(f"{flag}{tie}{value}")
            if not value:  # argparse reads an empty value only from a word of its own
                done[-1:] = [flag, ""]
        else:
            done.append(word)
    return [*done, "--", *rest]


def _needs_value(word: str, valued: list[str]) -> str | None:
    """Return *word* as a flag if its value is the next word."""
    if word.startswith("--"):
        if "=" in word:
            return None
        fits = [flag for flag in valued if flag.startswith(word)]
        return word if word in valued or len(fits) == 1 else None
    return word if word in valued else None


def _check_arguments(prog: str, command: Command, given: list[str]) -> None:
    least = sum(argument.least for argument in command.arguments)
    most = sum(sys.maxsize if a.most is None else a.most for a in command.arguments)
    shown = " ".join(map(_shown, command.arguments)) or "no arguments"
    if not least <= len(given) <= most:
        raise UsageError(
            f"{prog} takes {shown}, not {len(given)} argument(s)."
            f" Show what there is with: {prog} --help"
        )
    for argument, word in zip(command.arguments, given, strict=False):
        if argument.choices and word not in argument.choices:
            raise UsageError(f"{word!r} is none of {', '.join(argument.choices)}.")


def _shown(argument: Argument) -> str:
    name = "|".join(argument.choices) or f"<{argument.name}>"
    if argument.most is None:
        name += "..."
    return name if argument.least else f"[{name}]"
