"""Options of gnt-instance."""

from ganetix.cli.command import Option

DISK_TEMPLATES = (
    "blockdev",
    "diskless",
    "drbd",
    "ext",
    "file",
    "gluster",
    "plain",
    "rbd",
    "sharedfile",
)
DISK = Option(
    ("--disk",),
    "disks",
    "One disk: N:size=10g,...; on modify also N:add, N:remove or N:key=value.",
    kind="identkeyval",
    action="append",
    default=(),
)
DISK_TEMPLATE = Option(
    ("-t", "--disk-template"),
    "disk_template",
    "How the disks are stored.",
    kind="choice",
    metavar="TEMPL",
    choices=DISK_TEMPLATES,
)
FILE_STORAGE_DIR = Option(
    ("--file-storage-dir",),
    "file_storage_dir",
    "Directory below the cluster's one for file disks.",
    metavar="DIR",
)
FILE_DRIVER = Option(
    ("--file-driver",),
    "file_driver",
    "How the hypervisor opens file disks.",
    kind="choice",
    metavar="DRIVER",
    choices=("loop", "blktap", "blktap2"),
)
HYPERVISOR = Option(
    ("-H", "--hypervisor-parameters"),
    "hypervisor",
    "Hypervisor and its parameters: NAME:key=value,...",
    kind="identkeyval",
)
IALLOCATOR = Option(
    ("-I", "--iallocator"),
    "iallocator",
    "Allocator that chooses the nodes; . is the cluster's default.",
    metavar="NAME",
)
NET = Option(
    ("--net",),
    "nics",
    "One network interface: N:mac=...,ip=...,link=...; on modify also N:add or N:remove.",
    kind="identkeyval",
    action="append",
    default=(),
)
PLACEMENT = Option(
    ("-n", "--node"),
    "node",
    "Primary node, and the secondary after a colon.",
    metavar="pnode[:snode]",
)
NO_IP_CHECK = Option(
    ("--no-ip-check",),
    "ip_check",
    "Do not check whether the address answers already; this is the default.",
    action="store_false",
    default=False,
)
NO_CONFLICTS_CHECK = Option(
    ("--no-conflicts-check",),
    "conflicts_check",
    "Do not check addresses against the cluster's networks.",
    action="store_false",
)
NO_NAME_CHECK = Option(
    ("--no-name-check",),
    "name_check",
    "Do not resolve the name; this is the default.",
    action="store_false",
    default=False,
)
NO_NICS = Option(
    ("--no-nics",), "no_nics", "Give the instance no network interface.", action="store_true"
)
NO_WAIT_FOR_SYNC = Option(
    ("--no-wait-for-sync",),
    "wait_for_sync",
    "Do not wait until the disks are in sync.",
    action="store_false",
)
OS_PARAMETERS = Option(
    ("-O", "--os-parameters"),
    "osparams",
    "Parameters of the operating system: key=value,...",
    kind="keyval",
)
OS_PARAMETERS_PRIVATE = Option(
    ("--os-parameters-private",),
    "osparams_private",
    "The same, kept out of logs.",
    kind="keyprivateval",
)
OS_PARAMETERS_SECRET = Option(
    ("--os-parameters-secret",),
    "osparams_secret",
    "The same, never stored.",
    kind="keyprivateval",
)
OS_SIZE = Option(
    ("-s", "--os-size"), "sd_size", "Size of the only disk.", kind="unit", metavar="size"
)
OPPORTUNISTIC_LOCKING = Option(
    ("--opportunistic-locking",),
    "opportunistic_locking",
    "Choose among the nodes that are free now.",
    action="store_true",
)
TAGS = Option(("--tags",), "tags", "Tags of the new instance, separated by commas.")
FORTHCOMING = Option(
    ("--forthcoming",),
    "forthcoming",
    "Only reserve what the instance will need.",
    action="store_true",
)
COMMIT = Option(("--commit",), "commit", "Make an instance of a reservation.", action="store_true")
NO_START = Option(("--no-start",), "start", "Do not start the instance.", action="store_false")
OS_TYPE = Option(
    ("-o", "--os-type"),
    "os",
    "Operating system definition, with its variant: name+variant.",
    metavar="os",
)
FORCE_VARIANT = Option(
    ("--force-variant",),
    "force_variant",
    "Take a variant that the definition does not list.",
    action="store_true",
)
NO_INSTALL = Option(
    ("--no-install",), "no_install", "Do not install an operating system.", action="store_true"
)
IGNORE_IPOLICY = Option(
    ("--ignore-ipolicy",), "ignore_ipolicy", "Go against the instance policy.", action="store_true"
)
COMMUNICATION = Option(
    ("-c", "--communication"),
    "instance_communication",
    "Whether the instance reaches the metadata service.",
    kind="bool",
)
HELPER_STARTUP_TIMEOUT = Option(
    ("--helper-startup-timeout",),
    "helper_startup_timeout",
    "Seconds that the helper machine may take to start.",
    kind="int",
)
HELPER_SHUTDOWN_TIMEOUT = Option(
    ("--helper-shutdown-timeout",),
    "helper_shutdown_timeout",
    "Seconds that the helper machine may take to stop.",
    kind="int",
)
SHUTDOWN_TIMEOUT = Option(
    ("--shutdown-timeout",),
    "shutdown_timeout",
    "Seconds that the instance gets to shut down by itself.",
    kind="int",
    default=120,
)
IGNORE_FAILURES = Option(
    ("--ignore-failures",),
    "ignore_failures",
    "Remove it even where parts of it can't be removed.",
    action="store_true",
)
STATIC = Option(
    ("-s", "--static"), "static", "Ask no node; show what is configured.", action="store_true"
)
SHOW_ALL = Option(("--all",), "show_all", "Show all instances.", action="store_true")
HYPERVISOR_PARAMETERS = Option(
    ("-H", "--hypervisor-parameters"),
    "hvparams",
    "Hypervisor parameters: key=value,...",
    kind="keyval",
)
IGNORE_CONSISTENCY = Option(
    ("--ignore-consistency",),
    "ignore_consistency",
    "Go on though the target's disks may be behind.",
    action="store_true",
)
TARGET_NODE = Option(
    ("-n", "--target-node"),
    "dst_node",
    "Node to go to, where the storage leaves a choice.",
    metavar="NODE",
)
CLEANUP = Option(
    ("--cleanup",), "cleanup", "Tidy up after a migration that failed.", action="store_true"
)
NON_LIVE = Option(
    ("--non-live",),
    "live",
    "Stop the instance for the time of its migration.",
    action="store_false",
)
MIGRATION_MODE = Option(
    ("--migration-mode",),
    "migration_mode",
    "Whether the instance goes on running meanwhile.",
    kind="choice",
    choices=("non-live", "live"),
)
ALLOW_FAILOVER = Option(
    ("--allow-failover",),
    "allow_failover",
    "Fail over if the instance can't be migrated.",
    action="store_true",
)
IGNORE_HVVERSIONS = Option(
    ("--ignore-hvversions",),
    "ignore_hvversions",
    "Go on though the nodes' hypervisors differ in version.",
    action="store_true",
)
NO_RUNTIME_CHANGES = Option(
    ("--no-runtime-changes",),
    "allow_runtime_chgs",
    "Do not shrink the memory to make it fit.",
    action="store_false",
)
DESTINATION = Option(("-n", "--node"), "node", "Node that the instance goes to.", metavar="node")
NEW_SECONDARY = Option(
    ("-n", "--node"), "node", "Secondary node, when converting to drbd.", metavar="node"
)
SET_OFFLINE = Option(
    ("--offline",),
    "offline_inst",
    "Mark it offline: it is not started and takes no memory.",
    action="store_true",
)
SET_ONLINE = Option(
    ("--online",), "online_inst", "Mark an offline instance as down.", action="store_true"
)
RUNTIME_MEMORY = Option(
    ("-m", "--runtime-memory"),
    "runtime_mem",
    "Memory that it has from now on, by ballooning.",
    kind="unit",
    metavar="size",
)
NEW_PRIMARY = Option(
    ("--new-primary",),
    "new_primary_node",
    "Write another primary node into the configuration, after moving the disks by hand.",
    metavar="node",
)
HOTPLUG = Option(
    ("--hotplug",),
    "hotplug",
    "Change devices while it runs; this is the default.",
    action="store_true",
    default=True,
)
HOTPLUG_IF_POSSIBLE = Option(
    ("--hotplug-if-possible",),
    "hotplug_if_possible",
    "Change devices while it runs, if it can.",
    action="store_true",
)
EXT_PARAMS = Option(
    ("-e", "--ext-params"),
    "ext_params",
    "Parameters of the storage provider when converting disks.",
    kind="keyval",
)
ABSOLUTE = Option(("--absolute",), "absolute", "The amount is the new size.", action="store_true")
SHOW_COMMAND = Option(
    ("--show-cmd",),
    "show_command",
    "Print the command that opens the console.",
    action="store_true",
)
IGNORE_SIZE = Option(
    ("--ignore-size",), "ignore_size", "Do not check the disks' sizes.", action="store_true"
)
WAIT_FOR_SYNC = Option(
    ("--wait-for-sync",), "wait_for_sync", "Wait until the disks are in sync.", action="store_true"
)


IP_CHECK = Option(
    ("--ip-check",),
    "ip_check",
    "Refuse if the address of the name answers already.",
    action="store_true",
)
NAME_CHECK = Option(
    ("--name-check",),
    "name_check",
    "Refuse if the name does not resolve.",
    action="store_true",
)
NO_HOTPLUG = Option(
    ("--no-hotplug",), "hotplug", "Change devices at the next start.", action="store_false"
)
