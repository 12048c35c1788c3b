"""Options of the gnt-node commands about machines: power, storage, allowed commands."""

from ganetix.cli.command import Option

IGNORE_STATUS = Option(
    ("--ignore-status",),
    "ignore_status",
    "Power off nodes that are not marked offline, too.",
    action="store_true",
)
STORAGE_TYPE = Option(
    ("-t", "--storage-type"),
    "user_storage_type",
    "Type of the storage units.",
    kind="choice",
    choices=("file", "lvm-pv", "lvm-vg", "sharedfile", "gluster"),
    metavar="STORAGE_TYPE",
)
ALLOCATABLE = Option(
    ("--allocatable",),
    "allocatable",
    "Whether new volumes may be put there.",
    kind="bool",
    metavar="yes|no",
)
IGNORE_CONSISTENCY = Option(
    ("--ignore-consistency",),
    "ignore_consistency",
    "Repair although other nodes' copies may be broken.",
    action="store_true",
)
SYNC = Option(
    ("--sync",), "do_locking", "Keep other jobs off the nodes meanwhile.", action="store_true"
)
