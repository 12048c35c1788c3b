"""Reading the command lines of the planner's programs.

Not argparse: options with a value that may be left out (``-p``, ``-C``, ``-L``) take it only when
it is attached, and every program starts in a few milliseconds.
"""

import sys
from collections.abc import Sequence
from typing import Any, Final

from ganetix.cli.htools.options import (
    OPTIONS,
    TEMPLATES,
    VERSION,
    Option,
    UsageError,
    Values,
)

# What completion scripts offer for a value, by its name in the help; and for what they offer none:
# files that need not be there, fields, words.
COMPLETED: Final = {
    "ADDRESS": "host", "CHOICE": "choices=yes,no", "DELTA": "float", "EPSILON": "float",
    "FACTOR": "float", "FILE": "file", "ID": "onegroup", "INSTS": "manyinstances", "N": "integer",
    "NODE": "onenode", "NODE,...": "manynodes", "PATH": "dir", "PRIO": "choices=low,normal,high",
    "RATIO": "float", "SCORE": "float", "SECONDS": "float", "SOCKET": "file", "SPINDLES": "float",
    "TEMPLATE": f"choices={','.join(TEMPLATES)}",
}  # fmt: skip
UNCOMPLETED: Final = frozenset({"print-nodes", "print-commands", "save", "reason"})
OPERANDS: Final = {"hail": ["file 1 1"], "hscan": ["host 0 none"]}


def _value(option: Option, attached: str | None, rest: list[str], shown: str) -> str | None:
    if option.value == "no":
        if attached is not None:
            raise UsageError(f"option `{shown}' doesn't allow an argument")
        return None
    if attached is not None or option.value == "may":
        return attached
    if not rest:
        raise UsageError(f"option `{shown}' requires an argument {option.metavar}")
    return rest.pop(0)


def _long(word: str, known: Sequence[Option]) -> tuple[Option, str | None]:
    name, equals, attached = word[2:].partition("=")
    found = [option for option in known if option.long == name] or [
        option for option in known if option.long.startswith(name)
    ]
    if len(found) != 1:
        problem = "unrecognized option" if not found else "option is ambiguous;"
        raise UsageError(f"{problem} `{word}'")
    return found[0], attached if equals else None


def parse(argv: Sequence[str], known: Sequence[Option]) -> Values:
    """Read *argv*; raises `UsageError`."""
    given: dict[str, Any] = {}
    args: list[str] = []
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            args += rest
            break
        if word.startswith("--"):
            option, attached = _long(word, known)
            _set(given, option, _value(option, attached, rest, word))
        elif word.startswith("-") and word != "-":
            _short(given, word[1:], known, rest)
        else:
            args.append(word)
    return Values(**given, args=tuple(args))


def _set(given: dict[str, Any], option: Option, text: str | None) -> None:
    old = given.get(option.field, Values._field_defaults[option.field])
    given[option.field] = option.convert(text, old)


def _short(given: dict[str, Any], letters: str, known: Sequence[Option], rest: list[str]) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        option = next((option for option in known if option.short == letter), None)
        if option is None:
            raise UsageError(f"unrecognized option `-{letter}'")
        if option.value == "no":
            _set(given, option, None)
        else:
            _set(given, option, _value(option, letters or None, rest, f"-{letter}"))
            return


def usage(program: str, known: Sequence[Option]) -> str:
    """Return the help text of *program*."""
    lines = [f"{program} (ganetix) version {VERSION}", f"Usage: {program} [OPTION...]"]
    shown = []
    for option in known:
        forms = {"no": ("", ""), "must": (f" {option.metavar}", f"={option.metavar}"),
                 "may": (f"[{option.metavar}]", f"[={option.metavar}]")}[option.value]  # fmt: skip
        short = f"-{option.short}{forms[0]}" if option.short else ""
        shown.append((short, f"--{option.long}{forms[1]}", option.help))
    shown += [("-V", "--version", "show the version"), ("-h", "--help", "show this help"),
              ("", "--help-completion", "show completion data")]  # fmt: skip
    one = max(len(short) for short, _long, _help in shown)
    two = max(len(long) for _short, long, _help in shown)
    lines += [f"  {short:<{one}}  {long:<{two}}  {text}" for short, long, text in shown]
    return "\n".join(lines) + "\n"


def _completion(program: str, known: Sequence[Option]) -> str:
    """Return the options, and what else there may be, in the form that completion scripts read."""
    lines = []
    for option in known:
        names = ",".join(
            filter(None, (f"-{option.short}" if option.short else "", f"--{option.long}"))
        )
        kind = "none" if option.value == "no" or option.long in UNCOMPLETED else "string"
        if kind == "string":
            kind = COMPLETED.get(option.metavar, kind)
        lines.append(f"{names} {kind}")
    lines += ["-V,--version none", "-h,--help none", "--help-completion none"]
    return "\n".join([*lines, *OPERANDS.get(program, ())]) + "\n"


def arguments(
    program: str, names: Sequence[str], argv: Sequence[str] | None, *, least: int = 0, most: int = 0
) -> Values | int:
    """Read the command line of *program* with the options *names*, or return an exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    known = [OPTIONS[name] for name in names]
    if "-h" in words or "--help" in words:
        sys.stdout.write(usage(program, known))
        return 0
    if "-V" in words or "--version" in words:
        sys.stdout.write(
            f"{program} (ganetix) version {VERSION}\n"
            f"running on python {sys.version.split()[0]}\n{sys.platform}\n"
        )
        return 0
    if "--help-completion" in words:
        sys.stdout.write(_completion(program, known))
        return 0
    try:
        values = parse(words, known)
    except UsageError as err:
        start = "Command line error:" if err.code == 2 else "Error while parsing the command line:"
        sys.stderr.write(f"{start} {err}\n")
        if err.code == 2:
            sys.stderr.write(usage(program, known))
        return err.code
    if not least <= len(values.args) <= most:
        sys.stderr.write(_wrong_arguments(program, least, most))
        return 1
    return values


def _wrong_arguments(program: str, least: int, most: int) -> str:
    if most == 0:
        return f"Error: {program} takes no arguments, only options; see {program} --help.\n"
    return (
        f"Error: {program} takes {least if least == most else f'{least} to {most}'} argument(s).\n"
    )
