"""Options of the commands that create an instance, from nothing or of an export."""

from ganetix.cli.options import instance, shared

CREATION = (
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
    instance.IGNORE_IPOLICY,
    instance.HELPER_STARTUP_TIMEOUT,
    instance.HELPER_SHUTDOWN_TIMEOUT,
)
"""What both have."""
