"""What may come next on a command line: behind the completion of bash, zsh and fish.

A shell calls ``gnt-instance --complete WORD...`` with the words after the program's name, the last
of them the one to complete (it may be empty), and gets a candidate a line. `SCRIPTS` has what the
shells need for that, by name; ``gnt-cluster completion SHELL`` prints it.
"""

from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import Final

from ganetix.cli.command import COMMON, Argument, Command, Option
from ganetix.cli.context import Context
from ganetix.errors import GanetiError

_ARGUMENTS: Final = {
    "instance": "instance",
    "node": "node",
    "group": "group",
    "network": "network",
    "job-id": "job",
    "uuid": "filter",
    "field": "",
}
"""What an argument of that name names: a resource, or a field of the command's own."""
_VALUES: Final = {
    "node": "node",
    "dst_node": "node",
    "new_primary_node": "node",
    "new_secondary": "node",
    "nodegroup": "group",
    "to": "group",
}
"""The same for the values of options, by their destination."""
_KEYS: Final = {"job": "id", "filter": "uuid"}
_YES_NO: Final = ("yes", "no")

_PROGRAMS: Final = " ".join(
    f"gnt-{noun}"
    for noun in (
        "backup", "cluster", "debug", "filter", "group", "instance", "job", "network", "node",
        "os", "storage",
    )
)  # fmt: skip
SCRIPTS: Final = {
    "bash": f"""\
# Completion of ganetix's commands for bash: put this into /etc/bash_completion.d/ganetix.
_ganetix() {{
    local IFS=$'\\n'
    COMPREPLY=($("$1" --complete "${{COMP_WORDS[@]:1:COMP_CWORD}}" 2>/dev/null))
}}
complete -o default -F _ganetix {_PROGRAMS}
""",
    "zsh": f"""\
#compdef {_PROGRAMS}
# Completion of ganetix's commands for zsh: put this into a directory of $fpath, as _ganetix.
_ganetix() {{
    local -a found
    found=("${{(@f)$("${{words[1]}}" --complete "${{(@)words[2,CURRENT]}}" 2>/dev/null)}}")
    compadd -a found
}}
# Zsh reads this file when it completes for the first time, and wants the answer.
if [[ $funcstack[1] == _ganetix ]]; then _ganetix "$@"; else compdef _ganetix {_PROGRAMS}; fi
""",
    "fish": f"""\
# Completion of ganetix's commands for fish: put this into ~/.config/fish/conf.d/ganetix.fish.
function __ganetix_complete
    set -l typed (commandline -opc)
    command $typed[1] --complete $typed[2..-1] "$(commandline -ct)" 2>/dev/null
end
for program in {_PROGRAMS}
    complete -c $program -f -a '(__ganetix_complete)'
end
""",
}


def script(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Print what a shell needs to complete our command lines."""
    context.print(SCRIPTS[arguments[0]].removesuffix("\n"))
    return 0


def candidates(
    context: Context, commands: Mapping[str, Command], command: Command | None, words: list[str]
) -> list[str]:
    """Return what may stand in place of the last of *words*, which follow the program's name.

    *command* is the one that the first word names, if there are more. Without a master daemon
    names are not known: then only commands, options and fixed words are offered.
    """
    *before, last = words or [""]
    if not before:
        return _fitting(last, sorted(commands))
    if command is None:
        return []
    if (option := _valued(command, before[-1])) is not None and len(before) > 1:
        return _values(context, option, last)
    flag, sign, value = last.partition("=")
    if sign and (option := _valued(command, flag)) is not None:
        return [f"{flag}={word}" for word in _values(context, option, value)]
    if last.startswith("-"):
        return _fitting(last, sorted(flag for o in _options(command) for flag in o.flags))
    return _words(context, command, _place(command, before[1:]), last)


def _options(command: Command) -> tuple[Option, ...]:
    return (*command.options, *COMMON)


def _valued(command: Command, flag: str) -> Option | None:
    """Return the option with *flag* if a value follows it."""
    return next((o for o in _options(command) if o.takes_value and flag in o.flags), None)


def _values(context: Context, option: Option, begun: str) -> list[str]:
    if option.choices or option.kind == "bool":
        return _fitting(begun, option.choices or _YES_NO)
    resource = _VALUES.get(option.dest)
    if resource is None:
        return []
    # The second node of pnode:snode is a name like the first.
    first, sign, rest = begun.rpartition(":")
    return [f"{first}{sign}{name}" for name in _fitting(rest, _names(context, resource))]


def _place(command: Command, before: list[str]) -> int:
    """Return how many arguments there are already among the words *before*."""
    place, words = 0, iter(before)
    for word in words:
        if not word.startswith("-"):
            place += 1
        elif _valued(command, word) is not None:
            next(words, None)
    return place


def _words(context: Context, command: Command, place: int, begun: str) -> list[str]:
    argument = _argument(command, place)
    if argument is None:
        return []
    if argument.choices:
        return _fitting(begun, argument.choices)
    resource = _ARGUMENTS.get(argument.name)
    if resource is None:
        return []
    return _fitting(begun, _names(context, resource) if resource else _fields(context, command))


def _argument(command: Command, place: int) -> Argument | None:
    """Return the argument at *place*; the last one may be repeated."""
    for argument in command.arguments:
        if argument.most is None or place < argument.most:
            return argument
        place -= argument.most
    return None


def _names(context: Context, resource: str) -> list[str]:
    try:
        rows = context.call("Query", resource, [_KEYS.get(resource, "name")], None)["data"]
    except GanetiError:
        return []  # there is nobody to tell while a key is pressed
    return [str(value) for [(_, value)] in rows]


def _fields(context: Context, command: Command) -> list[str]:
    try:
        rows = context.call("QueryFields", command.object, None)["fields"]
    except GanetiError:
        return []  # as above
    return [row["name"] for row in rows]


def _fitting(begun: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(begun)]
