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
NODES = Option(
    ("-n", "--node"),
    "nodes",
    "A node; may be given several times (default: all).",
    action="append",
    default=(),
    metavar="<node>",
)
MACHINE_NAMES = Option(
    ("-M", "--show-machine-names"),
    "show_machine_names",
    "Put the node's name before each line of output.",
    action="store_true",
)
FAILURE_ONLY = Option(
    ("--failure-only",),
    "failure_only",
    "Show only nodes on which the command failed.",
    action="store_true",
)
REPLICATION_NETWORK = Option(
    ("--use-replication-network",),
    "use_replication_network",
    "Reach the nodes by their secondary addresses.",
    action="store_true",
)
ON = Option(("--on",), "on", "Power on and start, not off.", action="store_true")
GROUPS = Option(("--groups",), "groups", "The arguments are node groups.", action="store_true")
ALL_NODES = Option(("--all",), "show_all", "All nodes of the cluster.", action="store_true")
OOB_TIMEOUT = Option(
    ("--oob-timeout",),
    "oob_timeout",
    "Seconds that an out-of-band command may take.",
    kind="int",
    default=60,
)
SHUTDOWN_TIMEOUT = Option(
    ("--shutdown-timeout",),
    "shutdown_timeout",
    "Seconds that instances have to shut down.",
    kind="int",
    default=120,
)
POWER_DELAY = Option(
    ("--power-delay",),
    "power_delay",
    "Seconds between two nodes that are powered on.",
    kind="float",
    default=2.0,
)
UPGRADE_TO = Option(("--to",), "to", "The version to upgrade to.")
RESUME = Option(("--resume",), "resume", "Go on with an upgrade.", action="store_true")
NEW_CLUSTER_CERT = Option(
    ("--new-cluster-certificate",),
    "new_cluster_cert",
    "A new authority, and certificates by it for all online nodes.",
    action="store_true",
)
NEW_RAPI_CERT = Option(
    ("--new-rapi-certificate",),
    "new_rapi_cert",
    "A new certificate, signed by itself, for the remote API.",
    action="store_true",
)
RAPI_CERT = Option(("--rapi-certificate",), "rapi_cert", "Key and certificate for the remote API.")
NEW_HMAC_KEY = Option(
    ("--new-confd-hmac-key",),
    "new_confd_hmac_key",
    "A new key for questions to the configuration daemon.",
    action="store_true",
)
NEW_DOMAIN_SECRET = Option(
    ("--new-cluster-domain-secret",),
    "new_cluster_domain_secret",
    "A new secret for moving instances between clusters.",
    action="store_true",
)
DOMAIN_SECRET = Option(
    ("--cluster-domain-secret",), "cluster_domain_secret", "File with that secret."
)
NEW_SPICE_CERT = Option(
    ("--new-spice-certificate",),
    "new_spice_cert",
    "A new certificate, signed by itself, for SPICE consoles.",
    action="store_true",
)
SPICE_CERT = Option(("--spice-certificate",), "spice_cert", "Key and certificate for SPICE.")
SPICE_CACERT = Option(
    ("--spice-ca-certificate",), "spice_cacert", "The authority of the certificate for SPICE."
)
NEW_NODE_CERT = Option(
    ("--new-node-certificates",),
    "new_node_cert",
    "New keys and certificates for all online nodes.",
    action="store_true",
)
NEW_SSH_KEYS = Option(
    ("--new-ssh-keys",),
    "new_ssh_keys",
    "New ssh keys for root on all online nodes.",
    action="store_true",
)
