"""Options of the gnt-cluster commands that act on the running cluster."""

from ganetix.cli.command import Option

NO_VOTING = Option(
    ("--no-voting",),
    "no_voting",
    "Do not ask the nodes who the master is: no other master may run anywhere.",
    action="store_true",
)
FAILOVER_YES = Option(
    ("--yes-do-it",),
    "yes_do_it",
    "Do not ask about --no-voting; take over although changes are lost by it.",
    action="store_true",
)
IGNORE_OFFLINE_NODES = Option(
    ("--ignore-offline-nodes",),
    "ignore_offline_nodes",
    "Whether nodes that are marked offline have no vote.",
    default=True,
    metavar="yes|no",
)
CONFIRMED = Option(("--yes",), "confirm", "Do not ask.", action="store_true")
NODES = Option(
    ("-n", "--node"),
    "nodes",
    "A node; may be given several times (default: all).",
    action="append",
    default=(),
    metavar="<node>",
)
MACHINE_NAMES = Option(
    ("-M", "--show-machine-names"),
    "show_machine_names",
    "Put the node's name before each line of output.",
    action="store_true",
)
FAILURE_ONLY = Option(
    ("--failure-only",),
    "failure_only",
    "Show only nodes on which the command failed.",
    action="store_true",
)
REPLICATION_NETWORK = Option(
    ("--use-replication-network",),
    "use_replication_network",
    "Reach the nodes by their secondary addresses.",
    action="store_true",
)
ON = Option(("--on",), "on", "Power on and start, not off.", action="store_true")
GROUPS = Option(("--groups",), "groups", "The arguments are node groups.", action="store_true")
ALL_NODES = Option(("--all",), "show_all", "All nodes of the cluster.", action="store_true")
OOB_TIMEOUT = Option(
    ("--oob-timeout",),
    "oob_timeout",
    "Seconds that an out-of-band command may take.",
    kind="int",
    default=60,
)
SHUTDOWN_TIMEOUT = Option(
    ("--shutdown-timeout",),
    "shutdown_timeout",
    "Seconds that instances have to shut down.",
    kind="int",
    default=120,
)
POWER_DELAY = Option(
    ("--power-delay",),
    "power_delay",
    "Seconds between two nodes that are powered on.",
    kind="float",
    default=2.0,
)
UPGRADE_TO = Option(("--to",), "to", "The version to upgrade to.")
RESUME = Option(("--resume",), "resume", "Go on with an upgrade.", action="store_true")
