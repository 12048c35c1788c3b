"""The commands of gnt-backup."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import backup, instance, shared

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
            *shared.JOB,
            shared.BACKEND,
            instance.DISK,
            instance.DISK_TEMPLATE,
            instance.FILE_STORAGE_DIR,
            instance.FILE_DRIVER,
            instance.HYPERVISOR,
            instance.IALLOCATOR,
            instance.NET,
            instance.PLACEMENT,
            shared.NODE_GROUP,
            instance.NO_IP_CHECK,
            instance.NO_CONFLICTS_CHECK,
            instance.NO_NAME_CHECK,
            instance.NO_NICS,
            instance.NO_WAIT_FOR_SYNC,
            instance.OS_PARAMETERS,
            instance.OS_PARAMETERS_PRIVATE,
            instance.OS_PARAMETERS_SECRET,
            instance.OS_SIZE,
            instance.OPPORTUNISTIC_LOCKING,
            instance.TAGS,
            backup.IDENTIFY_DEFAULTS,
            backup.SOURCE_DIR,
            backup.SOURCE_NODE,
            backup.COMPRESS,
            instance.IGNORE_IPOLICY,
            instance.HELPER_STARTUP_TIMEOUT,
            instance.HELPER_SHUTDOWN_TIMEOUT,
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
