"""Options of gnt-cluster."""

from ganetix.cli.command import Option

VERIFY_CODES = (
    "ECLUSTERCERT",
    "ECLUSTERCFG",
    "ECLUSTERCLIENTCERT",
    "ECLUSTERDANGLINGINST",
    "ECLUSTERDANGLINGNODES",
    "ECLUSTERFILECHECK",
    "EEXTAGS",
    "EGROUPDIFFERENTPVSIZE",
    "EINSTANCEBADNODE",
    "EINSTANCEDOWN",
    "EINSTANCEFAULTYDISK",
    "EINSTANCELAYOUT",
    "EINSTANCEMISSINGCFGPARAMETER",
    "EINSTANCEMISSINGDISK",
    "EINSTANCEPOLICY",
    "EINSTANCESPLITGROUPS",
    "EINSTANCEUNSUITABLENODE",
    "EINSTANCEWRONGNODE",
    "ENODEDRBD",
    "ENODEDRBDHELPER",
    "ENODEDRBDVERSION",
    "ENODEFILECHECK",
    "ENODEFILESTORAGEPATHS",
    "ENODEFILESTORAGEPATHUNUSABLE",
    "ENODEGLUSTERSTORAGEPATHUNUSABLE",
    "ENODEHOOKS",
    "ENODEHV",
    "ENODELVM",
    "ENODEN1",
    "ENODENET",
    "ENODEOOBPATH",
    "ENODEORPHANINSTANCE",
    "ENODEORPHANLV",
    "ENODEOS",
    "ENODERPC",
    "ENODESETUP",
    "ENODESHAREDFILESTORAGEPATHUNUSABLE",
    "ENODESSH",
    "ENODETIME",
    "ENODEUSERSCRIPTS",
    "ENODEVERSION",
)
CANDIDATE_POOL_SIZE = Option(
    ("-C", "--candidate-pool-size"),
    "candidate_pool_size",
    "How many master candidates the cluster keeps.",
    kind="int",
)
ENABLED_HYPERVISORS = Option(
    ("--enabled-hypervisors",),
    "enabled_hypervisors",
    "Hypervisors that instances may use; the first is the default.",
)
CLUSTER_FILE_STORAGE_DIR = Option(
    ("--file-storage-dir",),
    "file_storage_dir",
    "Directory of file disks on every node; empty turns it off.",
    metavar="DIR",
)
CLUSTER_HYPERVISOR = Option(
    ("-H", "--hypervisor-parameters"),
    "hvparams",
    "Defaults of one hypervisor: NAME:key=value,...",
    kind="identkeyval",
    action="append",
    default=(),
)
MAC_PREFIX = Option(
    ("-m", "--mac-prefix"),
    "mac_prefix",
    "First three octets of new MAC addresses.",
    metavar="PREFIX",
)
MASTER_NETDEV = Option(
    ("--master-netdev",),
    "master_netdev",
    "Interface that carries the cluster's own address.",
    metavar="NETDEV",
)
MASTER_NETMASK = Option(
    ("--master-netmask",),
    "master_netmask",
    "Prefix length of the cluster's own address.",
    metavar="NETMASK",
)
NIC_PARAMETERS = Option(
    ("-N", "--nic-parameters"),
    "nicparams",
    "Defaults of network interfaces: mode=...,link=...,vlan=...",
    kind="keyval",
)
NO_ETC_HOSTS = Option(
    ("--no-etc-hosts",),
    "modify_etc_hosts",
    "Leave /etc/hosts of the nodes alone.",
    action="store_false",
)
NO_SSH_INIT = Option(
    ("--no-ssh-init",),
    "modify_ssh_setup",
    "Leave ssh keys of the nodes alone.",
    action="store_false",
)
VG_NAME = Option(
    ("--vg-name",),
    "vg_name",
    "LVM volume group of plain and drbd disks; empty turns LVM off.",
    metavar="VG",
)
MAINTAIN_NODE_HEALTH = Option(
    ("--maintain-node-health",),
    "maintain_node_health",
    "Whether the watcher stops instances on a node that was set offline.",
    kind="bool",
    metavar="yes|no",
)
UID_POOL = Option(
    ("--uid-pool",), "uid_pool", "User ids that hypervisors may take: 4000-4019,5000."
)
DRBD_HELPER = Option(
    ("--drbd-usermode-helper",), "drbd_helper", "Program that DRBD is set to call."
)
DEFAULT_IALLOCATOR = Option(
    ("-I", "--default-iallocator"),
    "default_iallocator",
    "Allocator that places instances when none is named.",
    metavar="NAME",
)
DEFAULT_IALLOCATOR_PARAMS = Option(
    ("--default-iallocator-params",),
    "default_iallocator_params",
    "Parameters of the default allocator.",
    kind="keyval",
)
PRIMARY_IP_VERSION = Option(
    ("--primary-ip-version",),
    "primary_ip_version",
    "IP version of the nodes' primary addresses.",
    default=4,
    metavar="4|6",
)
PREALLOC_WIPE_DISKS = Option(
    ("--prealloc-wipe-disks",),
    "prealloc_wipe_disks",
    "Whether new disks are wiped before an instance gets them.",
    kind="bool",
    metavar="yes|no",
)
SHARED_FILE_STORAGE_DIR = Option(
    ("--shared-file-storage-dir",),
    "shared_file_storage_dir",
    "Directory of shared file disks; empty turns it off.",
    metavar="SHAREDDIR",
)
EXTERNAL_MIP_SCRIPT = Option(
    ("--use-external-mip-script",),
    "use_external_mip_script",
    "Whether a script of your own turns the cluster's address up and down.",
    kind="bool",
    metavar="yes|no",
)
DISK_PARAMETERS = Option(
    ("-D", "--disk-parameters"),
    "diskparams",
    "Parameters of one disk template: TEMPLATE:key=value,...",
    kind="identkeyval",
    action="append",
    default=(),
)
ENABLED_DISK_TEMPLATES = Option(
    ("--enabled-disk-templates",),
    "enabled_disk_templates",
    "Disk templates that instances may use, separated by commas.",
)
IPOLICY_STD_SPECS = Option(
    ("--ipolicy-std-specs",),
    "ipolicy_std_specs",
    "Standard size of an instance, for capacity planning.",
    kind="keyval",
)
GLUSTER_STORAGE_DIR = Option(
    ("--gluster-storage-dir",),
    "gluster_storage_dir",
    "Directory where Gluster volumes are mounted.",
    default="/var/run/ganeti/gluster",
    metavar="GLUSTERDIR",
)
INSTALL_IMAGE = Option(
    ("--install-image",),
    "install_image",
    "Image of the helper machine that installs untrusted systems.",
)
ZEROING_IMAGE = Option(
    ("--zeroing-image",), "zeroing_image", "Image of the helper machine that zeroes free space."
)
COMPRESSION_TOOLS = Option(
    ("--compression-tools",), "compression_tools", "Programs that exports may be compressed with."
)
USER_SHUTDOWN = Option(
    ("--user-shutdown",),
    "enabled_user_shutdown",
    "Whether an instance that was shut down from inside stays down.",
    kind="bool",
)
SSH_KEY_BITS = Option(
    ("--ssh-key-bits",), "ssh_key_bits", "Length of the nodes' ssh keys.", kind="int"
)
SSH_KEY_TYPE = Option(
    ("--ssh-key-type",),
    "ssh_key_type",
    "Type of the nodes' ssh keys.",
    kind="choice",
    choices=("dsa", "rsa", "ecdsa"),
)
IPOLICY_BOUNDS_SPECS = Option(
    ("--ipolicy-bounds-specs",),
    "ipolicy_bounds_specs",
    "Smallest and largest instances: min:key=value/max:key=value//...",
    kind="multilistidentkeyval",
)
IPOLICY_DISK_TEMPLATES = Option(
    ("--ipolicy-disk-templates",),
    "ipolicy_disk_templates",
    "Disk templates that the policy allows.",
    kind="list",
)
IPOLICY_VCPU_RATIO = Option(
    ("--ipolicy-vcpu-ratio",),
    "ipolicy_vcpu_ratio",
    "Most virtual CPUs for each CPU of a node.",
    kind="maybefloat",
)
IPOLICY_SPINDLE_RATIO = Option(
    ("--ipolicy-spindle-ratio",),
    "ipolicy_spindle_ratio",
    "Most instances for each spindle of a node.",
    kind="maybefloat",
)
SPECS_CPU_COUNT = Option(
    ("--specs-cpu-count",),
    "ispecs_cpu_count",
    "Limits of virtual CPUs: min=..,max=..,std=..",
    kind="keyval",
)
SPECS_DISK_COUNT = Option(
    ("--specs-disk-count",),
    "ispecs_disk_count",
    "Limits of the number of disks: min=..,max=..,std=..",
    kind="keyval",
)
SPECS_DISK_SIZE = Option(
    ("--specs-disk-size",),
    "ispecs_disk_size",
    "Limits of disk sizes: min=..,max=..,std=..",
    kind="keyval",
)
SPECS_MEM_SIZE = Option(
    ("--specs-mem-size",),
    "ispecs_mem_size",
    "Limits of memory: min=..,max=..,std=..",
    kind="keyval",
)
SPECS_NIC_COUNT = Option(
    ("--specs-nic-count",),
    "ispecs_nic_count",
    "Limits of network interfaces: min=..,max=..,std=..",
    kind="keyval",
)
SIMULATE_ERRORS = Option(
    ("--debug-simulate-errors",),
    "simulate_errors",
    "Report every check as failed, to see the messages.",
    action="store_true",
)
ERROR_CODES = Option(
    ("--error-codes",),
    "error_codes",
    "Report in a form for programs, with error codes.",
    action="store_true",
)
NO_NPLUS1_MEM = Option(
    ("--no-nplus1-mem",),
    "skip_nplusone_mem",
    "Do not check whether a failed node's instances would fit elsewhere.",
    action="store_true",
)
IGNORE_ERRORS = Option(
    ("-I", "--ignore-errors"),
    "ignore_errors",
    "Report errors with this code as warnings; may be given several times.",
    kind="choice",
    action="append",
    default=(),
    choices=VERIFY_CODES,
)
VERIFY_CLUTTER = Option(
    ("--verify-ssh-clutter",),
    "verify_clutter",
    "Check for ssh keys that do not belong to the cluster.",
    action="store_true",
)
MAX_RUNNING_JOBS = Option(
    ("--max-running-jobs",), "max_running_jobs", "How many jobs run at the same time.", kind="int"
)
MAX_TRACKED_JOBS = Option(
    ("--max-tracked-jobs",),
    "max_tracked_jobs",
    "How many jobs are watched for changes at the same time.",
    kind="int",
)
COMMUNICATION_NETWORK = Option(
    ("--instance-communication-network",),
    "instance_communication_network",
    "Network over which instances reach the metadata service.",
)
ADD_UIDS = Option(("--add-uids",), "add_uids", "User ids to add to the pool.")
REMOVE_UIDS = Option(("--remove-uids",), "remove_uids", "User ids to remove from the pool.")
RESERVED_LVS = Option(
    ("--reserved-lvs",), "reserved_lvs", "Logical volumes to leave alone, as regular expressions."
)
MODIFY_ETC_HOSTS = Option(
    ("--modify-etc-hosts",),
    "modify_etc_hosts",
    "Whether /etc/hosts of the nodes is kept up to date.",
    kind="bool",
    metavar="yes|no",
)
DATA_COLLECTORS = Option(
    ("--enabled-data-collectors",),
    "enabled_data_collectors",
    "Which data collectors are on: NAME=yes,...",
    kind="keyval",
)
DATA_COLLECTOR_INTERVAL = Option(
    ("--data-collector-interval",),
    "data_collector_interval",
    "Seconds between two runs of a data collector: NAME=seconds,...",
    kind="keyval",
)
REALLY = Option(("--yes-do-it",), "yes_do_it", "Do not ask.", action="store_true")
THOUGH_DRAINED = Option(
    ("--yes-do-it",), "yes_do_it", "Do it though the queue is drained.", action="store_true"
)
