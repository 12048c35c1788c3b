"""The commands of gnt-cluster."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import cluster, cluster_control, instance, node, placement, shared

ENVIRONMENT_DEFAULTS: Final[tuple[str, ...]] = ()

_PARAMETERS: Final = (
    shared.BACKEND,
    cluster.CANDIDATE_POOL_SIZE,
    cluster.ENABLED_HYPERVISORS,
    cluster.CLUSTER_FILE_STORAGE_DIR,
    cluster.CLUSTER_HYPERVISOR,
    cluster.MAC_PREFIX,
    cluster.MASTER_NETDEV,
    cluster.MASTER_NETMASK,
    cluster.NIC_PARAMETERS,
    cluster.VG_NAME,
    cluster.MAINTAIN_NODE_HEALTH,
    cluster.UID_POOL,
    cluster.DRBD_HELPER,
    cluster.DEFAULT_IALLOCATOR,
    cluster.DEFAULT_IALLOCATOR_PARAMS,
    cluster.PREALLOC_WIPE_DISKS,
    shared.NODE_PARAMETERS,
    cluster.SHARED_FILE_STORAGE_DIR,
    cluster.EXTERNAL_MIP_SCRIPT,
    cluster.DISK_PARAMETERS,
    shared.HYPERVISOR_STATE,
    shared.DISK_STATE,
    cluster.ENABLED_DISK_TEMPLATES,
    cluster.IPOLICY_STD_SPECS,
    cluster.INSTALL_IMAGE,
    cluster.ZEROING_IMAGE,
    cluster.COMPRESSION_TOOLS,
    cluster.USER_SHUTDOWN,
    cluster.IPOLICY_BOUNDS_SPECS,
    cluster.IPOLICY_DISK_TEMPLATES,
    cluster.IPOLICY_VCPU_RATIO,
    cluster.IPOLICY_SPINDLE_RATIO,
)
"""What init sets and modify changes."""

_TAG: Final = Argument("tag", 0, None)

COMMANDS: Final = {
    "init": Command(
        "cluster_init:init",
        "Make a cluster; this machine becomes its first node and master.",
        (Argument("cluster-name"),),
        (
            *_PARAMETERS,
            cluster.NO_ETC_HOSTS,
            cluster.NO_SSH_INIT,
            shared.SECONDARY_IP,
            cluster.PRIMARY_IP_VERSION,
            cluster.GLUSTER_STORAGE_DIR,
            cluster.SSH_KEY_BITS,
            cluster.SSH_KEY_TYPE,
            cluster.SPECS_CPU_COUNT,
            cluster.SPECS_DISK_COUNT,
            cluster.SPECS_DISK_SIZE,
            cluster.SPECS_MEM_SIZE,
            cluster.SPECS_NIC_COUNT,
        ),
    ),
    "destroy": Command(
        "cluster_init:destroy",
        "Take the cluster apart; only its master may be left in it.",
        options=(shared.YES_DO_IT,),
    ),
    "info": Command(
        "cluster_info:info",
        "Show the cluster's parameters.",
        options=(shared.ROMAN, shared.FORMAT),
        aliases=("show",),
    ),
    "status": Command(
        "cluster_status:status",
        "Show how the cluster is on one screen, what is degraded first.",
        options=(shared.FORMAT,),
    ),
    "completion": Command(
        "complete:script",
        "Print what bash, zsh or fish needs to complete the gnt-* commands.",
        (Argument("shell", choices=("bash", "fish", "zsh")),),
    ),
    "version": Command("cluster_info:version", "Show the versions of software and formats."),
    "getmaster": Command("cluster_info:master", "Show the name of the master node."),
    "activate-master-ip": Command(
        "cluster_control:activate_master_ip", "Turn the master IP up on the master node."
    ),
    "deactivate-master-ip": Command(
        "cluster_control:deactivate_master_ip",
        "Turn the master IP down; the remote API is not reached by it then.",
        options=(cluster_control.CONFIRMED,),
    ),
    "rename": Command(
        "cluster_control:rename",
        "Give the cluster another name, and the address that belongs to it.",
        (Argument("name"),),
        (shared.FORCE, shared.DRY_RUN),
    ),
    "command": Command(
        "cluster_remote:command",
        "Run a shell command on the nodes, the master last.",
        (Argument("command", 1, None),),
        (
            cluster_control.NODES,
            shared.NODE_GROUP,
            cluster_control.MACHINE_NAMES,
            cluster_control.FAILURE_ONLY,
        ),
    ),
    "copyfile": Command(
        "cluster_remote:copy_file",
        "Copy a file of this node to the same place on the others.",
        (Argument("file"),),
        (cluster_control.NODES, cluster_control.REPLICATION_NETWORK, shared.NODE_GROUP),
    ),
    "epo": Command(
        "cluster_epo:epo",
        "Stop instances and power nodes off in an emergency, or on again.",
        (Argument("node", 0, None),),
        (
            shared.FORCE,
            cluster_control.ON,
            cluster_control.GROUPS,
            cluster_control.ALL_NODES,
            cluster_control.OOB_TIMEOUT,
            cluster_control.SHUTDOWN_TIMEOUT,
            cluster_control.POWER_DELAY,
        ),
    ),
    "renew-crypto": Command(
        "cluster_crypto:renew_crypto",
        "Make keys, certificates and secrets of the cluster anew.",
        options=(
            cluster_control.NEW_CLUSTER_CERT,
            cluster_control.NEW_RAPI_CERT,
            cluster_control.RAPI_CERT,
            cluster_control.NEW_HMAC_KEY,
            shared.FORCE,
            cluster_control.NEW_DOMAIN_SECRET,
            cluster_control.DOMAIN_SECRET,
            cluster_control.NEW_SPICE_CERT,
            cluster_control.SPICE_CERT,
            cluster_control.SPICE_CACERT,
            cluster_control.NEW_NODE_CERT,
            cluster_control.NEW_SSH_KEYS,
            node.NO_SSH_KEY_CHECK,
            shared.VERBOSE,
            cluster.SSH_KEY_BITS,
            cluster.SSH_KEY_TYPE,
        ),
    ),
    "upgrade": Command(
        "cluster_upgrade:upgrade",
        "Switch the whole cluster to another of the versions that are installed side by side.",
        options=(cluster_control.UPGRADE_TO, cluster_control.RESUME),
    ),
    "verify-disks": Command(
        "cluster_disks:verify_disks",
        "Find disks that are down, and activate them; name those that are gone.",
        options=(shared.PRIORITY, shared.NODE_GROUP),
    ),
    "repair-disk-sizes": Command(
        "cluster_disks:repair_disk_sizes",
        "Write the real sizes of disks into the configuration.",
        (Argument("instance", 0, None),),
        (shared.DRY_RUN, shared.PRIORITY),
    ),
    "show-ispecs-cmd": Command(
        "cluster_info:show_ispecs_cmd",
        "Print a command that makes a cluster with the same bounds of instances.",
    ),
    "master-failover": Command(
        "cluster_init:failover",
        "Make this node, a master candidate, the master.",
        options=(
            cluster_control.NO_VOTING,
            cluster_control.FAILOVER_YES,
            cluster_control.IGNORE_OFFLINE_NODES,
        ),
        aliases=("masterfailover",),
    ),
    "master-ping": Command("cluster_info:ping", "Tell by the exit code whether the master works."),
    "verify": Command(
        "cluster_verify:verify",
        "Check the cluster against its configuration.",
        options=(
            shared.VERBOSE,
            cluster.SIMULATE_ERRORS,
            cluster.ERROR_CODES,
            cluster.NO_NPLUS1_MEM,
            shared.DRY_RUN,
            shared.PRIORITY,
            shared.NODE_GROUP,
            cluster.IGNORE_ERRORS,
            cluster.VERIFY_CLUTTER,
        ),
    ),
    "modify": Command(
        "cluster_modify:modify",
        "Change the cluster's parameters.",
        options=(
            *_PARAMETERS,
            *shared.JOB,
            shared.FORCE,
            cluster.MAX_RUNNING_JOBS,
            cluster.MAX_TRACKED_JOBS,
            cluster.COMMUNICATION_NETWORK,
            cluster.ADD_UIDS,
            cluster.REMOVE_UIDS,
            cluster.RESERVED_LVS,
            cluster.MODIFY_ETC_HOSTS,
            cluster.DATA_COLLECTORS,
            cluster.DATA_COLLECTOR_INTERVAL,
        ),
    ),
    "redist-conf": Command(
        "cluster_control:redistribute",
        "Write configuration and ssconf files to all nodes again.",
        options=(*shared.JOB, cluster.THOUGH_DRAINED),
    ),
    "queue": Command(
        "cluster_control:queue",
        "Stop or start the taking of new jobs, or show whether they are taken.",
        (Argument("what", choices=("drain", "info", "undrain")),),
    ),
    "watcher": Command(
        "cluster_control:watcher",
        "Pause the watcher for a time such as 4h, let it go on, or show whether it is paused.",
        (
            Argument("what", choices=("continue", "info", "pause")),
            Argument("duration", 0, 1),
        ),
    ),
    "balance": Command(
        "planner.balance:balance",
        "Plan moves that balance the cluster, show them, and run them as jobs.",
        options=(
            shared.NODE_GROUP,
            placement.MAX_LENGTH,
            placement.NO_DISK_MOVES,
            placement.NO_INSTANCE_MOVES,
            placement.PLAN,
            placement.ABORT,
            shared.FORCE,
            *shared.SUBMITTED,
            shared.FORMAT,
        ),
    ),
    "capacity": Command(
        "planner.capacity:capacity",
        "Say how many more instances fit, and which resource runs out first.",
        options=(instance.DISK_TEMPLATE, shared.FORMAT),
    ),
    "list-tags": Command(
        "tags:show", "List the cluster's tags.", options=(shared.FORMAT,), object="cluster"
    ),
    "add-tags": Command(
        "tags:add", "Add tags to the cluster.", (_TAG,), shared.TAGS, object="cluster"
    ),
    "remove-tags": Command(
        "tags:remove", "Take tags from the cluster.", (_TAG,), shared.TAGS, object="cluster"
    ),
    "search-tags": Command(
        "tags:search",
        "Find tags of all objects by a regular expression.",
        (Argument("pattern"),),
        (shared.PRIORITY,),
        object="cluster",
    ),
}
