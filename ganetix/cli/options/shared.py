"""Options that several gnt-* commands share."""

from ganetix.cli.command import Option

BACKEND = Option(
    ("-B", "--backend-parameters"),
    "beparams",
    "Memory, CPUs and the like: memory=1g,vcpus=2; see gnt-instance(8).",
    kind="keyval",
)
SECONDARY_IP = Option(
    ("-s", "--secondary-ip"),
    "secondary_ip",
    "Address of the node for disk replication.",
    metavar="ADDRESS",
)
NODE_PARAMETERS = Option(
    ("--node-parameters",), "ndparams", "Parameters of nodes: ssh_port=22,...", kind="keyval"
)
HYPERVISOR_STATE = Option(
    ("--hypervisor-state",),
    "hv_state",
    "What a hypervisor uses by itself: NAME:key=value,...",
    kind="identkeyval",
    action="append",
    default=(),
)
DISK_STATE = Option(
    ("--disk-state",),
    "disk_state",
    "What a storage uses by itself: TYPE/NAME:key=value,...",
    kind="identkeyval",
    action="append",
    default=(),
)
YES_DO_IT = Option(("--yes-do-it", "--ya-rly"), "yes_do_it", "Really do it.", action="store_true")
ROMAN = Option(
    ("--roman",), "roman_integers", "Show whole numbers as Roman ones.", action="store_true"
)
VERBOSE = Option(
    ("-v", "--verbose"),
    "verbose",
    "Say more; in lists, why a value is missing.",
    action="store_true",
)
DRY_RUN = Option(
    ("--dry-run",), "dry_run", "Check everything, then change nothing.", action="store_true"
)
PRIORITY = Option(
    ("--priority",),
    "priority",
    "Priority of the job in the queue.",
    kind="choice",
    choices=("low", "normal", "high"),
)
NODE_GROUP = Option(
    ("-g", "--node-group"), "nodegroup", "Node group, by name or uuid.", metavar="nodegroup"
)
FORCE = Option(("-f", "--force"), "force", "Ask nothing and insist.", action="store_true")
SUBMIT = Option(
    ("--submit",), "submit_only", "Submit the job and do not wait for it.", action="store_true"
)
PRINT_JOBID = Option(
    ("--print-jobid",),
    "print_jobid",
    "Print the job's number as the first line.",
    action="store_true",
)
TAGS_FROM = Option(("--from",), "tags_source", "File with one tag a line; - is standard input.")
NO_HEADERS = Option(("--no-headers",), "no_headers", "Leave the titles out.", action="store_true")
SEPARATOR = Option(
    ("--separator",), "separator", "Put this between columns instead of aligning them."
)
UNITS = Option(
    ("--units",),
    "units",
    "Unit of sizes: h (readable), m, g or t.",
    kind="choice",
    choices=("h", "m", "g", "t"),
)
OUTPUT = Option(
    ("-o", "--output"),
    "output",
    "Columns, separated by commas; +NAME,... adds to the usual ones.",
    metavar="FIELDS",
)
FILTER = Option(
    ("-F", "--filter"), "force_filter", "Take the argument as a filter.", action="store_true"
)

FORMAT = Option(
    ("--format",),
    "format",
    "How to show what was found: text, or json, yaml or csv for programs.",
    kind="choice",
    choices=("text", "json", "yaml", "csv"),
)

SUBMITTED = (SUBMIT, PRINT_JOBID, PRIORITY)
"""Options of a command that submits a job."""
JOB = (*SUBMITTED, DRY_RUN)
"""Options of a command that submits a job which can be tried out."""
LIST = (NO_HEADERS, SEPARATOR, OUTPUT, VERBOSE, FILTER, FORMAT)
"""Options of a list command."""
FIELDS = (NO_HEADERS, SEPARATOR, FORMAT)
"""Options of list-fields."""
TAGS = (TAGS_FROM, *SUBMITTED)
"""Options of add-tags and remove-tags."""
