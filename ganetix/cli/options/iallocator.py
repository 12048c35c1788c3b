"""Options of gnt-debug iallocator."""

from ganetix.cli.command import Option

DIRECTION = Option(
    ("--dir",),
    "direction",
    "Show the request (in) or the answer (out).",
    kind="choice",
    choices=("in", "out"),
    default="in",
)
MODE = Option(
    ("-m", "--mode"),
    "mode",
    "What is asked for.",
    kind="choice",
    choices=(
        "allocate", "allocate-secondary", "change-group", "multi-allocate", "node-evacuate",
        "relocate",
    ),
    default="relocate",
)  # fmt: skip
MEMORY = Option(("--memory",), "memory", "Memory of a new instance.", kind="unit", default=128)
DISKS = Option(
    ("--disks",), "disks", "Sizes of a new instance's disks.", default="4096,4096", metavar="SIZES"
)
NICS = Option(
    ("--nics",),
    "nics",
    "A new instance's interfaces: MAC/IP/BRIDGE,...",
    default="00:11:22:33:44:55",
)
VCPUS = Option(("-p", "--vcpus"), "vcpus", "CPUs of a new instance.", kind="int", default=1)
EVAC_MODE = Option(
    ("--evac-mode",),
    "evac_mode",
    "What leaves the nodes.",
    kind="choice",
    choices=("all", "primary-only", "secondary-only"),
    default="all",
)
TARGET_GROUPS = Option(
    ("--target-groups",), "target_groups", "Group to go to; may be repeated.", action="append"
)
SPINDLE_USE = Option(
    ("--spindle-use",), "spindle_use", "Spindles of a new instance.", kind="int", default=1
)
COUNT = Option(
    ("--count",), "count", "How many new instances multi-allocate asks for.", kind="int", default=2
)
