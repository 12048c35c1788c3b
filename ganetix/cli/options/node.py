"""Options of gnt-node."""

from ganetix.cli.command import Option

READD = Option(
    ("--readd",), "readd", "The node was a member before and is set up anew.", action="store_true"
)
NO_SSH_KEY_CHECK = Option(
    ("--no-ssh-key-check",),
    "ssh_key_check",
    "Do not check the new node's ssh host key.",
    action="store_false",
)
FORCE_JOIN = Option(
    ("--force-join",),
    "force_join",
    "Take the node out of another cluster that it is part of.",
    action="store_true",
)
NO_NODE_SETUP = Option(
    ("--no-node-setup",),
    "node_setup",
    "Leave the node's ssh as it is: host keys and root's keys.",
    action="store_false",
)
MASTER_CAPABLE = Option(
    ("--master-capable",),
    "master_capable",
    "Whether the node may become master.",
    kind="bool",
    metavar="yes|no",
)
VM_CAPABLE = Option(
    ("--vm-capable",),
    "vm_capable",
    "Whether the node may run instances.",
    kind="bool",
    metavar="yes|no",
)
MASTER_CANDIDATE = Option(
    ("-C", "--master-candidate"),
    "master_candidate",
    "Whether the node is a master candidate.",
    kind="bool",
    metavar="yes|no",
)
DRAINED = Option(
    ("-D", "--drained"),
    "drained",
    "Whether the node takes no new instances.",
    kind="bool",
    metavar="yes|no",
)
OFFLINE = Option(
    ("-O", "--offline"),
    "offline",
    "Whether the node is left alone as dead.",
    kind="bool",
    metavar="yes|no",
)
AUTO_PROMOTE = Option(
    ("--auto-promote",),
    "auto_promote",
    "Promote another node if too few candidates remain.",
    action="store_true",
)
NODE_POWERED = Option(
    ("--node-powered",),
    "node_powered",
    "Whether the node counts as powered.",
    kind="bool",
    metavar="yes|no",
)
