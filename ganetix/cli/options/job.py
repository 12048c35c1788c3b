"""Options of gnt-job and gnt-debug."""

from ganetix.cli.command import Option

PENDING = Option(
    ("--pending",),
    "status_filter",
    "Only jobs that have not begun.",
    action="store_const",
    const=("canceling", "queued", "waiting"),
)
RUNNING = Option(
    ("--running",), "status_filter", "Only jobs that run.", action="store_const", const=("running",)
)
ERROR = Option(
    ("--error",), "status_filter", "Only jobs that failed.", action="store_const", const=("error",)
)
FINISHED = Option(
    ("--finished",),
    "status_filter",
    "Only jobs that have ended.",
    action="store_const",
    const=("canceled", "error", "success"),
)
ARCHIVED = Option(("--archived",), "archived", "Archived jobs too.", action="store_true")
KILL = Option(
    ("--kill",), "kill", "Stop a running job at once, whatever it does.", action="store_true"
)
QUEUED = Option(
    ("--queued",),
    "status_filter",
    "Only jobs in the queue.",
    action="store_const",
    const=("queued",),
)
WAITING = Option(
    ("--waiting",),
    "status_filter",
    "Only jobs that wait for locks.",
    action="store_const",
    const=("waiting",),
)
NO_MASTER = Option(
    ("--no-master",), "on_master", "Do not wait on the master.", action="store_false"
)
ON_NODES = Option(
    ("-n",),
    "on_nodes",
    "Wait on this node; may be given several times.",
    action="append",
    default=(),
)
REPEAT = Option(("-r", "--repeat"), "repeat", "How often to do it again.", kind="int", default=0)
INTERRUPTIBLE = Option(
    ("-i", "--interruptible"),
    "interruptible",
    "Open a socket over which the wait can be cut short.",
    action="store_true",
)
NO_LOCKS = Option(("-l", "--no-locks"), "no_locks", "Take no locks.", action="store_true")
INTERVAL = Option(
    ("--interval",), "interval", "Show the locks again every so many seconds.", kind="int"
)
OP_REPEAT = Option(
    ("--op-repeat",),
    "rep_op",
    "Put each file's opcodes into the job so many times.",
    kind="int",
    default=1,
)
JOB_REPEAT = Option(
    ("--job-repeat",), "rep_job", "Submit each file's job so many times.", kind="int", default=1
)
TIMING_STATS = Option(
    ("--timing-stats",), "timing_stats", "Show how long it took.", action="store_true"
)
EACH = Option(("--each",), "each", "Submit each job by a call of its own.", action="store_true")
MANHOLE_NODE = Option(("--node",), "node", "Node of the daemon; this one if not given.")
MANHOLE_DAEMON = Option(
    ("--daemon",),
    "daemon",
    "Which daemon.",
    kind="choice",
    choices=("masterd", "noded", "rapid"),
    default="masterd",
)
