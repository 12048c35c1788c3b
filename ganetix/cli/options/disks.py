"""Options of the commands that replace disks and make them anew."""

from ganetix.cli.command import Option

AUTO = Option(
    ("-a", "--auto"),
    "auto",
    "Replace what is faulty, on whichever node that is.",
    action="store_true",
)
ON_PRIMARY = Option(
    ("-p", "--on-primary"), "on_primary", "Replace what the primary has.", action="store_true"
)
ON_SECONDARY = Option(
    ("-s", "--on-secondary"), "on_secondary", "Replace what the secondary has.", action="store_true"
)
NEW_SECONDARY = Option(
    ("-n", "--new-secondary"), "dst_node", "Node that the mirror goes to.", metavar="NODE"
)
INDICES = Option(("--disks",), "disks", "Numbers of the disks, as in 0,2; all without.")
EARLY_RELEASE = Option(
    ("--early-release",),
    "early_release",
    "Remove the old parts before the new ones are in sync.",
    action="store_true",
)
RECREATED = Option(
    ("--disk",),
    "disks",
    "One disk that is made anew: N, or N:size=10g,mode=...; all without.",
    kind="identkeyval",
    action="append",
    default=(),
)
NODES = Option(
    ("-n", "--node"),
    "node",
    "Node for the disks, and the secondary after a colon.",
    metavar="pnode[:snode]",
)
