"""Options of the gnt-instance commands that work on several instances."""

from ganetix.cli.command import Option

BY_NODE = Option(
    ("--node",),
    "multi_mode",
    "The arguments are nodes: all their instances.",
    action="store_const",
    const="nodes",
)
BY_PRIMARY = Option(
    ("--primary",),
    "multi_mode",
    "The arguments are nodes: instances that run there.",
    action="store_const",
    const="nodes-pri",
)
BY_SECONDARY = Option(
    ("--secondary",),
    "multi_mode",
    "The arguments are nodes: instances that have their copy there.",
    action="store_const",
    const="nodes-sec",
)
BY_NODE_TAGS = Option(
    ("--node-tags",),
    "multi_mode",
    "The arguments are tags of nodes: all their instances.",
    action="store_const",
    const="nodes-by-tags",
)
BY_PRIMARY_TAGS = Option(
    ("--pri-node-tags",),
    "multi_mode",
    "The arguments are tags of nodes: instances that run there.",
    action="store_const",
    const="nodes-pri-by-tags",
)
BY_SECONDARY_TAGS = Option(
    ("--sec-node-tags",),
    "multi_mode",
    "The arguments are tags of nodes: instances that have their copy there.",
    action="store_const",
    const="nodes-sec-by-tags",
)
BY_TAGS = Option(
    ("--tags",),
    "multi_mode",
    "The arguments are tags of instances.",
    action="store_const",
    const="instances-by-tags",
)
ALL = Option(
    ("--all",), "multi_mode", "All instances of the cluster.", action="store_const", const="cluster"
)
BY_NAME = Option(
    ("--instance",),
    "multi_mode",
    "The arguments are instances; this is the default.",
    action="store_const",
    const="instances",
)
FORCE_MULTIPLE = Option(
    ("--force-multiple",),
    "force_multi",
    "Do not ask when there are several instances.",
    action="store_true",
)
IGNORE_OFFLINE = Option(
    ("--ignore-offline",),
    "ignore_offline",
    "Only mark the instance if its node is offline.",
    action="store_true",
)
NO_REMEMBER = Option(
    ("--no-remember",),
    "no_remember",
    "Do not change the state that the cluster keeps the instance in.",
    action="store_true",
)
PAUSED = Option(("--paused",), "startup_paused", "Start it paused.", action="store_true")
TIMEOUT = Option(
    ("--timeout",),
    "timeout",
    "Seconds that the instance gets to shut down by itself.",
    kind="int",
    default=120,
)
REBOOT_TYPE = Option(
    ("-t", "--type"),
    "reboot_type",
    "soft asks the system, hard resets it, full stops and starts it.",
    kind="choice",
    default="hard",
    metavar="REBOOT",
    choices=("full", "hard", "soft"),
)
IGNORE_SECONDARIES = Option(
    ("--ignore-secondaries",),
    "ignore_secondaries",
    "Go on when a disk on a secondary node fails.",
    action="store_true",
)
SELECT_OS = Option(
    ("--select-os",), "select_os", "Ask for the operating system.", action="store_true"
)

CHOSEN = (
    BY_NODE,
    BY_PRIMARY,
    BY_SECONDARY,
    BY_NODE_TAGS,
    BY_PRIMARY_TAGS,
    BY_SECONDARY_TAGS,
    BY_TAGS,
    ALL,
    BY_NAME,
    FORCE_MULTIPLE,
)
"""What the arguments of a command for several instances are."""
