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
