"""Options of gnt-backup."""

from ganetix.cli.command import Option

TARGET = Option(("-n", "--node"), "node", "Node that takes the export.", metavar="node")
NODES = Option(
    ("-n", "--node"),
    "nodes",
    "Only exports on this node; may be repeated.",
    action="append",
    default=(),
    metavar="node",
)
TRANSPORT_COMPRESSION = Option(
    ("--transport-compression",),
    "transport_compression",
    "Tool that compresses on the way between nodes; none does not.",
    default="none",
)
NO_SHUTDOWN = Option(
    ("--noshutdown",),
    "shutdown",
    "Do not stop the instance: what it writes meanwhile may be torn.",
    action="store_false",
    default=True,
)
REMOVE_INSTANCE = Option(
    ("--remove-instance",),
    "remove_instance",
    "Remove the instance when its export is there.",
    action="store_true",
)
IGNORE_REMOVE_FAILURES = Option(
    ("--ignore-remove-failures",),
    "ignore_remove_failures",
    "Forget the instance though its disks could not be removed.",
    action="store_true",
)
ZERO_FREE_SPACE = Option(
    ("--zero-free-space",),
    "zero_free_space",
    "Zero the free space of the disks first, with a helper machine.",
    action="store_true",
)
ZEROING_TIMEOUT_FIXED = Option(
    ("--zeroing-timeout-fixed",),
    "zeroing_timeout_fixed",
    "Seconds that zeroing may take in any case.",
    kind="int",
)
ZEROING_TIMEOUT_PER_MIB = Option(
    ("--zeroing-timeout-per-mib",),
    "zeroing_timeout_per_mib",
    "Seconds that it may take for each MiB.",
    kind="float",
)
LONG_SLEEP = Option(
    ("--long-sleep",),
    "long_sleep",
    "Let the instance stay down until the export is done, where disks have no snapshots.",
    action="store_true",
)
IDENTIFY_DEFAULTS = Option(
    ("--identify-defaults",),
    "identify_defaults",
    "Do not keep parameters of the export that are the cluster's defaults.",
    action="store_true",
)
SOURCE_DIR = Option(
    ("--src-dir",), "src_dir", "The export, by name or as a path; default: the instance's name.",
    metavar="dir",
)  # fmt: skip
SOURCE_NODE = Option(
    ("--src-node",), "src_node", "Node with the export; default: whichever has it.", metavar="node"
)
COMPRESS = Option(
    ("--compress",), "compress", "Tool that compresses on the way between nodes.", default="none"
)
