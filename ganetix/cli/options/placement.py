"""Options of the commands that move instances between nodes and groups."""

from ganetix.cli.command import Option

NEW_SECONDARY = Option(
    ("-n", "--new-secondary"),
    "dst_node",
    "Node that all mirrors go to, instead of an allocator's choice.",
    metavar="NODE",
)
TARGET_NODE = Option(
    ("-n", "--target-node"),
    "dst_node",
    "Node to which instances that every node can run go.",
    metavar="NODE",
)
IGNORE_SOFT_ERRORS = Option(
    ("--ignore-soft-errors",),
    "ignore_soft_errors",
    "Let the allocator break limits that are no hard ones.",
    action="store_true",
)
EARLY_RELEASE = Option(
    ("--early-release",),
    "early_release",
    "Free the old mirror's node before the new mirror is in sync.",
    action="store_true",
)
PRIMARY_ONLY = Option(
    ("-p", "--primary-only"), "primary_only", "Only what runs on the node.", action="store_true"
)
SECONDARY_ONLY = Option(
    ("-s", "--secondary-only"),
    "secondary_only",
    "Only the mirrors that the node holds.",
    action="store_true",
)
TO = Option(
    ("--to",),
    "to",
    "Group to go to; may be repeated. By default any other group.",
    action="append",
    metavar="GROUP",
)
SEQUENTIAL = Option(
    ("--sequential",), "sequential", "One job after the other.", action="store_true"
)
FORCE_FAILOVER = Option(
    ("--force-failover",),
    "force_failover",
    "Stop and start instances instead of migrating them.",
    action="store_true",
)
PLAN = Option(
    ("--plan",),
    "plan",
    "Show what would move where, the score before and after; change nothing.",
    action="store_true",
)
MAX_LENGTH = Option(
    ("-l", "--max-length"),
    "max_length",
    "Make at most this many moves.",
    kind="int",
    default=-1,
)
NO_DISK_MOVES = Option(
    ("--no-disk-moves",),
    "disk_moves",
    "Give no instance another mirror: migrate and fail over alone.",
    action="store_false",
)
NO_INSTANCE_MOVES = Option(
    ("--no-instance-moves",),
    "instance_moves",
    "Migrate no instance: change mirrors alone.",
    action="store_false",
)
ABORT = Option(
    ("--abort",),
    "abort",
    "Cancel the moves of a balancing that have not begun.",
    action="store_true",
)
