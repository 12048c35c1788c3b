"""The commands of gnt-backup."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import backup, creation, instance, shared

ENVIRONMENT_DEFAULTS: Final[tuple[str, ...]] = ()

COMMANDS: Final = {
    "export": Command(
        "backup:export",
        "Export an instance to a node.",
        (Argument("instance"),),
        (
            *shared.JOB,
            shared.FORCE,
            backup.TARGET,
            backup.TRANSPORT_COMPRESSION,
            backup.NO_SHUTDOWN,
            instance.SHUTDOWN_TIMEOUT,
            backup.REMOVE_INSTANCE,
            backup.IGNORE_REMOVE_FAILURES,
            backup.ZERO_FREE_SPACE,
            backup.ZEROING_TIMEOUT_FIXED,
            backup.ZEROING_TIMEOUT_PER_MIB,
            backup.LONG_SLEEP,
        ),
    ),
    "import": Command(
        "backup:import_",
        "Make an instance of an export.",
        (Argument("name"),),
        (
            *creation.CREATION,
            backup.IDENTIFY_DEFAULTS,
            backup.SOURCE_DIR,
            backup.SOURCE_NODE,
            backup.COMPRESS,
        ),
    ),
    "list": Command(
        "backup:exports",
        "List the exports on the nodes.",
        (),
        (
            backup.NODES,
            shared.NO_HEADERS,
            shared.SEPARATOR,
            shared.UNITS,
            shared.OUTPUT,
            shared.VERBOSE,
            shared.FORMAT,
        ),
        object="export",
    ),
    "list-fields": Command(
        "lists:fields_of",
        "List the fields that list can show.",
        (Argument("field", 0, None),),
        shared.FIELDS,
        object="export",
    ),
    "remove": Command(
        "backup:remove",
        "Remove the export of an instance from all nodes.",
        (Argument("export"),),
        shared.JOB,
    ),
}
