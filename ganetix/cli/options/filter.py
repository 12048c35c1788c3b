"""Options of gnt-filter."""

from ganetix.cli.command import Option

PRIORITY = Option(
    ("--priority",),
    "priority",
    "Place among the rules: smaller numbers are looked at first.",
    kind="int",
    default=0,
)
PREDICATES = Option(
    ("--predicates",),
    "predicates",
    'Which jobs are meant, as JSON: [["jobid", [">", "id", "watermark"]]]; all must hold.',
    kind="json",
    default=(),
)
ACTION = Option(
    ("--action",),
    "action",
    'What is done with them: ACCEPT, PAUSE, REJECT, CONTINUE or "RATE_LIMIT n".',
    kind="filteraction",
    default="CONTINUE",
)
RULE = (PRIORITY, PREDICATES, ACTION)
"""What a rule is made of."""
