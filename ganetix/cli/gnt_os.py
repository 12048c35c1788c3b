"""The commands of gnt-os."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import os, shared

ENVIRONMENT_DEFAULTS: Final[tuple[str, ...]] = ()

COMMANDS: Final = {
    "list": Command(
        "os_definitions:names",
        "List the operating systems that all nodes can install.",
        options=(shared.NO_HEADERS, shared.PRIORITY, shared.FORMAT),
    ),
    "diagnose": Command(
        "os_definitions:diagnose",
        "Show each definition on each node, and what is wrong with it.",
        options=(shared.PRIORITY, shared.FORMAT),
    ),
    "info": Command(
        "os_definitions:info",
        "Show versions, variants and parameters of definitions.",
        (Argument("os", 0, None),),
        (shared.PRIORITY, shared.FORMAT),
        aliases=("show",),
    ),
    "modify": Command(
        "os_modify:modify",
        "Change parameters of a definition, hide it, or keep it from being installed.",
        (Argument("os"),),
        (*os.CHANGES, *shared.JOB),
    ),
}
