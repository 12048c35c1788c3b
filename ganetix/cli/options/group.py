"""Options of gnt-group."""

from ganetix.cli.command import Option

ALLOC_POLICY = Option(
    ("--alloc-policy",),
    "alloc_policy",
    "Whether allocators choose this group: preferred, last_resort or unallocable.",
    metavar="POLICY",
)
INCLUDE_DEFAULTS = Option(
    ("--include-defaults",),
    "include_defaults",
    "Show what comes from the cluster too.",
    action="store_true",
)
