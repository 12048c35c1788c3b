"""The commands of gnt-storage."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import shared

ENVIRONMENT_DEFAULTS: Final[tuple[str, ...]] = ()

COMMANDS: Final = {
    "diagnose": Command(
        "ext_storage:diagnose",
        "Show each external storage provider on each node, and what is wrong with it.",
        options=(shared.PRIORITY, shared.FORMAT),
    ),
    "info": Command(
        "ext_storage:info",
        "Show the parameters of external storage providers.",
        (Argument("provider", 0, None),),
        (shared.PRIORITY, shared.FORMAT),
    ),
}
